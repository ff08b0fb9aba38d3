//! Slurm as seen from outside: the registry of its commands, the runner that runs them
//! hermetically, and the parsers of what they print. Nothing here links libslurm.

#![forbid(unsafe_code)]

pub mod commands;
mod error;
mod follow;
mod runner;

pub use error::RunError;
pub use runner::{DEFAULT_BIN_DIR, Invocation, Output, Runner};
