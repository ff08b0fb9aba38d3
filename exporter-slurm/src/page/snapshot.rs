//! What a profile has to show.

use std::time::Instant;

use crate::board::{Board, Health, Slot};
use crate::config::Slurm;
use crate::counts::{DiagCounts, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::Source;

/// What a profile has to show: of each source what it said, if that is fresh.
pub(super) struct Snapshot<'a> {
    pub(super) diag: Option<&'a DiagCounts>,
    pub(super) nodes: Option<&'a NodeCounts>,
    pub(super) jobs: Option<&'a JobCounts>,
    pub(super) licenses: Option<&'a Vec<License>>,
    pub(super) reservations: Option<&'a Vec<Reservation>>,
    pub(super) shares: Option<&'a Shares>,
    pub(super) board: &'a Board,
    /// What is asked.
    pub(super) sources: &'a [Source],
    /// How many users, accounts and the like have series of their own.
    pub(super) top: usize,
}

impl<'a> Snapshot<'a> {
    pub(super) fn of(board: &'a Board, settings: &'a Slurm, now: Instant) -> Self {
        Self {
            diag: fresh(&board.diag, Source::Diag, settings, now),
            nodes: fresh(&board.nodes, Source::Nodes, settings, now),
            jobs: fresh(&board.jobs, Source::Jobs, settings, now),
            licenses: fresh(&board.licenses, Source::Licenses, settings, now),
            reservations: fresh(&board.reservations, Source::Reservations, settings, now),
            shares: fresh(&board.shares, Source::Shares, settings, now),
            board,
            sources: &settings.sources,
            top: settings.top,
        }
    }

    /// Without what a backend said that knows no single nodes or jobs: most of what a profile would show of it
    /// would be 0, and is not known.
    pub(super) fn without_overviews(self) -> Self {
        let nodes = self.nodes.filter(|nodes| nodes.overview.is_none());
        let jobs = self.jobs.filter(|jobs| jobs.overview.is_none());
        Self { nodes, jobs, ..self }
    }

    /// How a source fares, if it is asked.
    pub(super) fn health(&self, source: Source) -> Option<&'a Health> {
        self.sources.contains(&source).then(|| self.board.health(source))
    }
}

/// What a source said, if it is asked and that is fresh.
fn fresh<'a, T>(
    slot: &'a Slot<T>,
    source: Source,
    settings: &Slurm,
    now: Instant,
) -> Option<&'a T> {
    slot.fresh(now, settings.max_age()).filter(|_| settings.sources.contains(&source))
}
