//! From rows to counts: what one snapshot says of nodes, partitions and jobs.

use std::collections::{BTreeMap, HashSet};

use edctl_slurm::{CpuCounts, JobRow, JobState, NodeCondition, NodeFlag, NodeRow};

/// Counts of nodes; each node once, however many partitions it is in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeCounts {
    seen: HashSet<String>,
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    pub(crate) by_flag: BTreeMap<&'static str, u64>,
    pub(crate) cpus: CpuCounts,
    pub(crate) memory_bytes: u64,
    pub(crate) allocated_memory_bytes: u64,
    pub(crate) partitions: BTreeMap<String, PartitionCounts>,
}

/// A partition's share of [`NodeCounts`].
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PartitionCounts {
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    pub(crate) cpus: CpuCounts,
}

impl NodeCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &NodeRow<'_>) {
        let condition = row.state.condition();
        let partition = self.partitions.entry(row.partition.to_owned()).or_default();
        *partition.by_condition.entry(condition).or_default() += 1;
        partition.cpus.add(&row.cpus);

        if self.seen.contains(row.node) {
            return;
        }
        self.seen.insert(row.node.to_owned());
        *self.by_condition.entry(condition).or_default() += 1;
        for flag in row.state.flags() {
            *self.by_flag.entry(NodeFlag::word(flag)).or_default() += 1;
        }
        self.cpus.add(&row.cpus);
        self.memory_bytes += row.memory_bytes;
        self.allocated_memory_bytes += row.allocated_memory_bytes;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// Forgets the names, which are needed only while rows come in.
    pub(crate) fn done(&mut self) {
        self.seen = HashSet::new();
    }
}

/// Counts of jobs; each task of an array is a job.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct JobCounts {
    pub(crate) by_state: BTreeMap<JobState, u64>,
    /// CPUs that jobs have or ask for, but for those of finished jobs.
    pub(crate) cpus_by_state: BTreeMap<JobState, u64>,
    /// A job that waits in several partitions counts in each of them.
    pub(crate) by_partition: BTreeMap<(String, JobState), u64>,
}

impl JobCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        *self.by_state.entry(row.state).or_default() += row.jobs;
        if !row.state.is_finished() {
            let cpus = row.jobs.saturating_mul(row.cpus_each);
            *self.cpus_by_state.entry(row.state).or_default() += cpus;
        }
        for partition in &row.partitions {
            let key = ((*partition).to_owned(), row.state);
            *self.by_partition.entry(key).or_default() += row.jobs;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_state.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(rows: &[&str]) -> NodeCounts {
        let mut counts = NodeCounts::default();
        for row in rows {
            counts.add(&NodeRow::parse(row).unwrap());
        }
        counts
    }

    #[test]
    fn a_node_in_two_partitions_counts_once_and_in_both() {
        let counts = nodes(&[
            "w1|latency|mixed|1/3/0/4|2000|100",
            "w1|throughput|mixed|1/3/0/4|2000|100",
            "w2|latency|idle+not_responding|0/4/0/4|2000|0",
        ]);
        assert_eq!(
            counts.by_condition,
            [(NodeCondition::Mixed, 1), (NodeCondition::NotResponding, 1)].into()
        );
        assert_eq!(counts.by_flag, [("not_responding", 1)].into());
        assert_eq!(counts.cpus, CpuCounts { allocated: 1, idle: 7, other: 0, total: 8 });
        assert_eq!(counts.memory_bytes, 4000 << 20);
        assert_eq!(counts.allocated_memory_bytes, 100 << 20);
        assert_eq!(counts.partitions["latency"].cpus.total, 8);
        assert_eq!(counts.partitions["throughput"].cpus.total, 4);
    }

    #[test]
    fn arrays_finished_jobs_and_several_partitions() {
        let mut counts = JobCounts::default();
        for row in [
            "PENDING|latency,throughput|2|1",
            "PENDING|latency|3|2_[0-9]",
            "RUNNING|latency|1|2_10",
            "COMPLETED|latency|8|3",
        ] {
            counts.add(&JobRow::parse(row).unwrap());
        }
        assert_eq!(counts.by_state[&JobState::Pending], 11);
        assert_eq!(counts.cpus_by_state[&JobState::Pending], 32);
        assert_eq!(counts.by_partition[&("throughput".to_owned(), JobState::Pending)], 1);
        assert_eq!(counts.by_partition[&("latency".to_owned(), JobState::Pending)], 11);
        assert_eq!(counts.by_state[&JobState::Completed], 1);
        assert_eq!(counts.cpus_by_state.get(&JobState::Completed), None);
    }
}
