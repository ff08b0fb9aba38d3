//! How the time of processes that are gone is known, and what nobody was charged with.

use edctl_exposition::{Family, Page};

use super::units::seconds;
use crate::exits::State;
use crate::remainder::Reading;

/// What was taken from the kernel's records of ended processes since the start.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ExitCounts {
    pub(crate) processes: u64,
    pub(crate) overruns: u64,
    pub(crate) dropped: u64,
}

/// Adds the state of the records, and the remainder where a control group counts.
pub(crate) fn render_accounting(
    state: State,
    counts: &ExitCounts,
    remainder: Option<&Reading<'_>>,
    page: &mut Page,
) {
    let mut states = Family::gauge(
        "edctl_process_exit_records_state",
        "Whether the kernel tells of ended processes; denied without CAP_NET_ADMIN, and in containers.",
    );
    for other in State::ALL {
        states.push(&[("state", other.word())], other == state);
    }
    page.add(states);
    for (name, help, count) in [
        (
            "edctl_process_exits_total",
            "Processes that the kernel told the end of.",
            counts.processes,
        ),
        (
            "edctl_process_exit_records_overruns_total",
            "Times that the kernel had no room for records of ended processes, and lost some.",
            counts.overruns,
        ),
        (
            "edctl_process_exits_dropped_total",
            "Ends of processes that were left out because no scrape took them in time.",
            counts.dropped,
        ),
    ] {
        page.add(Family::counter(name, help).with(&[], count));
    }
    if let Some(reading) = remainder {
        let label = [("cgroup", reading.cgroup)];
        page.add(
            Family::counter(
                "edctl_process_cgroup_cpu_seconds_total",
                "CPU time of the control group that encloses the node, since the exporter's start.",
            )
            .with(&label, seconds(reading.used_ns)),
        );
        page.add(
            Family::counter(
                "edctl_process_unattributed_cpu_seconds_total",
                "CPU time of that control group that no group of processes was charged with: kernel \
                 threads, interrupts, and processes of which nothing is known.",
            )
            .with(&label, seconds(reading.unattributed_ns)),
        );
    }
}
