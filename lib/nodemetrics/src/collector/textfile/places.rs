//! The directories that the option names, and their files.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::collector::textfile::fault::Fault;

/// Neither more directories nor more files are looked at.
const MOST: usize = 1000;
/// A directory's entries beyond this are not looked at.
const MOST_ENTRIES: usize = 100_000;

/// The directories that a pattern stands for; one that stands for nothing is a directory's name.
pub(super) fn directories(pattern: &str) -> Vec<PathBuf> {
    expand(pattern).filter(|found| !found.is_empty()).unwrap_or_else(|| vec![pattern.into()])
}

/// The `*.prom` files of a directory, in the order of their names.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let is_prom = |name: &String| name.ends_with(".prom");
    let mut names: Vec<String> = names(dir)?.into_iter().filter(is_prom).collect();
    names.truncate(MOST);
    Ok(names.iter().map(|name| dir.join(name)).collect())
}

fn names(dir: &Path) -> Result<Vec<String>, Fault> {
    let io = |error| Fault::io(dir, &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)?.take(MOST_ENTRIES) {
        names.extend(entry.map_err(io)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// What matches, in order; nothing for text that is not a valid pattern.
fn expand(pattern: &str) -> Option<Vec<PathBuf>> {
    let root = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![PathBuf::from(root)];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[', '\\']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let expression = translate(part)?;
        let below = |dir: PathBuf| {
            let listed = if dir.as_os_str().is_empty() { Path::new(".") } else { &dir };
            // A path that is not a directory, or is not there, has no matches.
            let names = names(listed).unwrap_or_default();
            names
                .into_iter()
                .filter(|name| expression.is_match(name))
                .map(move |name| dir.join(name))
        };
        found = found.into_iter().flat_map(below).take(MOST).collect();
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    Some(found)
}

/// A part of a shell's pattern as a regular expression.
fn translate(part: &str) -> Option<Regex> {
    let mut expression = String::from("(?s)^");
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '\\' => expression.push_str(&literal(rest.next()?)),
            '[' => expression.push_str(&class(&mut rest)?),
            c => expression.push_str(&literal(c)),
        }
    }
    expression.push('$');
    Regex::new(&expression).ok()
}

/// A class of characters up to its end: `[a-z]`, `[^a-z]`.
fn class(rest: &mut std::str::Chars<'_>) -> Option<String> {
    let mut class = String::from("[");
    if rest.as_str().starts_with('^') {
        class.push('^');
        rest.next();
    }
    loop {
        match rest.next()? {
            ']' => break,
            '-' => class.push('-'),
            '\\' => class.push_str(&literal(rest.next()?)),
            c => class.push_str(&literal(c)),
        }
    }
    class.push(']');
    Some(class)
}

fn literal(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_is_what_matches_or_a_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a1/x", "a2/x", "b1/x", "[odd/x"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("a3"), "no directory").unwrap();
        let found = |pattern: &str| -> Vec<String> {
            let pattern = format!("{}/{pattern}", dir.path().display());
            let strip = |path: &PathBuf| path.strip_prefix(dir.path()).unwrap().to_owned();
            directories(&pattern).iter().map(|p| strip(p).display().to_string()).collect()
        };
        for (pattern, expected) in [
            ("a1", ["a1"].as_slice()),
            ("a?", &["a1", "a2", "a3"]),
            ("*/x", &["[odd/x", "a1/x", "a2/x", "b1/x"]),
            ("a[2-9]", &["a2", "a3"]),
            ("[^a]1", &["b1"]),
            (r"\[*", &["[odd"]),
            // Nothing matches, or nothing can.
            ("c*", &["c*"]),
            ("[odd", &["[odd"]),
            ("gone", &["gone"]),
        ] {
            assert_eq!(found(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn files_of_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.prom", "a.prom", "c.prom.tmp", ".prom", "d.PROM"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let names = files(dir.path()).unwrap();
        assert_eq!(names, [".prom", "a.prom", "b.prom"].map(|name| dir.path().join(name)));
        assert_eq!(files(&dir.path().join("a.prom")).unwrap_err().reason, "io");
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic(part in "[*?\\[\\]^a-c\\\\-]{0,12}") {
            let _ = translate(&part);
        }
    }
}
