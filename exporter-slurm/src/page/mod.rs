//! From the board to the page, under a profile's names.

mod diag;
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
use crate::source::Source;

/// Adds everything that the board says at `now` to the page. A state that no node or job has is 0,
/// because all of them were counted; a source that is not fresh, or not asked, shows nothing.
/// The health families are in every profile.
pub(crate) fn render(
    board: &Board,
    settings: &Slurm,
    profile: Profile,
    now: Instant,
    page: &mut Page,
) {
    let max_age = settings.max_age();
    let mut health = HealthFamilies::default();
    for source in &settings.sources {
        health.push(*source, board.health(*source), now, max_age);
        match source {
            _ if profile == Profile::Vpenso => {}
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
    if profile == Profile::Vpenso {
        board.diag.fresh(now, max_age).inspect(|diag| vpenso::render_diag(diag, page));
        board.nodes.fresh(now, max_age).inspect(|nodes| vpenso::render_nodes(nodes, page));
        let jobs = board.jobs.fresh(now, max_age);
        jobs.inspect(|jobs| vpenso::render_jobs(jobs, settings.top, page));
    }
    health.add_to(page);
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
