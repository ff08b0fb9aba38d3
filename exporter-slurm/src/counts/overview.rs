//! What a backend says that knows sums, but no single nodes and jobs: it stands in the place of what only
//! their rows tell.

use std::collections::BTreeMap;

use edctl_slurm::native::{NativePartition, NodeCpus, NodeStates};
use edctl_slurm::{Field, JobState};

/// States of which each partition, user and so on has a number also where it is 0.
pub(crate) const STEADY_STATES: [JobState; 2] = [JobState::Pending, JobState::Running];

/// Nodes and CPUs. What is not there is not known.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeOverview {
    pub(crate) states: NodeStates,
    pub(crate) cpus: Option<NodeCpus>,
    pub(crate) partitions: BTreeMap<String, NativePartition>,
}

/// Jobs by base state, and the CPUs of running ones. What is not there is not known.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct JobOverview {
    pub(crate) by_state: BTreeMap<JobState, Field<u64>>,
    pub(crate) running_cpus: Option<u64>,
}
