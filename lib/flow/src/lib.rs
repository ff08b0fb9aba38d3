//! Flows, verdicts, and what the tools of a flow say about a design.
//!
//! Evidence comes in (an exit status, the files that a stage left), is parsed into figures that are
//! there or absent, and is judged: [`sim::judge`] and [`synth::judge`] give a [`Judgement`]. Nothing
//! here reads a file or starts a process.

#![forbid(unsafe_code)]

mod figure;
pub mod firmware;
mod flow;
mod json;
mod judgement;
mod outcome;
pub mod sim;
pub mod sta;
pub mod synth;
mod text;
mod verdict;
mod verilator;
pub mod yosys;

pub use figure::{Figure, Figures};
pub use flow::{Flow, UnknownFlow};
pub use judgement::{Judgement, SubResult};
pub use outcome::Outcome;
pub use verdict::Verdict;
