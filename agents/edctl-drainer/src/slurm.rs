//! What the drainer asks of slurmctld, and tells it.

use std::collections::BTreeMap;

use edctl_slurm::{Invocation, Rejected, RunError, Runner, commands, fold_names, query};

use crate::cluster::Cluster;
use crate::plan::Wish;

/// Longest list of nodes in one command.
const MOST_LIST_BYTES: usize = 64 << 10;

/// Why slurmctld's nodes are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCluster {
    #[error("slurmctld's nodes cannot be read")]
    Run(#[from] RunError),
    #[error("slurmctld names no node")]
    Nothing,
}

/// Slurm's commands.
pub(crate) struct Slurm {
    runner: Runner,
}

/// One update of many nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Update {
    Drain { nodes: String, reason: String },
    Resume { nodes: String },
}

impl Slurm {
    pub(crate) fn new(runner: Runner) -> Self {
        Self { runner }
    }

    /// All nodes, by one command.
    pub(crate) fn nodes(&self) -> Result<(Cluster, Rejected), NoCluster> {
        let mut cluster = Cluster::default();
        let asked = Invocation::new(&commands::NODE_STATES);
        let rejected = query(&self.runner, &asked, |row| cluster.take(row))?;
        if cluster.nodes.is_empty() {
            return Err(NoCluster::Nothing);
        }
        Ok((cluster, rejected))
    }

    /// Whether the slurmctld in charge runs on this host.
    pub(crate) fn is_in_charge(&self, host: &str) -> Result<bool, RunError> {
        let mut said = Vec::new();
        let asked = Invocation::new(&commands::PING);
        let run = self.runner.stream(&asked, &mut |chunk| said.extend_from_slice(chunk));
        let said = String::from_utf8_lossy(&said);
        match (in_charge(&said), run) {
            // It may end with an error where another controller is down.
            (Some(controller), _) => Ok(is_same_host(controller, host)),
            (None, Ok(_)) => Ok(false),
            (None, Err(error)) => Err(error),
        }
    }

    pub(crate) fn update(&self, update: &Update) -> Result<(), RunError> {
        let invocation = match update {
            Update::Drain { nodes, reason } => Invocation::new(&commands::DRAIN)
                .arg(format!("NodeName={nodes}"))
                .arg(format!("Reason={reason}")),
            Update::Resume { nodes } => {
                Invocation::new(&commands::RESUME).arg(format!("NodeName={nodes}"))
            }
        };
        self.runner.run(&invocation).map(drop)
    }
}

/// The first controller that answers: Slurm names them in the order in which they take charge.
/// `Slurmctld(primary) at ctl is UP`
fn in_charge(said: &str) -> Option<&str> {
    let line = said.lines().find(|line| line.trim_end().ends_with(" is UP"))?;
    let (_, rest) = line.split_once(" at ")?;
    rest.split(' ').next()
}

fn is_same_host(one: &str, other: &str) -> bool {
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    short(one) == short(other)
}

/// As few updates as the wishes allow: nodes of one cause share theirs, with the detail where it is the same.
pub(crate) fn updates<'a>(wishes: impl IntoIterator<Item = (&'a str, &'a Wish)>) -> Vec<Update> {
    let mut by_cause: BTreeMap<&str, (Vec<&str>, &str)> = BTreeMap::new();
    let mut resumed = Vec::new();
    for (node, wish) in wishes {
        match wish {
            Wish::Resume => resumed.push(node),
            Wish::Drain { reason } => {
                let cause = reason.split(' ').next().unwrap_or_default();
                let (nodes, shared) =
                    by_cause.entry(cause).or_insert_with(|| (Vec::new(), reason.as_str()));
                nodes.push(node);
                if *shared != reason {
                    *shared = cause;
                }
            }
            Wish::Leave { .. } | Wish::Hold { .. } => {}
        }
    }
    let drains = by_cause.into_values().flat_map(|(nodes, reason)| {
        let lists = fold_names(nodes, MOST_LIST_BYTES);
        lists.into_iter().map(|nodes| Update::Drain { nodes, reason: reason.to_owned() })
    });
    let resumes = fold_names(resumed, MOST_LIST_BYTES);
    drains.chain(resumes.into_iter().map(|nodes| Update::Resume { nodes })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_charge() {
        // From scontrol ping of Slurm 22.05 and 24.11.
        let primary = "Slurmctld(primary) at ctl is UP\n";
        let failed_over = "Slurmctld(primary) at ctl is DOWN\nSlurmctld(backup) at ctl2 is UP\n";
        assert_eq!(in_charge(primary), Some("ctl"));
        assert_eq!(in_charge(failed_over), Some("ctl2"));
        assert_eq!(in_charge("Slurmctld(primary) at ctl is DOWN\n"), None);
        assert!(is_same_host("ctl", "ctl.example.org") && !is_same_host("ctl", "ctl2"));
    }

    #[test]
    fn nodes_of_one_cause_share_an_update() {
        let drain = |reason: &str| Wish::Drain { reason: reason.to_owned() };
        let wishes = [
            ("w1", drain("edctl:node:space:full /tmp: 1.0 % free")),
            ("w2", drain("edctl:node:space:full /tmp: 2.0 % free")),
            ("w3", drain("edctl:node:nic:down eth0 is down")),
            ("w4", Wish::Resume),
            ("w5", Wish::Resume),
            ("w6", Wish::Leave { why: String::new() }),
        ];
        let updates = updates(wishes.iter().map(|(node, wish)| (*node, wish)));
        let drained = |nodes: &str, reason: &str| Update::Drain {
            nodes: nodes.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(
            updates,
            [
                drained("w3", "edctl:node:nic:down eth0 is down"),
                drained("w[1-2]", "edctl:node:space:full"),
                Update::Resume { nodes: "w[4-5]".to_owned() },
            ]
        );
    }
}
