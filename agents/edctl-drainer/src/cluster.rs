//! The cluster's nodes as slurmctld has them, in one reading.

use std::collections::{BTreeMap, BTreeSet};

use edctl_health::Reason;
use edctl_slurm::{LeftOut, NodeFlag, NodeStateRow, RowError};

/// The nodes by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) nodes: BTreeMap<String, Node>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// The partitions that it is in.
    pub(crate) partitions: BTreeSet<String>,
    /// Its state in a word, for people.
    pub(crate) state: &'static str,
    pub(crate) is_drained: bool,
    /// Whether a program can answer there at all: not on a node that is off. Where slurmd is away the agent may answer.
    pub(crate) is_reachable: bool,
    /// In a maintenance reservation: whoever made it is at work.
    pub(crate) is_in_maintenance: bool,
    pub(crate) reason: Option<Written>,
    /// Where slurmctld reaches it.
    pub(crate) address: String,
}

/// A reason, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) user: String,
}

impl Written {
    /// The cause, where this drainer wrote it: its mark, and its user.
    pub(crate) fn our_cause(&self, our_user: &str) -> Option<&str> {
        Reason::cause_of(&self.text).filter(|_| self.user == our_user)
    }
}

const UNREACHABLE: [NodeFlag; 8] = [
    NodeFlag::PoweredDown,
    NodeFlag::PoweringDown,
    NodeFlag::PowerDown,
    NodeFlag::PoweringUp,
    NodeFlag::PowerUp,
    NodeFlag::RebootIssued,
    NodeFlag::DynamicFuture,
    NodeFlag::External,
];

impl Cluster {
    /// Takes one row of `sinfo`: a node as a member of one of its partitions.
    pub(crate) fn take(&mut self, row: &str) -> Result<LeftOut, RowError> {
        let row = NodeStateRow::parse(row)?;
        let node = self.nodes.entry(row.node.to_owned()).or_insert_with(|| Node {
            partitions: BTreeSet::new(),
            state: row.state.condition().word(),
            is_drained: row.state.has(NodeFlag::Drain),
            is_reachable: !UNREACHABLE.iter().any(|flag| row.state.has(*flag)),
            is_in_maintenance: row.state.has(NodeFlag::Maintenance),
            reason: row.reason.map(|text| Written {
                text: text.to_owned(),
                user: row.user.unwrap_or_default().to_owned(),
            }),
            address: row.address.to_owned(),
        });
        if let Some(partition) = row.partition {
            node.partitions.insert(partition.to_owned());
        }
        Ok(row.left_out)
    }

    /// How many nodes each partition has.
    pub(crate) fn partition_sizes(&self) -> BTreeMap<&str, usize> {
        let mut sizes = BTreeMap::new();
        for partition in self.nodes.values().flat_map(|node| &node.partitions) {
            *sizes.entry(partition.as_str()).or_default() += 1;
        }
        sizes
    }
}
