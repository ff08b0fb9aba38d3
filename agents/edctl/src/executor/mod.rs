//! Where stages run: under Slurm, or on this machine.

mod answer;
mod kind;
pub(crate) mod local;
pub(crate) mod machine;
mod pending;
pub(crate) mod process;
mod queue;
pub(crate) mod slurm;
mod squeue;

mod words;

pub(crate) use answer::{Answer, Sighting};
pub(crate) use kind::{Choice, Executor};
pub(crate) use queue::Queue;
