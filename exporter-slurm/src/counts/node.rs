//! What is kept of each node, for the profiles that show nodes one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use edctl_slurm::{CpuCounts, NodeRow, NodeState};
use smallvec::SmallVec;

use super::grow;

/// A node. A cluster has tens of thousands: names that several of them share are kept once.
#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) state: NodeState,
    pub(crate) cpus: CpuCounts,
    pub(crate) memory_bytes: u64,
    pub(crate) allocated_memory_bytes: u64,
    /// What its kernel calls free; nothing where it does not answer.
    pub(crate) free_memory_bytes: Option<u64>,
    pub(crate) partitions: SmallVec<[Arc<str>; 1]>,
    /// By `name` or, where it has a type, `name:type`.
    pub(crate) gres: Box<[(Arc<str>, GresCount)]>,
}

/// Generic resources that nodes have, and what of them jobs have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GresCount {
    pub(crate) total: u64,
    pub(crate) allocated: u64,
}

impl GresCount {
    /// Adds another's counts; a sum that is too large stays at the largest number.
    pub(super) fn add(&mut self, other: &Self) {
        grow(&mut self.total, other.total);
        grow(&mut self.allocated, other.allocated);
    }
}

/// The resources in a row by name and type; the type is empty where there is none.
pub(super) type GresCounts<'a> = BTreeMap<(&'a str, &'a str), GresCount>;

/// What a row says of its node's resources.
pub(super) fn gres_of<'a>(row: &NodeRow<'a>) -> GresCounts<'a> {
    let mut counts = GresCounts::new();
    for gres in &row.gres {
        let count = GresCount { total: gres.count, allocated: 0 };
        counts.entry((gres.name, gres.kind.unwrap_or_default())).or_default().add(&count);
    }
    // Slurm shows 0 of each name on nodes that have none of it.
    for gres in row.allocated_gres.iter().filter(|gres| gres.count > 0) {
        let count = GresCount { total: 0, allocated: gres.count };
        counts.entry((gres.name, gres.kind.unwrap_or_default())).or_default().add(&count);
    }
    counts
}

impl Node {
    /// Its GPUs of all types.
    pub(crate) fn gpus(&self) -> GresCount {
        let mut gpus = GresCount::default();
        for (name, count) in &self.gres {
            if name.split(':').next() == Some("gpu") {
                gpus.add(count);
            }
        }
        gpus
    }
}
