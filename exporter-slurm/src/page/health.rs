//! How the sources fare: the families that stay when the data leaves.

use std::time::{Duration, Instant, UNIX_EPOCH};

use edctl_exposition::{Family, Kind, Page};
use edctl_slurm::RowError;

use super::table::count;
use crate::backend::Teller;
use crate::board::Health;
use crate::source::{PollError, Source};

/// The families, while series are added.
pub(super) struct HealthFamilies {
    info: Family,
    up: Family,
    failing: Family,
    polls: Family,
    errors: Family,
    rejected: Family,
    left_out: Family,
    last_duration: Family,
    total_duration: Family,
    latency: Family,
    timestamp: Family,
    age: Family,
}

impl Default for HealthFamilies {
    fn default() -> Self {
        Self {
            info: Family::gauge(
                "edctl_slurm_source_info",
                "1, with who is asked for the source, and its version where that is known.",
            ),
            up: Family::gauge(
                "edctl_slurm_up",
                "1 if the last poll of the source succeeded and its data is shown, else 0.",
            ),
            failing: Family::gauge(
                "edctl_slurm_poll_failing",
                "1, with the reason, while the last poll of the source is a failure.",
            ),
            polls: Family::counter("edctl_slurm_polls_total", "Polls of the source."),
            errors: Family::counter("edctl_slurm_poll_errors_total", "Polls that failed."),
            rejected: Family::counter(
                "edctl_slurm_rows_rejected_total",
                "Rows that were given up; what they stand for is missing in the counts.",
            ),
            // The daemon's own family: what it counts itself comes to the same one.
            left_out: Family::counter(
                "edctl_collect_errors_total",
                "Reads that failed; what they would have shown was left out.",
            ),
            last_duration: Family::gauge(
                "edctl_slurm_poll_duration_seconds",
                "Time that the last poll of the source took.",
            ),
            total_duration: Family::counter(
                "edctl_slurm_poll_seconds_total",
                "Time that all polls of the source took.",
            ),
            latency: Family::new(
                "edctl_slurm_poll_latency_seconds",
                "Time that a poll of the source took.",
                Kind::Histogram,
            ),
            timestamp: Family::gauge(
                "edctl_slurm_snapshot_timestamp_seconds",
                "Unix time at which the last good data of the source was asked for.",
            ),
            age: Family::gauge(
                "edctl_slurm_snapshot_age_seconds",
                "Age of the last good data of the source.",
            ),
        }
    }
}

impl HealthFamilies {
    pub(super) fn push(
        &mut self,
        source: Source,
        health: &Health,
        now: Instant,
        max_age: Duration,
    ) {
        let label = ("source", source.word());
        if let Some(Teller { backend, version }) = &health.teller {
            self.info.push(&[label, ("backend", backend), ("version", version)], 1u64);
        }
        let is_up = health.failing.is_none() && health.is_fresh(now, max_age);
        self.up.push(&[label], is_up);
        if let Some(reason) = health.failing {
            self.failing.push(&[label, ("reason", reason)], 1u64);
        }
        self.polls.push(&[label], health.polls.count());
        for reason in PollError::REASONS {
            self.errors.push(&[label, ("reason", reason)], count(&health.failures, &reason));
        }
        for error in RowError::ALL {
            let reason = error.reason();
            let rows = count(&health.rejected_rows, &reason);
            self.rejected.push(&[label, ("reason", reason)], rows);
        }
        for (reason, values) in &health.left_out {
            self.left_out.push(&[label, ("reason", reason)], *values);
        }
        self.total_duration.push(&[label], health.polls.sum());
        self.latency.push_histogram(&[label], &health.polls);
        if let Some(took) = health.last_duration {
            self.last_duration.push(&[label], took.as_secs_f64());
        }
        if let Some(taken) = health.taken {
            if let Ok(since_epoch) = taken.wall.duration_since(UNIX_EPOCH) {
                self.timestamp.push(&[label], since_epoch.as_secs_f64());
            }
            let age = now.saturating_duration_since(taken.instant);
            self.age.push(&[label], age.as_secs_f64());
        }
    }

    pub(super) fn add_to(self, page: &mut Page) {
        for family in [
            self.info,
            self.up,
            self.failing,
            self.polls,
            self.errors,
            self.rejected,
            self.left_out,
            self.last_duration,
            self.total_duration,
            self.latency,
            self.timestamp,
            self.age,
        ] {
            page.add(family);
        }
    }
}
