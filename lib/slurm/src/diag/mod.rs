//! slurmctld's figures of itself, as [`crate::commands::DIAG`], slurmrestd and slurmctld's own page tell them.

mod figures;
mod reader;
mod said;
mod section;

pub use figures::Figure;
pub use reader::DiagReader;
pub use said::{Diag, RpcCount, Stamp};
