//! The brake: where too large a share of a partition, or of all nodes for one cause, would be out of service by our
//! doing, nothing more is drained there. Something shared is broken then, or a check is, and a person has to look.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::Cluster;

/// So many nodes may always be drained for one cause.
const FEW_OF_A_CAUSE: usize = 3;

/// How much may be drained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of a partition.
    pub(crate) partition: f64,
    /// Of all nodes, for one cause.
    pub(crate) cause: f64,
}

/// Where the brake is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brakes {
    pub(crate) partitions: BTreeSet<String>,
    pub(crate) causes: BTreeSet<String>,
}

impl Brakes {
    /// `out` are the nodes that are drained by us or would be, with their causes.
    pub(crate) fn of(cluster: &Cluster, out: &BTreeMap<&str, &str>, limits: Limits) -> Self {
        let mut by_partition: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_cause: BTreeMap<&str, usize> = BTreeMap::new();
        for (node, cause) in out {
            *by_cause.entry(cause).or_default() += 1;
            for partition in cluster.nodes.get(*node).iter().flat_map(|node| &node.partitions) {
                *by_partition.entry(partition).or_default() += 1;
            }
        }
        let sizes = cluster.partition_sizes();
        let share = |size: usize, ratio: f64| (size as f64 * ratio) as usize;
        let is_too_many_of_partition = |(name, count): &(&str, usize)| {
            let size = sizes.get(name).copied().unwrap_or_default();
            *count > share(size, limits.partition).max(1)
        };
        let most_of_cause = share(cluster.nodes.len(), limits.cause).max(FEW_OF_A_CAUSE);
        Self {
            partitions: by_partition
                .into_iter()
                .filter(is_too_many_of_partition)
                .map(|(name, _)| name.to_owned())
                .collect(),
            causes: by_cause
                .into_iter()
                .filter(|(_, count)| *count > most_of_cause)
                .map(|(cause, _)| cause.to_owned())
                .collect(),
        }
    }

    /// Whether it is on for any of these partitions.
    pub(crate) fn hold_any<'a>(&self, mut partitions: impl Iterator<Item = &'a String>) -> bool {
        partitions.any(|partition| self.partitions.contains(partition))
    }
}
