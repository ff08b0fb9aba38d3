//! A node's health as its agent says it and the drainer reads it: what a check found ([`Outcome`],
//! [`Class`]), what follows for the node ([`Verdict`]), and the text that a drain has in Slurm ([`Reason`]).

#![forbid(unsafe_code)]

mod check;
mod outcome;
mod reason;
mod text;
mod verdict;

pub use check::CheckState;
pub use outcome::{Class, Outcome};
pub use reason::{MARK, Reason};
pub use text::{MAX_DETAIL_BYTES, clean};
pub use verdict::{DecodeError, Fitness, MAX_VERDICT_BYTES, VERSION, Verdict};
