//! What slurmctld itself says of nodes and jobs, taken in in the place of rows.

use std::collections::BTreeMap;

use edctl_slurm::native::{NativeJobs, NativeNodes, NativePartition, NodeCpus, Owner, OwnerJobs};

use super::jobs::JobCounts;
use super::load::Load;
use super::node::GresCount;
use super::nodes::NodeCounts;
use super::overview::{JobOverview, NodeOverview, STEADY_STATES};
use super::sum::Sum;

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
