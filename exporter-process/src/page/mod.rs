//! From groups to the page: process-exporter's names and labels.

mod accounting;
mod details;
mod groups;
mod threads;
mod units;

use edctl_exposition::{Family, Page};

pub(crate) use self::accounting::{ExitCounts, render_accounting};
pub(crate) use self::details::{render_detail_limits, render_details};
pub(crate) use self::groups::render_groups;
pub(crate) use self::threads::render_threads;
pub(crate) use self::units::Units;

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
