//! What is kept of each node, for the profiles that show nodes one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use edctl_slurm::{CpuCounts, Gres, GresList, NodeRow, NodeState};
use smallvec::SmallVec;

use super::sum::Sum;

/// A node. A cluster has tens of thousands: names that several of them share are kept once.
#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) state: NodeState,
    /// What is not there cannot be read, as of the next two.
    pub(crate) cpus: CpuCounts<Option<u64>>,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) allocated_memory_bytes: Option<u64>,
    /// What its kernel calls free; nothing where it does not answer.
    pub(crate) free_memory_bytes: Option<u64>,
    pub(crate) partitions: SmallVec<[Arc<str>; 1]>,
    /// By `name` or, where it has a type, `name:type`.
    pub(crate) gres: Box<[(Arc<str>, GresCount)]>,
    /// Whether some of its GPUs cannot be read, and some of those that jobs have.
    pub(super) lacks_gpus: (bool, bool),
}

/// Generic resources that nodes have, and what of them jobs have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GresCount {
    pub(crate) total: Sum<u64>,
    pub(crate) allocated: Sum<u64>,
}

impl GresCount {
    /// What none of which jobs have is before they are counted.
    const NONE: Self = Self { total: Sum::Of(0), allocated: Sum::Of(0) };

    /// Adds another's counts.
    pub(super) fn add(&mut self, other: &Self) {
        self.total.add_sum(other.total);
        self.allocated.add_sum(other.allocated);
    }

    /// Not known any more, as far as one of its parts is not.
    pub(super) fn forget(&mut self, (total, allocated): (bool, bool)) {
        if total {
            self.total = Sum::Unknown;
        }
        if allocated {
            self.allocated = Sum::Unknown;
        }
    }
}

/// The resources in a row by name and type; the type is empty where the resource has no types.
pub(super) type GresCounts<'a> = BTreeMap<(&'a str, &'a str), GresCount>;

/// What a row says of its node's resources, as far as it can be read.
pub(super) fn gres_of<'a>(row: &NodeRow<'a>) -> GresCounts<'a> {
    let mut counts = GresCounts::new();
    let place = |gres: &Gres<'a>| (gres.name, gres.kind.unwrap_or_default());
    for gres in &row.gres.known {
        counts.entry(place(gres)).or_insert(GresCount::NONE).total.add(gres.count);
    }
    // Slurm shows 0 of each name on nodes that have none of it.
    for gres in row.allocated_gres.known.iter().filter(|gres| gres.count != Ok(0)) {
        counts.entry(place(gres)).or_insert(GresCount::NONE).allocated.add(gres.count);
    }
    counts
}

/// Whether there may be more of a resource than the row's lists say, which cannot be read in full; and more that
/// jobs have.
pub(super) fn lacks_gres(row: &NodeRow<'_>, name: &str) -> (bool, bool) {
    let lacks = |list: &GresList<'_>| list.unread.iter().any(|one| one.is_empty() || *one == name);
    (lacks(&row.gres), lacks(&row.allocated_gres))
}

impl Node {
    /// Its GPUs of all types.
    pub(crate) fn gpus(&self) -> GresCount {
        let mut gpus = GresCount::NONE;
        for (name, count) in &self.gres {
            if name.split(':').next() == Some("gpu") {
                gpus.add(count);
            }
        }
        gpus.forget(self.lacks_gpus);
        gpus
    }
}
