//! `node_logind_sessions`: who is logged in, from logind's files in /run/systemd.
//!
//! node_exporter asks logind over D-Bus, with four questions for each session. The files are what sd-login
//! reads; they say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "logind",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/run/systemd/seats, /run/systemd/sessions",
    families: &[FamilyDoc::gauge("node_logind_sessions", &["seat", "remote", "type", "class"])],
    make: |host, _| Box::new(Logind::new(host)),
};

const TYPES: [&str; 7] = ["other", "unspecified", "tty", "x11", "wayland", "mir", "web"];
const CLASSES: [&str; 5] = ["other", "user", "greeter", "lock-screen", "background"];
/// Of those that log in over the network.
const NO_SEAT: &str = "";

struct Logind {
    dir: PathBuf,
}

impl Logind {
    fn new(host: &Host) -> Self {
        Self { dir: host.paths.rootfs.join("run/systemd") }
    }

    /// A session, unless it has just ended.
    fn read(&self, name: &str) -> Result<Option<Session>, CollectError> {
        let path = self.dir.join("sessions").join(name);
        // Beside a session's file there is a FIFO.
        if !path.is_file() {
            return Ok(None);
        }
        Ok(sysfs::text(&path)?.map(|text| parse(&text)))
    }
}

impl Collector for Logind {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let dir = self.dir.join("seats");
        let mut seats: BTreeSet<String> = sysfs::list(&dir)?.into_iter().collect();
        // logind has a seat from its start on, whatever the node has.
        if seats.is_empty() {
            return Err(CollectError::Absent { path: dir });
        }
        seats.insert(NO_SEAT.to_owned());
        let names = sysfs::list(&self.dir.join("sessions"))?;
        let mut sessions: BTreeMap<Session, u64> = BTreeMap::new();
        for name in names.iter().filter(|name| !name.ends_with(".ref")) {
            if let Some(session) = or_left_out(self.read(name)) {
                *sessions.entry(session).or_default() += 1;
            }
        }
        page.add(family(&seats, &sessions));
        Ok(())
    }
}

/// What sessions are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    seat: String,
    is_remote: bool,
    kind: &'static str,
    class: &'static str,
}

fn parse(text: &str) -> Session {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"')
    };
    Session {
        seat: value("SEAT").to_owned(),
        is_remote: value("REMOTE") == "1",
        kind: known_or_other(value("TYPE"), &TYPES),
        class: known_or_other(value("CLASS"), &CLASSES),
    }
}

fn known_or_other(value: &str, known: &[&'static str]) -> &'static str {
    known.iter().find(|known| **known == value).copied().unwrap_or("other")
}

/// Every kind of session on every seat, those that nobody has too.
fn family(seats: &BTreeSet<String>, sessions: &BTreeMap<Session, u64>) -> Family {
    let mut family = Family::gauge("node_logind_sessions", "Sessions of people on this node.");
    for seat in seats {
        for (is_remote, remote) in [(true, "true"), (false, "false")] {
            for kind in TYPES {
                for class in CLASSES {
                    let labels =
                        [("seat", &**seat), ("remote", remote), ("type", kind), ("class", class)];
                    let session = Session { seat: seat.clone(), is_remote, kind, class };
                    family.push(&labels, sessions.get(&session).copied().unwrap_or(0));
                }
            }
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{put, tree};

    fn collect(root: &std::path::Path) -> Result<(Vec<String>, usize), State> {
        let mut page = Page::default();
        let dir = root.join("run/systemd");
        Logind { dir }.collect(&mut page).map_err(|error| error.state())?;
        let family = page.family("node_logind_sessions").unwrap();
        let used = family.samples.iter().filter(|s| s.value != edctl_exposition::Value::U64(0));
        let shown = |sample: &edctl_exposition::Sample| {
            let labels: Vec<&str> = sample.labels.iter().map(|(_, value)| value.as_str()).collect();
            format!("{} {:?}", labels.join("/"), sample.value)
        };
        Ok((used.map(shown).collect(), family.samples.len()))
    }

    #[test]
    fn sessions_are_counted_by_what_they_are() {
        let head = "# This is private data. Do not parse.\nUID=1001\nUSER=ada\nACTIVE=1\n";
        let ssh = format!("{head}REMOTE=1\nTYPE=tty\nCLASS=user\nREMOTE_HOST=10.0.0.9\n");
        let console = format!("{head}REMOTE=0\nTYPE=tty\nCLASS=greeter\nSEAT=seat0\n");
        let new = format!("{head}REMOTE=0\nTYPE=hologram\nCLASS=manager\n");
        let dir = tree(&[
            ("run/systemd/seats/seat0", ""),
            ("run/systemd/sessions/1", &ssh),
            ("run/systemd/sessions/c2", &ssh),
            ("run/systemd/sessions/3", &console),
            ("run/systemd/sessions/4", &new),
        ]);
        let fifo = dir.path().join("run/systemd/sessions/1.ref");
        assert!(std::process::Command::new("mkfifo").arg(fifo).status().unwrap().success());
        let (used, all) = collect(dir.path()).unwrap();
        let expected = [
            "/true/tty/user U64(2)",
            "/false/other/other U64(1)",
            "seat0/false/tty/greeter U64(1)",
        ];
        assert_eq!(used, expected);
        assert_eq!(all, 2 * 2 * TYPES.len() * CLASSES.len());
    }

    #[test]
    fn a_node_without_logind_or_with_odd_sessions() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(collect(dir.path()), Err(State::Absent));
        std::fs::create_dir_all(dir.path().join("run/systemd/seats")).unwrap();
        std::fs::create_dir(dir.path().join("run/systemd/sessions")).unwrap();
        assert_eq!(collect(dir.path()), Err(State::Absent));
        put(dir.path(), "run/systemd/seats/seat0", b"");
        assert_eq!(collect(dir.path()).unwrap().0, [""; 0]);
        put(dir.path(), "run/systemd/sessions/9", b"\xff\n");
        assert_eq!(collect(dir.path()).unwrap().0, ["/false/other/other U64(1)"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(&content);
        }
    }
}
