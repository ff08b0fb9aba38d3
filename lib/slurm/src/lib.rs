//! Slurm as seen from outside: the registry of its commands, the runner that runs them hermetically,
//! the parsers of what they print, and the same rows from slurmrestd. Nothing here links libslurm.

#![forbid(unsafe_code)]

pub mod commands;
mod comment;
mod config;
mod cpus;
mod diag;
mod error;
mod follow;
mod gres;
mod hostlist;
pub mod http;
mod jobs;
mod licenses;
mod lost;
pub mod native;
mod node_states;
mod nodes;
mod pairs;
mod reservations;
mod rest;
mod rows;
mod runner;
mod shares;
mod state;
mod tres;
mod users;

pub use comment::JobComment;
pub use config::{ConfigReader, PrivateData};
pub use cpus::CpuCounts;
pub use diag::{Diag, DiagReader, Figure, RpcCount, Stamp};
pub use error::RunError;
pub use gres::{Gres, GresList};
pub use hostlist::{fold_names, node_names};
pub use jobs::{JobKey, JobRow};
pub use licenses::LicenseRow;
pub use lost::{Field, LeftOut, Rejected, RowError};
pub use node_states::NodeStateRow;
pub use nodes::{NodeReason, NodeRow};
pub use reservations::ReservationRow;
#[cfg(fuzzing)]
pub use rest::fuzzing;
pub use rest::{DEFAULT_SOCKET, RestError, Slurmrestd};
pub use rows::{Lines, query};
pub use runner::{DEFAULT_BIN_DIR, Invocation, Output, Runner};
pub use shares::ShareRow;
pub use state::{JobState, NodeBase, NodeCondition, NodeFlag, NodeState};
pub use tres::JobTres;
pub use users::UserRow;
