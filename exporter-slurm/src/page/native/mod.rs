//! The names of slurmctld's own metrics (25.11 to 26.05), all of its endpoints on one page and all of them
//! gauges as there. What differs from the original: docs/profiles.md.

mod jobs;
mod nodes;
mod scheduler;

use edctl_exposition::Page;

use super::snapshot::Snapshot;

/// Adds all families.
pub(super) fn render(snapshot: &Snapshot<'_>, page: &mut Page) {
    if let Some(nodes) = snapshot.nodes {
        nodes::render(nodes, page);
    }
    if let Some(jobs) = snapshot.jobs {
        jobs::render(jobs, snapshot.top, page);
    }
    if let Some(diag) = snapshot.diag {
        scheduler::render(diag, page);
    }
}
