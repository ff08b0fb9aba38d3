//! From the board to the page, under a profile's names: a file or a folder for each profile.

mod access;
mod edctl;
mod health;
mod native;
mod rivosinc;
mod sckyzo;
mod table;
mod vpenso;

use std::collections::BTreeMap;
use std::time::Instant;

use edctl_exposition::{Family, Page, Value};

use self::health::HealthFamilies;
use crate::board::{Board, Health, Slot};
use crate::config::Slurm;
use crate::counts::{DiagCounts, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::profile::Profile;
use crate::source::Source;

/// Adds everything that the board says at `now` to the page, under the names of a profile. A state that no
/// node or job has is 0, because all of them were counted; a source that is not fresh, or not asked, shows
/// nothing. The health families, and what is hidden from us, are in every profile.
pub(crate) fn render(
    board: &Board,
    settings: &Slurm,
    profile: Profile,
    now: Instant,
    page: &mut Page,
) {
    let mut health = HealthFamilies::default();
    for source in settings.asked() {
        health.push(source, board.health(source), now, settings.max_age());
    }
    health.add_to(page);
    access::render(board, settings, page);
    let snapshot = match profile {
        Profile::Edctl => Snapshot::of(board, settings, now),
        _ => Snapshot::of(board, settings, now).without_overviews(),
    };
    match profile {
        Profile::Edctl => edctl::render(&snapshot, page),
        Profile::Vpenso => vpenso::render(&snapshot, page),
        Profile::Sckyzo => sckyzo::render(&snapshot, page),
        Profile::Rivosinc => rivosinc::render(&snapshot, page),
        Profile::Native => native::render(&snapshot, page),
    }
}

/// What a profile has to show: of each source what it said, if that is fresh.
struct Snapshot<'a> {
    diag: Option<&'a DiagCounts>,
    nodes: Option<&'a NodeCounts>,
    jobs: Option<&'a JobCounts>,
    licenses: Option<&'a Vec<License>>,
    reservations: Option<&'a Vec<Reservation>>,
    shares: Option<&'a Shares>,
    board: &'a Board,
    /// What is asked.
    sources: &'a [Source],
    /// How many users, accounts and the like have series of their own.
    top: usize,
}

impl<'a> Snapshot<'a> {
    fn of(board: &'a Board, settings: &'a Slurm, now: Instant) -> Self {
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
    fn without_overviews(self) -> Self {
        let nodes = self.nodes.filter(|nodes| nodes.overview.is_none());
        let jobs = self.jobs.filter(|jobs| jobs.overview.is_none());
        Self { nodes, jobs, ..self }
    }

    /// How a source fares, if it is asked.
    fn health(&self, source: Source) -> Option<&'a Health> {
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

fn count<K: Ord>(counts: &BTreeMap<K, u64>, key: &K) -> u64 {
    counts.get(key).copied().unwrap_or(0)
}

/// Adds a series if there is a value.
fn push_some(
    family: &mut Family,
    labels: &[(&'static str, &str)],
    value: Option<impl Into<Value>>,
) {
    if let Some(value) = value {
        family.push(labels, value);
    }
}
