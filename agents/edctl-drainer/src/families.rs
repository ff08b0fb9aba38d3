//! The drainer's own metrics.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};

use crate::plan::Wish;
use crate::runner::Seen;

/// Adds what the last round saw and what all have done.
pub(crate) fn collect(seen: &Seen, page: &mut Page) {
    let counters = [
        ("edctl_drainer_rounds_total", "Rounds begun.", seen.rounds),
        (
            "edctl_drainer_round_errors_total",
            "Rounds in which slurmctld's nodes could not be read.",
            seen.failed_rounds,
        ),
        (
            "edctl_drainer_drains_total",
            "Updates that drained nodes; one may be of many nodes.",
            seen.drains,
        ),
        (
            "edctl_drainer_resumes_total",
            "Updates that resumed nodes; one may be of many nodes.",
            seen.resumes,
        ),
        (
            "edctl_drainer_update_errors_total",
            "Updates that slurmctld refused.",
            seen.failed_updates,
        ),
    ];
    for (name, help, value) in counters {
        page.add(Family::counter(name, help).with(&[], value));
    }
    let Some(round) = &seen.last else { return };
    page.add(
        Family::gauge("edctl_drainer_round_duration_seconds", "How long the last round took.")
            .with(&[], round.took_secs),
    );
    page.add(
        Family::gauge("edctl_drainer_round_timestamp_seconds", "When the last round began.")
            .with(&[], round.time_usec as f64 / 1e6),
    );
    let mut brakes = Family::gauge(
        "edctl_drainer_brake",
        "1 for each partition and each cause for which nothing more is drained.",
    );
    round
        .brake_partitions
        .iter()
        .for_each(|name| brakes.push(&[("cause", ""), ("partition", name)], 1u64));
    round
        .brake_causes
        .iter()
        .for_each(|name| brakes.push(&[("cause", name), ("partition", "")], 1u64));
    page.add(brakes);
    if round.error.is_some() {
        return;
    }
    let (mut verdicts, mut wishes) = (BTreeMap::new(), BTreeMap::new());
    for node in round.nodes.values() {
        *verdicts.entry(node.verdict.as_str()).or_insert(0u64) += 1;
        *wishes.entry(word(&node.wish)).or_insert(0u64) += 1;
    }
    let mut family = Family::gauge(
        "edctl_drainer_nodes",
        "Nodes by what their agents say, or why nothing is known.",
    );
    verdicts.iter().for_each(|(verdict, count)| family.push(&[("verdict", verdict)], *count));
    page.add(family);
    let mut family =
        Family::gauge("edctl_drainer_wishes", "Nodes by what the last round wanted of them.");
    wishes.iter().for_each(|(wish, count)| family.push(&[("wish", wish)], *count));
    page.add(family);
    page.add(
        Family::gauge(
            "edctl_drainer_copied_machine_ids",
            "Machine ids that more than one node has.",
        )
        .with(&[], round.copies.len() as u64),
    );
}

fn word(wish: &Wish) -> &'static str {
    match wish {
        Wish::Leave { .. } => "leave",
        Wish::Drain { .. } => "drain",
        Wish::Resume => "resume",
        Wish::Hold { .. } => "hold",
    }
}
