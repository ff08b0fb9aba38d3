//! What the agent knows of the jobs on its node, from what the hooks tell, and how it keeps that
//! over a restart.

mod cgroups;
mod ended;
mod job;
mod state;
mod store;

pub(crate) use cgroups::{JobCgroups, Present};
pub(crate) use ended::Ended;
pub(crate) use job::Job;
pub(crate) use state::{Applied, NodeState, Past, Source};
pub(crate) use store::{Disk, Store, StoreError, log_line, replay_lines};

#[cfg(test)]
pub(crate) use state::tests;
