//! Our own names: a file for each source.

use std::time::Instant;

use edctl_exposition::Page;

use super::{diag, jobs, licenses, nodes, reservations, shares};
use crate::board::Board;
use crate::config::Slurm;
use crate::source::Source;

/// Adds what a source said, if that is fresh.
pub(super) fn render(
    source: Source,
    board: &Board,
    settings: &Slurm,
    now: Instant,
    page: &mut Page,
) {
    let max_age = settings.max_age();
    match source {
        // What it says is in every profile.
        Source::Access => {}
        Source::Diag => {
            board.diag.fresh(now, max_age).inspect(|diag| diag::render(diag, page));
        }
        Source::Nodes => {
            board.nodes.fresh(now, max_age).inspect(|nodes| nodes::render(nodes, page));
        }
        Source::Jobs => {
            let nodes = board.nodes.fresh(now, max_age);
            let partitions = nodes.into_iter().flat_map(|nodes| nodes.partitions.keys());
            let jobs = board.jobs.fresh(now, max_age);
            jobs.inspect(|jobs| jobs::render(jobs, partitions, settings.top, page));
        }
        Source::Licenses => {
            let licenses = board.licenses.fresh(now, max_age);
            licenses.inspect(|licenses| licenses::render(licenses, page));
        }
        Source::Reservations => {
            let reservations = board.reservations.fresh(now, max_age);
            reservations.inspect(|reservations| reservations::render(reservations, page));
        }
        Source::Shares => {
            let shares = board.shares.fresh(now, max_age);
            shares.inspect(|shares| shares::render(shares, settings.top, page));
        }
    }
}
