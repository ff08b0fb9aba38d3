//! Desired against actual: what to drain, what to resume, and what is held back. No input or output.

use std::collections::BTreeMap;

use edctl_health::{Fitness, Reason};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, NoVerdict};
use crate::brake::{Brakes, Limits};
use crate::cluster::{Cluster, Node, Written};

/// What slurmctld writes itself where a node does not answer; ours says more.
const NOT_RESPONDING: &str = "Not responding";
/// What it writes where a prolog refused a job; the agent knows whether that was ours.
const PROLOG_ERROR: &str = "Prolog error";
/// A refusal that is older explains no such drain: another prolog has failed since.
const REFUSAL_EXPLAINS_USEC: u64 = 3_600_000_000;

/// What is to become of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub(crate) enum Wish {
    /// Nothing: it is as it should be, or nobody knows better.
    Leave {
        /// Why, for people.
        why: String,
    },
    /// Drain it, or say anew why it is drained.
    Drain {
        /// The reason.
        reason: String,
    },
    /// Bring it back: it is fit again, and drained by us.
    Resume,
    /// It should be drained, and is not.
    Hold {
        /// The reason that it would have.
        reason: String,
        /// What holds it back.
        why: String,
    },
}

/// What is to become of each node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) wishes: BTreeMap<String, Wish>,
    pub(crate) brakes: Brakes,
}

/// Makes the plan of a round.
pub(crate) fn plan(
    cluster: &Cluster,
    answers: &BTreeMap<String, Answer>,
    our_user: &str,
    limits: Limits,
) -> Plan {
    let mut wishes: BTreeMap<String, Wish> = cluster
        .nodes
        .iter()
        .map(|(name, node)| (name.clone(), wish(node, answers.get(name), our_user)))
        .collect();
    let drained = cluster.nodes.iter().filter_map(|(name, node)| {
        let cause = node.reason.as_ref()?.our_cause(our_user)?;
        (node.is_drained && wishes.get(name) != Some(&Wish::Resume)).then_some((&**name, cause))
    });
    let wanted = wishes.iter().filter_map(|(name, wish)| match wish {
        Wish::Drain { reason } => Some((&**name, Reason::cause_of(reason)?)),
        _ => None,
    });
    let out: BTreeMap<&str, &str> = drained.chain(wanted).collect();
    let brakes = Brakes::of(cluster, &out, limits);
    for (name, wish) in &mut wishes {
        let Wish::Drain { reason } = wish else { continue };
        let Some(node) = cluster.nodes.get(name).filter(|node| !node.is_drained) else { continue };
        let cause = Reason::cause_of(reason).unwrap_or_default();
        let why = if brakes.causes.contains(cause) {
            Some(format!("the brake is on: too many nodes at once for {cause}"))
        } else if brakes.hold_any(node.partitions.iter()) {
            Some("the brake is on: too large a share of its partition would go".to_owned())
        } else {
            None
        };
        if let Some(why) = why {
            *wish = Wish::Hold { reason: std::mem::take(reason), why };
        }
    }
    Plan { wishes, brakes }
}

/// What is to become of one node, whatever the others do.
fn wish(node: &Node, answer: Option<&Answer>, our_user: &str) -> Wish {
    let leave = |why: String| Wish::Leave { why };
    let verdict = match answer {
        Some(Ok(verdict)) => verdict,
        Some(Err(no_verdict)) => return leave(no_verdict.to_string()),
        None => return leave(NoVerdict::NotAsked.to_string()),
    };
    let is_recent = |usec: u64| verdict.time_usec.saturating_sub(usec) <= REFUSAL_EXPLAINS_USEC;
    let has_refused = verdict.refused_usec.is_some_and(is_recent);
    let is_of_gate = |reason: &&Written| reason.text == PROLOG_ERROR && has_refused;
    let ours = node.reason.as_ref().and_then(|reason| {
        let of_gate = || is_of_gate(&reason).then_some(PROLOG_ERROR);
        reason.our_cause(our_user).or_else(of_gate)
    });
    if node.is_in_maintenance {
        return leave("it is in a maintenance reservation".to_owned());
    }
    match (verdict.unfit(), verdict.verdict) {
        (Some(reason), _) => {
            let is_free = node.reason.as_ref().is_none_or(|known| known.text == NOT_RESPONDING);
            match ours {
                Some(cause) if node.is_drained && cause == reason.cause() => {
                    leave(format!("it is drained already: {reason}"))
                }
                Some(_) => Wish::Drain { reason: reason.to_string() },
                None if is_free && !node.is_drained => Wish::Drain { reason: reason.to_string() },
                None => leave(format!(
                    "somebody else has drained it or left a reason; it is unfit: {reason}"
                )),
            }
        }
        (None, Fitness::Fit | Fitness::Degraded) if node.is_drained && ours.is_some() => {
            Wish::Resume
        }
        (None, Fitness::Fit | Fitness::Degraded) if node.is_drained => {
            leave("it is fit, and somebody else has drained it".to_owned())
        }
        (None, fitness) => leave(format!("it is {}", fitness.as_str())),
    }
}

#[cfg(test)]
pub(crate) mod tests;
