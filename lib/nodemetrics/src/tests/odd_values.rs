//! One odd number, byte or line in a node's files costs the series made of it, and no other.
//!
//! Which series are made of a number is found without asking any parser: another number stands in its
//! place, and the series that then differ are made of it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::reading::error::State;
use crate::tests::pages::{NODES, collectors, copy, files, page_and_reports, series};

/// Files of a node are spoilt together, each in one place; those of one device fall into several groups.
const GROUPS: usize = 3;
/// Most places of a file that are tried.
const MOST_PLACES: usize = 6;

/// An inserted line costs more in these, since a line there belongs to the one before it.
const LINES_IN_PAIRS: [&str; 2] = ["proc/net/netstat", "proc/net/snmp"];

struct NodeFile {
    path: PathBuf,
    content: Vec<u8>,
}

/// What stands in place of what a file has there.
type Spoil = fn(&[u8]) -> Vec<u8>;

const OTHER_NUMBERS: [Spoil; 3] = [
    |number| (parse(number) + 1).to_string().into_bytes(),
    |number| parse(number).saturating_sub(1).to_string().into_bytes(),
    |number| (parse(number) * 7 + 3).to_string().into_bytes(),
];

const ODD_NUMBERS: [(&str, Spoil); 4] = [
    ("negative", |number| [b"-", number].concat()),
    ("below zero", |_| b"18446744073709540830".to_vec()),
    ("letters", |number| [b"x", number].concat()),
    ("not text", |number| [&[0xfc], &number[1..]].concat()),
];

fn parse(number: &[u8]) -> u128 {
    std::str::from_utf8(number).unwrap().parse().unwrap()
}

/// The places of whole numbers, and of letters, between blanks and signs.
fn words(content: &[u8], is_wanted: fn(&[u8]) -> bool) -> Vec<Range<usize>> {
    let is_end = |byte: &u8| b" \t\n:=,()[]".contains(byte);
    let mut places = Vec::new();
    let mut from = 0;
    for word in content.split(is_end) {
        if is_wanted(word) {
            places.push(from..from + word.len());
        }
        from += word.len() + 1;
    }
    places
}

fn is_number(word: &[u8]) -> bool {
    (1..19).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Some of a file's places, from all parts of it.
fn some<T>(places: Vec<T>) -> impl Iterator<Item = T> {
    let step = places.len().div_ceil(MOST_PLACES).max(1);
    places.into_iter().step_by(step)
}

/// A node whose files are spoilt and mended again.
struct Node {
    name: &'static str,
    dir: tempfile::TempDir,
    files: Vec<NodeFile>,
    whole: Series,
}

type Series = BTreeMap<String, String>;

/// Series that differ from those of the whole node, and whether each is there with another value.
type Differing<'a> = BTreeMap<&'a str, bool>;

/// One place in each of several files.
type Round<'a> = Vec<(&'a NodeFile, Range<usize>)>;

impl Node {
    fn new(name: &'static str) -> Self {
        let dir = copy(name);
        let files = ["proc", "sys", "rootfs"]
            .iter()
            .flat_map(|part| files(&dir.path().join(part)))
            .map(|path| NodeFile { content: fs::read(&path).unwrap(), path })
            .collect();
        let whole = read(dir.path()).0;
        Self { name, dir, files, whole }
    }

    /// Places of each file, the first of each in one round, the second in another.
    fn rounds(&self, places: impl Fn(&[u8]) -> Vec<Range<usize>>) -> Vec<Round<'_>> {
        let mut rounds = Vec::new();
        for group in 0..GROUPS {
            let mut of_group: Vec<Round<'_>> = Vec::new();
            for file in self.files.iter().skip(group).step_by(GROUPS) {
                for (index, place) in some(places(&file.content)).enumerate() {
                    if index == of_group.len() {
                        of_group.push(Vec::new());
                    }
                    of_group[index].push((file, place));
                }
            }
            rounds.extend(of_group);
        }
        rounds
    }

    /// The series that differ where these places are spoilt, and whether something was left out.
    fn differing(
        &self,
        round: &Round<'_>,
        spoil: impl Fn(&[u8]) -> Vec<u8>,
    ) -> (Differing<'_>, bool) {
        for (file, place) in round {
            let (before, after) = (&file.content[..place.start], &file.content[place.end..]);
            let spoilt = spoil(&file.content[place.clone()]);
            fs::write(&file.path, [before, &spoilt, after].concat()).unwrap();
        }
        let (now, left_out) = read(self.dir.path());
        for (file, _) in round {
            fs::write(&file.path, &file.content).unwrap();
        }
        let differs = |(name, value): &(&String, &String)| now.get(*name) != Some(*value);
        let differing = self.whole.iter().filter(differs);
        (differing.map(|(name, _)| (name.as_str(), now.contains_key(name))).collect(), left_out)
    }
}

/// What went that should be there.
#[derive(Default)]
struct Wrong {
    /// By what was done, families and one set of places of which one did it.
    families: BTreeMap<(&'static str, String), Vec<String>>,
}

impl Wrong {
    fn note(&mut self, what: &'static str, node: &Node, round: &Round<'_>, series: &[&str]) {
        let place = |(file, place): &(&NodeFile, Range<usize>)| {
            let path = file.path.strip_prefix(node.dir.path()).unwrap().display();
            format!(
                "{}/{path}: {:?}",
                node.name,
                String::from_utf8_lossy(&file.content[place.clone()])
            )
        };
        for series in series {
            let family = series.split('{').next().unwrap_or(series).to_owned();
            let places = self.families.entry((what, family)).or_default();
            if places.is_empty() {
                places.extend(round.iter().map(place));
            }
        }
    }

    fn check(self) {
        let is_asked = std::env::var_os("EDCTL_ODD").is_some();
        for ((what, family), places) in &self.families {
            eprintln!("{what}: {family}");
            places.iter().filter(|_| is_asked).for_each(|place| eprintln!("    {place}"));
        }
        assert!(
            self.families.is_empty(),
            "series went that should be there; EDCTL_ODD=1 lists where"
        );
    }
}

fn missing<'a>(lost: &Differing<'a>, allowed: &Differing<'_>) -> Vec<&'a str> {
    lost.keys().copied().filter(|name| !allowed.contains_key(name)).collect()
}

/// The series of the whole page, but for those about the reading itself, and whether a collector says that it left something out.
fn read(dir: &Path) -> (Series, bool) {
    let (page, reports) = page_and_reports(&mut collectors(dir));
    // Success goes with the last series of a collector, and these are looked at themselves.
    const ABOUT_READING: [&str; 2] =
        ["edctl_agent_collector_state{", "node_scrape_collector_success{"];
    let is_about_reading = |name: &str| ABOUT_READING.iter().any(|about| name.starts_with(about));
    let shown = series(&page)
        .into_iter()
        .filter(|(name, _)| !is_about_reading(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let left_out = reports.iter().any(|r| matches!(r.state, State::Partly | State::Error));
    (shown, left_out)
}

#[test]
fn an_odd_number_costs_the_series_made_of_it() {
    let mut wrong = Wrong::default();
    for node in NODES.map(Node::new) {
        for round in node.rounds(|content| words(content, is_number)) {
            let mut made_of = Differing::new();
            for other in OTHER_NUMBERS {
                made_of.extend(node.differing(&round, other).0);
            }
            for (what, odd) in ODD_NUMBERS {
                let (lost, left_out) = node.differing(&round, odd);
                wrong.note(what, &node, &round, &missing(&lost, &made_of));
                // A number in a label, or one that may be negative, is no odd one.
                let is_value_gone = |(name, is_there): &(&str, bool)| {
                    !is_there && made_of.get(name).is_some_and(|is_value| *is_value)
                };
                if !left_out {
                    let uncounted = lost.into_iter().filter(is_value_gone);
                    let uncounted: Vec<&str> = uncounted.map(|(name, _)| name).collect();
                    wrong.note("not counted", &node, &round, &uncounted);
                }
            }
        }
    }
    wrong.check();
}

#[test]
fn a_byte_that_is_not_text_costs_what_another_letter_costs() {
    let mut wrong = Wrong::default();
    for node in NODES.map(Node::new) {
        for round in node.rounds(|content| words(content, is_name)) {
            let (allowed, _) = node.differing(&round, |name| [b"q", &name[1..]].concat());
            let (lost, _) = node.differing(&round, |name| [&[0xfc], &name[1..]].concat());
            wrong.note("a byte", &node, &round, &missing(&lost, &allowed));
        }
    }
    wrong.check();
}

#[test]
fn an_odd_line_costs_nothing() {
    // Where a line ends that another follows: an attribute of sysfs has one line only.
    let ends = |content: &[u8]| {
        let last = content.len().saturating_sub(1);
        let is_end = |at: &usize| content[*at] == b'\n';
        (0..last).filter(is_end).map(|at| at + 1..at + 1).collect()
    };
    let mut wrong = Wrong::default();
    for node in NODES.map(Node::new) {
        for mut round in node.rounds(ends) {
            round
                .retain(|(file, _)| !LINES_IN_PAIRS.iter().any(|pairs| file.path.ends_with(pairs)));
            let (lost, _) = node.differing(&round, |_| b"odd \xfc -5 line\n".to_vec());
            wrong.note("a line more", &node, &round, &missing(&lost, &Differing::new()));
        }
    }
    wrong.check();
}
