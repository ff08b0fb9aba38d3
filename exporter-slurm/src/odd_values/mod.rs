//! One odd value costs its own series and no other, in every answer of Slurm's and under every profile's names.
//!
//! Which series are made of a value is not asked of the parsers: it is put in the place of others that are as valid,
//! and the series that then change are made of it. An odd value there may change or remove these alone; where it
//! stands for a number, it must remove those that it changes, since a sum without it would be taken for the whole.

mod json;
mod native;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use edctl_exposition::Page;

use crate::board::{Board, Moment, Slot};
use crate::config::Slurm;
use crate::flags::Profile;
use crate::page;
use crate::source::{Answer, PollError, Source};

/// What no number is.
const ODD_NUMBERS: &[&[u8]] = &[
    b"-1",
    b"18446744073709551611",
    b"18446744073709551616",
    b"(null)",
    b"",
    b"many",
    b"\xfc7",
    b"1e3",
    b"Infinity",
];

/// A place in an answer where a value stands.
struct Spot {
    begin: usize,
    end: usize,
    /// Others that are as valid there.
    valid: Vec<Vec<u8>>,
    /// Others that are not.
    odd: Vec<Vec<u8>>,
    /// Whether what an odd value changes must be gone.
    is_number: bool,
    /// The row's or the element's bounds, where the value tells which it is, so that an odd one may cost all of it.
    row: Option<(usize, usize)>,
}

/// The series of a page, by profile, name and labels.
type Series = BTreeMap<String, String>;

/// Tries each spot with each odd value. `read` makes a board of an answer.
fn try_all(
    name: &str,
    answer: &[u8],
    spots: &[Spot],
    source: Source,
    read: impl Fn(&[u8]) -> Board,
) {
    let shown = |answer: &[u8]| series(&read(answer), source);
    let good = shown(answer);
    assert!(!good.is_empty(), "{name}");
    for (index, spot) in spots.iter().enumerate() {
        let with = |value: &[u8]| [&answer[..spot.begin], value, &answer[spot.end..]].concat();
        let mut made_of_it = BTreeSet::new();
        for valid in &spot.valid {
            made_of_it.extend(changed(&good, &shown(&with(valid))));
        }
        if let Some((begin, end)) = spot.row {
            let without = shown(&[&answer[..begin], &answer[end..]].concat());
            made_of_it.extend(changed(&good, &without));
        }
        let families: BTreeSet<&str> = made_of_it.iter().map(|series| family(series)).collect();
        // Each spot has a third of them: the next ones have the others.
        for odd in spot.odd.iter().skip(index % 3).step_by(3) {
            let place = String::from_utf8_lossy(&answer[spot.begin.saturating_sub(60)..spot.end]);
            let what = format!("{name}: {} behind {place:?}", String::from_utf8_lossy(odd));
            let now = shown(&with(odd));
            for series in changed(&good, &now) {
                let is_known = made_of_it.contains(&series)
                    || (!good.contains_key(&series) && families.contains(family(&series)));
                assert!(
                    is_known,
                    "{what} changes {series}: {:?} {:?}",
                    good.get(&series),
                    now.get(&series)
                );
                assert!(
                    !spot.is_number || spot.row.is_some() || !now.contains_key(&series),
                    "{what} leaves {series} {:?}, which was {:?}",
                    now.get(&series),
                    good.get(&series)
                );
            }
        }
    }
}

/// The series that are in one page only, or with another value.
fn changed(one: &Series, other: &Series) -> BTreeSet<String> {
    let keys = one.keys().chain(other.keys());
    keys.filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

fn family(series: &str) -> &str {
    series.split('[').next().unwrap_or_default()
}

/// What all profiles show of a source, without how it fares.
fn series(board: &Board, source: Source) -> Series {
    let settings = Slurm { sources: vec![source], ..Slurm::default() };
    let mut series = Series::new();
    for profile in Profile::value_variants() {
        let mut page = Page::default();
        page::render(board, &settings, *profile, Instant::now(), &mut page);
        for family in page.families().filter(|family| !is_health(&family.name)) {
            for sample in &family.samples {
                let key = format!("{profile:?} {}{}{:?}", family.name, sample.part, sample.labels);
                // Of two with the same labels the page shows the first.
                series.entry(key).or_insert_with(|| format!("{:?}", sample.value));
            }
        }
    }
    series
}

fn is_health(family: &str) -> bool {
    ["poll", "up", "rows_rejected", "snapshot", "source_info"].iter().any(|begin| {
        family.strip_prefix("edctl_slurm_").is_some_and(|name| name.starts_with(begin))
    }) || family == "edctl_collect_errors_total"
        || family.ends_with("_scrape_duration")
        || family.ends_with("_scrape_error")
}

/// A board on which one source has its answer.
fn board<T>(
    outcome: Result<Answer<T>, PollError>,
    slot: impl FnOnce(&mut Board) -> &mut Slot<T>,
) -> Board {
    let mut board = Board::default();
    slot(&mut board).note(Moment::now(), Duration::ZERO, outcome);
    board
}

fn fixture(path: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(fixtures.join(path)).unwrap()
}

fn owned(values: &[&[u8]]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.to_vec()).collect()
}

/// Where a piece of an answer stands in it.
fn bounds(answer: &[u8], piece: &[u8]) -> (usize, usize) {
    let begin = piece.as_ptr() as usize - answer.as_ptr() as usize;
    (begin, begin + piece.len())
}
