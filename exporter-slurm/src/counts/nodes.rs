//! What one snapshot says of nodes and partitions.

use std::collections::{BTreeMap, HashSet};

use edctl_slurm::{CpuCounts, NodeCondition, NodeFlag, NodeRow};

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
}
