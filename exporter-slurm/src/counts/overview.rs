//! What a backend says that knows sums, but no single nodes and jobs: it stands in the place of what only
//! their rows tell.

use std::collections::BTreeMap;

use edctl_slurm::native::{
    NativeJobs, NativeNodes, NativePartition, NodeCpus, NodeStates, Owner, OwnerJobs,
};
use edctl_slurm::{Field, JobState};

use super::{GresCount, JobCounts, Load, NodeCounts, Sum};

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

impl NodeCounts {
    /// Takes in what slurmctld says of nodes and of partitions.
    pub(crate) fn take_overview(
        &mut self,
        nodes: NativeNodes,
        partitions: BTreeMap<String, NativePartition>,
    ) {
        let sum = |told: Option<u64>| told.map_or(Sum::Unknown, Sum::Of);
        self.all.memory_bytes = sum(nodes.memory_bytes);
        self.all.allocated_memory_bytes = sum(nodes.allocated_memory_bytes);
        if nodes.gpus.or(nodes.allocated_gpus).is_some() {
            let of_any_type = ("gpu".to_owned(), String::new());
            let (total, allocated) = (sum(nodes.gpus), sum(nodes.allocated_gpus));
            self.gres.insert(of_any_type, GresCount { total, allocated });
        }
        let (states, cpus) = (nodes.states, Some(nodes.cpus));
        self.overview = Some(NodeOverview { states, cpus, partitions });
    }
}

impl JobCounts {
    /// Takes in what slurmctld says of all jobs, and of each partition's.
    pub(crate) fn take_overview(
        &mut self,
        jobs: NativeJobs,
        nodes: Option<&NodeCpus>,
        partitions: &BTreeMap<String, NativePartition>,
    ) {
        let running_cpus = nodes.and_then(|nodes| jobs.running_cpus(nodes));
        self.overview = Some(JobOverview { by_state: jobs.by_state, running_cpus });
        for (name, partition) in partitions {
            for (state, jobs) in &partition.jobs.by_state {
                self.by_partition.add(name, *state, &Load::of_jobs(*jobs));
            }
        }
    }

    /// Takes in what slurmctld says of an account's or a user's jobs.
    pub(crate) fn take_owner(&mut self, row: &OwnerJobs<'_>) {
        let (tally, name) = match row.owner {
            Owner::Account(name) => (&mut self.by_account, name),
            Owner::User(name) => (&mut self.by_user, name),
        };
        if row.jobs != Ok(0) || STEADY_STATES.contains(&row.state) {
            tally.add(name, row.state, &Load::of_jobs(row.jobs));
        }
    }
}
