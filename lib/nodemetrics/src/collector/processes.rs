//! `node_processes_*`: processes and threads by their state, from /proc/PID/stat and
//! /proc/PID/task/TID/stat. A process that ends meanwhile is not counted.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::number::Number;
use crate::reading::{left_out, sysfs};

/// More threads than are looked at; of so many nothing is said rather than half.
const MOST_THREADS: usize = 500_000;
/// Longer than the line can be: a name of 16 bytes and some fifty numbers.
const MAX_BYTES: usize = 2048;

pub(super) const ENTRY: Entry = Entry {
    name: "processes",
    preset: Preset::Off,
    // Nothing blocks, but a node with very many threads takes its time.
    runs: Runs::Apart,
    reads: "/proc/PID/stat, /proc/PID/task/TID/stat, /proc/sys/kernel",
    families: &[
        FamilyDoc::gauge("node_processes_threads", &[]),
        FamilyDoc::gauge("node_processes_max_threads", &[]),
        FamilyDoc::gauge("node_processes_threads_state", &["thread_state"]),
        FamilyDoc::gauge("node_processes_state", &["state"]),
        FamilyDoc::gauge("node_processes_pids", &[]),
        FamilyDoc::gauge("node_processes_max_processes", &[]),
    ],
    make: |host, _| Box::new(Processes::new(host)),
};

pub(super) struct Processes {
    procfs: PathBuf,
}

impl Processes {
    pub(super) fn new(host: &Host) -> Self {
        Self { procfs: host.paths.procfs.clone() }
    }
}

impl Collector for Processes {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let counts = Counts::read(&self.procfs)?;
        let limits = ["threads-max", "pid_max"]
            .map(|file| sysfs::number::<u64>(&self.procfs.join("sys/kernel").join(file)));
        expose(&counts, page);
        for (limit, (name, help)) in limits.into_iter().zip([
            ("node_processes_max_threads", "Threads that there may be."),
            ("node_processes_max_processes", "The highest id that a process may have."),
        ]) {
            if let Some(limit) = or_left_out(limit) {
                page.add(Family::gauge(name, help).with(&[], limit));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Counts {
    pids: u64,
    /// None where a process does not say how many it has.
    threads: Option<u64>,
    states: BTreeMap<char, u64>,
    thread_states: BTreeMap<char, u64>,
}

impl Counts {
    fn read(procfs: &Path) -> Result<Self, CollectError> {
        let mut counts = Self { threads: Some(0), ..Self::default() };
        let mut seen = 0;
        for pid in list_ids(procfs).map_err(|e| CollectError::io(procfs, e))? {
            let dir = procfs.join(pid);
            let Some(process) = read_stat(&dir.join("stat")) else { continue };
            counts.pids += 1;
            counts.threads = counts.threads.zip(process.threads).map(|(sum, own)| sum + own);
            add(process.state, &mut counts.states);
            // One that has just ended has no threads.
            for tid in list_ids(&dir.join("task")).unwrap_or_default() {
                seen += 1;
                if seen > MOST_THREADS {
                    let expected = "expected fewer threads";
                    return Err(CollectError::Parse { path: dir, line: 0, expected });
                }
                if let Some(thread) = read_stat(&dir.join("task").join(tid).join("stat")) {
                    add(thread.state, &mut counts.thread_states);
                }
            }
        }
        Ok(counts)
    }
}

fn add(state: Option<char>, states: &mut BTreeMap<char, u64>) {
    if let Some(state) = state {
        *states.entry(state).or_default() += 1;
    }
}

/// The names that are numbers.
fn list_ids(dir: &Path) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().into_string();
        ids.extend(name.ok().filter(|name| name.bytes().all(|b| b.is_ascii_digit())));
    }
    Ok(ids)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Stat {
    state: Option<char>,
    threads: Option<u64>,
}

/// None where there is no such process any more, or where it may not be looked at.
fn read_stat(path: &Path) -> Option<Stat> {
    let mut buffer = [0; MAX_BYTES];
    let length = match File::open(path).and_then(|mut file| file.read(&mut buffer)) {
        Ok(length) => length,
        Err(error) if is_gone(&error) => return None,
        Err(error) => {
            left_out::note(CollectError::io(path, error));
            return Some(Stat::default());
        }
    };
    let stat = parse_stat(&buffer[..length]);
    if stat.state.is_none() || stat.threads.is_none() {
        left_out::note_attribute(path.to_owned(), "expected a process's state and threads");
    }
    Some(stat)
}

fn is_gone(error: &io::Error) -> bool {
    let no_such_process = rustix::io::Errno::SRCH.raw_os_error();
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
        || error.raw_os_error() == Some(no_such_process)
}

/// The process's name is in brackets and may have any bytes, brackets too.
fn parse_stat(line: &[u8]) -> Stat {
    const THREADS: usize = 17;
    let Some(end) = line.iter().rposition(|b| *b == b')') else { return Stat::default() };
    let mut words = line[end + 1..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let state = match words.next() {
        Some([state]) if state.is_ascii_alphabetic() => Some(char::from(*state)),
        _ => None,
    };
    let threads = words.nth(THREADS - 1).and_then(|word| std::str::from_utf8(word).ok());
    Stat { state, threads: threads.and_then(u64::take) }
}

fn expose(counts: &Counts, page: &mut Page) {
    for (name, help, value) in [
        ("node_processes_threads", "Threads that there are.", counts.threads),
        ("node_processes_pids", "Processes that there are.", Some(counts.pids)),
    ] {
        page.add(Family::gauge(name, help).with_known(&[], value));
    }
    for (name, label, help, states) in [
        ("node_processes_state", "state", "Processes in each state.", &counts.states),
        (
            "node_processes_threads_state",
            "thread_state",
            "Threads in each state.",
            &counts.thread_states,
        ),
    ] {
        let mut family = Family::gauge(name, help);
        for (state, count) in states {
            family.push(&[(label, state.encode_utf8(&mut [0; 4]))], *count);
        }
        page.add(family);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;
    use crate::reading::sysfs::tests::{put, tree};

    fn stat(name: &str, state: &str, threads: &str) -> String {
        format!("1 ({name}) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 29 1\n")
    }

    #[test]
    fn lines() {
        for (line, state, threads) in [
            (stat("bash", "S", "4"), Some('S'), Some(4)),
            (stat(") R 1 (", "D", "1"), Some('D'), Some(1)),
            (stat("bash", "SS", "4"), None, Some(4)),
            (stat("bash", "S", "many"), Some('S'), None),
            (stat("bash", "S", "-1"), Some('S'), None),
            ("1 (bash) S 1".into(), Some('S'), None),
            ("1 bash S".into(), None, None),
            (String::new(), None, None),
        ] {
            assert_eq!(parse_stat(line.as_bytes()), Stat { state, threads }, "{line}");
        }
    }

    #[test]
    fn what_ends_meanwhile_is_not_counted() {
        let dir = tree(&[("sys/kernel/pid_max", "4194304\n"), ("7/comm", "gone\n")]);
        for (path, state, threads) in [
            ("1/stat", "S", "2"),
            ("1/task/1/stat", "S", "2"),
            ("1/task/3/stat", "D", "2"),
            ("20/stat", "Z", "1"),
        ] {
            put(dir.path(), path, stat("x", state, threads).as_bytes());
        }
        let counts = Counts::read(dir.path()).unwrap();
        assert_eq!((counts.pids, counts.threads), (2, Some(3)));
        assert_eq!(counts.states, BTreeMap::from([('S', 1), ('Z', 1)]));
        assert_eq!(counts.thread_states, BTreeMap::from([('S', 1), ('D', 1)]));
        let mut page = Page::default();
        Processes { procfs: dir.path().to_owned() }.collect(&mut page).unwrap();
        assert!(page.family("node_processes_max_processes").is_some());
        assert!(page.family("node_processes_max_threads").is_none());
        put(dir.path(), "20/stat", b"\xff\xfe");
        let (counts, left_out) = LeftOut::during(|| Counts::read(dir.path()).unwrap());
        assert_eq!((counts.pids, counts.threads), (2, None));
        assert_eq!(counts.states, BTreeMap::from([('S', 1)]));
        assert!(
            left_out
                .why()
                .unwrap()
                .ends_with("20/stat, line 1: expected a process's state and threads")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_stat(&bytes);
        }
    }
}
