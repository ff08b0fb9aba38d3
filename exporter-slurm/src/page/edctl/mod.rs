//! Our own names: a file for each source.

mod diag;
mod jobs;
mod licenses;
mod nodes;
mod overview;
mod reservations;
mod shares;

use edctl_exposition::Page;

use super::snapshot::Snapshot;

/// Adds all families.
pub(super) fn render(snapshot: &Snapshot<'_>, page: &mut Page) {
    if let Some(diag) = snapshot.diag {
        diag::render(diag, page);
    }
    if let Some(nodes) = snapshot.nodes {
        if let Some(overview) = &nodes.overview {
            overview::render_nodes(overview, page);
        }
        nodes::render(nodes, page);
    }
    if let Some(jobs) = snapshot.jobs {
        let partitions = snapshot.nodes.into_iter().flat_map(|nodes| nodes.partitions.keys());
        if let Some(overview) = &jobs.overview {
            overview::render_jobs(overview, page);
        }
        jobs::render(jobs, partitions, snapshot.top, page);
    }
    if let Some(licenses) = snapshot.licenses {
        licenses::render(licenses, page);
    }
    if let Some(reservations) = snapshot.reservations {
        reservations::render(reservations, page);
    }
    if let Some(shares) = snapshot.shares {
        shares::render(shares, snapshot.top, page);
    }
}
