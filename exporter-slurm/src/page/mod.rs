//! From the board to the page, under a profile's names: a file or a folder for each profile.

mod access;
mod edctl;
mod health;
mod native;
mod rivosinc;
mod sckyzo;
mod snapshot;
mod table;
mod vpenso;

use std::time::Instant;

use edctl_exposition::Page;

use self::health::HealthFamilies;
use self::snapshot::Snapshot;
use crate::board::Board;
use crate::config::Slurm;
use crate::flags::Profile;

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
