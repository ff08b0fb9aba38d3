//! From groups to the page: process-exporter's names and labels.

mod accounting;
mod details;
mod groups;
mod threads;

use edctl_exposition::{Family, Page};

pub(crate) use self::accounting::{ExitCounts, render_accounting};
pub(crate) use self::details::{render_detail_limits, render_details};
pub(crate) use self::groups::render_groups;
pub(crate) use self::threads::render_threads;

/// What the kernel's units are worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) ticks_per_second: u64,
    pub(crate) page_bytes: u64,
}

impl Units {
    /// Those of the running kernel.
    pub(crate) fn of_system() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second(),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    /// A time in clock ticks, in nanoseconds.
    pub(crate) fn ns(self, ticks: u64) -> u64 {
        ticks.saturating_mul(1_000_000_000 / self.ticks_per_second.max(1))
    }

    fn seconds(self, ticks: u64) -> f64 {
        ticks as f64 / self.ticks_per_second as f64
    }
}

/// Failures since the start.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Errors {
    pub(crate) scans: u64,
    pub(crate) processes: u64,
    pub(crate) partial: u64,
}

/// Adds the counts of failures, under names without `_total` as process-exporter has them.
pub(crate) fn render_errors(errors: &Errors, page: &mut Page) {
    for (name, help, value) in [
        ("namedprocess_scrape_errors", "Scrapes that could not list the processes.", errors.scans),
        (
            "namedprocess_scrape_procread_errors",
            "Processes that could not be read though they were there.",
            errors.processes,
        ),
        (
            "namedprocess_scrape_partial_errors",
            "Scrapes that lack start times because the boot time could not be read.",
            errors.partial,
        ),
    ] {
        page.add(Family::counter(name, help).with(&[], value));
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// A counter that lacks nothing.
fn whole<T>(count: T, is_lacking: bool) -> Option<T> {
    (!is_lacking).then_some(count)
}
