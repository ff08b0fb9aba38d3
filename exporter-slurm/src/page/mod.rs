//! From the board to the page, under a profile's names.

mod access;
mod diag;
mod edctl;
mod health;
mod jobs;
mod licenses;
mod nodes;
mod reservations;
mod shares;
mod vpenso;

use std::collections::BTreeMap;
use std::time::Instant;

use edctl_exposition::{Family, Page, Value};

use self::health::HealthFamilies;
use crate::board::Board;
use crate::config::Slurm;
use crate::profile::Profile;

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
        match profile {
            Profile::Edctl => edctl::render(source, board, settings, now, page),
            Profile::Vpenso => vpenso::render(source, board, settings, now, page),
        }
    }
    health.add_to(page);
    access::render(board, settings, page);
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
