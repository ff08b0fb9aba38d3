//! The pages under other exporters' names, beside the lists of these names and of what is different.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{Cluster, PROFILES, RECORDINGS};

/// A family's type and the names of its labels.
type Shape = (String, String);

#[test]
fn every_name_is_shown_as_it_should_be_or_is_absent_for_a_reason() {
    for profile in PROFILES.into_iter().filter(|profile| *profile != "edctl") {
        let wanted = names(profile);
        let absent = absent(profile, &wanted);
        let mut shown = BTreeSet::new();
        for recording in RECORDINGS {
            let cluster = Cluster::recorded(recording);
            cluster.configure(&format!("profile = \"{profile}\""));
            for (name, shape) in families(&cluster.once()) {
                let place = format!("{profile}, {recording}: {name}");
                assert_eq!(Some(&shape), wanted.get(&name), "{place}");
                assert!(!absent.contains(&name), "{place} is said to be absent");
                shown.insert(name);
            }
        }
        for name in wanted.keys().filter(|name| !absent.contains(*name)) {
            assert!(
                shown.contains(name),
                "{profile}: {name} is on no page, and not said to be absent"
            );
        }
    }
}

/// The list of an exporter's names.
fn names(profile: &str) -> BTreeMap<String, Shape> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(format!("tests/profiles/{profile}.txt"))).unwrap();
    let line = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        (next(), (next(), next()))
    };
    text.lines().filter(|text| !text.starts_with('#')).map(line).collect()
}

/// The names that the documentation says are absent. Each name in its tables is on the list, and all that is
/// absent has a reason.
fn absent(profile: &str, wanted: &BTreeMap<String, Shape>) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("../docs/profiles.md")).unwrap();
    let (_, section) = text.split_once(&format!("\n## {profile}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut absent = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').splitn(3, '|').map(str::trim).collect();
        let [patterns, difference, reason] = cells[..] else { panic!("{row}") };
        for pattern in patterns.split(", ").map(|pattern| pattern.trim_matches('`')) {
            let mut found = wanted.keys().filter(|name| matches(pattern, name)).peekable();
            assert!(found.peek().is_some(), "{profile}: nothing is called {pattern}");
            if difference == "absent" {
                assert!(!reason.is_empty(), "{row}");
                absent.extend(found.cloned());
            }
        }
    }
    absent
}

/// Whether a name is that of a pattern, in which one `*` may stand for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => {
            name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

/// The families on a page but for the daemon's own and those of its health. All series of one have the same
/// labels.
fn families(page: &str) -> BTreeMap<String, Shape> {
    let mut kinds = BTreeMap::new();
    let mut families = BTreeMap::new();
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            kinds.extend(kind.split_once(' '));
        }
        let name = line.split(['{', ' ']).next().unwrap();
        if line.starts_with('#') || name.starts_with("edctl_") || name.starts_with("process_") {
            continue;
        }
        let shape = (kinds[name].to_owned(), labels(line).join(","));
        let known = families.entry(name.to_owned()).or_insert_with(|| shape.clone());
        assert_eq!(*known, shape, "{line}");
    }
    families
}

/// The names of a sample's labels.
fn labels(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = line.split_once('{').map_or("", |(_, rest)| rest);
    while let Some((name, value)) = rest.split_once("=\"") {
        names.push(name.trim_start_matches(','));
        let mut is_escaped = false;
        let end = value.find(|c: char| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        rest = &value[end.unwrap() + 1..];
    }
    names
}
