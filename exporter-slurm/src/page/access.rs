//! What slurmctld keeps from our user, and what is left out because of that.

use edctl_exposition::{Family, Page};

use crate::board::Board;
use crate::config::Slurm;

/// Adds both families; neither has a series where nothing is private.
pub(super) fn render(board: &Board, settings: &Slurm, page: &mut Page) {
    let mut private = Family::gauge(
        "edctl_slurm_private_data",
        "1 for each kind of data that slurm.conf's PrivateData keeps from ordinary users.",
    );
    for kind in board.access.last().into_iter().flat_map(|access| &access.private) {
        private.push(&[("kind", kind.as_str())], 1u64);
    }
    let mut hidden = Family::gauge(
        "edctl_slurm_source_hidden",
        "1, with the kind, for each source that is left out because it tells the exporter's user only part.",
    );
    for source in settings.asked() {
        if let Some(kind) = board.health(source).hidden {
            hidden.push(&[("source", source.word()), ("kind", kind)], 1u64);
        }
    }
    page.add(private);
    page.add(hidden);
}
