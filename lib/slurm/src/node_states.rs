//! Rows of [`crate::commands::NODE_STATES`]: one for each node and partition.

use crate::lost::{LeftOut, RowError};
use crate::rows::{fields, name, optional_word};
use crate::state::NodeState;

/// A node as a member of one of its partitions: its state and who said why.
#[derive(Debug, PartialEq)]
pub struct NodeStateRow<'a> {
    /// The node's name in slurm.conf.
    pub node: &'a str,
    /// One of its partitions; nothing where it is in none.
    pub partition: Option<&'a str>,
    /// Base state and flags.
    pub state: NodeState,
    /// Where slurmctld reaches it: a name or an address.
    pub address: &'a str,
    /// Why it is down or drained, if somebody said so: any text.
    pub reason: Option<&'a str>,
    /// The name of the user who wrote the reason; where there is none, Slurm shows root.
    pub user: Option<&'a str>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
}

impl<'a> NodeStateRow<'a> {
    /// Reads one row. A state that is not understood is an error: whoever acts on it must know it.
    ///
    /// # Errors
    /// Says why it is no row.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [node, partition, state, address, user, reason] = fields(row)?;
        let (state, is_state) = NodeState::read(state);
        is_state?;
        Ok(Self {
            node: name(node)?,
            partition: optional_word(partition).map(name).transpose()?,
            state,
            address: name(address)?,
            reason: Some(reason.trim()).filter(|text| !matches!(*text, "" | "none" | "(null)")),
            user: optional_word(user).filter(|user| *user != "Unknown"),
            left_out: LeftOut::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::NodeFlag;

    #[test]
    fn a_row_and_what_is_none() {
        let text = "w1|sim|idle+drain|10.0.0.2|ada|disk | swap";
        let row = NodeStateRow::parse(text).unwrap();
        assert_eq!((row.node, row.partition, row.address), ("w1", Some("sim"), "10.0.0.2"));
        assert!(row.state.has(NodeFlag::Drain));
        assert_eq!((row.user, row.reason), (Some("ada"), Some("disk | swap")));
        let row = NodeStateRow::parse("w2||idle|w2|root|none").unwrap();
        assert_eq!((row.partition, row.reason), (None, None));
        for bad in ["", "w1|sim|idle", "|sim|idle|a|root|none", "w1|sim||a|root|none"] {
            assert!(NodeStateRow::parse(bad).is_err(), "{bad}");
        }
    }
}
