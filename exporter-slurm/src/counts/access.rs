//! What slurmctld lets our user see.

use std::collections::BTreeSet;

use crate::source::Source;

/// What is private in this cluster, and whether it is so to us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// The kinds of data of which ordinary users see only their own, or nothing.
    pub(crate) private: BTreeSet<String>,
    /// Whether our user is root, Slurm's own, or one of its operators or administrators.
    pub(crate) is_privileged: bool,
}

impl Access {
    /// The kind of private data because of which a source tells us only part, if it does.
    pub(crate) fn hides(&self, source: Source) -> Option<&'static str> {
        let mut kinds = source.kinds().iter();
        kinds.find(|kind| !self.is_privileged && self.private.contains(**kind)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_hidden_from_ordinary_users() {
        let private = |kinds: &[&str], is_privileged| Access {
            private: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            is_privileged,
        };
        for (access, source, kind) in [
            (private(&["jobs"], false), Source::Jobs, Some("jobs")),
            (private(&["jobs"], false), Source::Nodes, None),
            (private(&["jobs"], true), Source::Jobs, None),
            (private(&["nodes", "partitions"], false), Source::Nodes, Some("nodes")),
            (private(&["partitions"], false), Source::Nodes, Some("partitions")),
            (private(&["reservations"], false), Source::Reservations, Some("reservations")),
            (private(&["usage"], false), Source::Shares, Some("usage")),
            (private(&["accounts", "events", "users"], false), Source::Shares, None),
            (Access::default(), Source::Jobs, None),
        ] {
            assert_eq!(access.hides(source), kind, "{access:?} {source:?}");
        }
    }
}
