//! The node's health as metrics.

use edctl_exposition::{Family, Page};
use edctl_health::{Fitness, Outcome};

use super::board::Board;

/// Adds how the checks stand; nothing before the first round.
pub(crate) fn collect(board: &Board, page: &mut Page) {
    let Some(verdict) = board.verdict() else { return };
    let mut fitness = Family::gauge(
        "edctl_health_verdict",
        "What follows from the node's checks: 1 at the one verdict that holds.",
    );
    for one in Fitness::ALL {
        fitness.push(&[("verdict", one.as_str())], verdict.verdict == one);
    }
    page.add(fitness);
    page.add(
        Family::gauge("edctl_health_age_seconds", "How long ago the checks ran last.")
            .with(&[], verdict.age_secs),
    );
    let mut states = Family::gauge(
        "edctl_health_check_state",
        "How a check stands after hysteresis: 1 at the one state that holds. In shadow it counts for nothing.",
    );
    let mut took =
        Family::gauge("edctl_health_check_duration_seconds", "How long a check's last look took.");
    let mut flips = Family::counter(
        "edctl_health_check_flips_total",
        "How often a check changed between failing and not.",
    );
    for stand in board.stands() {
        let check = stand.state.name.as_str();
        let shadow = if stand.state.shadow { "true" } else { "false" };
        for state in Outcome::ALL {
            let labels = [
                ("check", check),
                ("class", stand.state.class.as_str()),
                ("shadow", shadow),
                ("state", state.as_str()),
            ];
            states.push(&labels, stand.state.state == state);
        }
        took.push(&[("check", check)], stand.took.as_secs_f64());
        flips.push(&[("check", check)], stand.flips);
    }
    page.add(states);
    page.add(took);
    page.add(flips);
}
