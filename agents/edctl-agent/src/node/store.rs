//! Keeping the node's state over a restart of the agent: a snapshot, and a log of what came since.
//!
//! What was appended survives the agent's death without a sync, and after the machine's death its jobs
//! are gone too. Events know their ids, so a log that is replayed over a newer snapshot changes nothing.
//! Everything here may wait for the disk for ever, so only the writer's thread calls it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use edctl_hookmsg::Event;
use serde::{Deserialize, Serialize};

use super::state::{NodeState, Source};

const SNAPSHOT: &str = "state.json";
const LOG: &str = "events.jsonl";
/// After so many events the log is folded into a snapshot.
const LOG_LINES: usize = 512;
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The state could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub(crate) struct StoreError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

#[cfg(test)]
impl StoreError {
    /// A disk that is full.
    pub(crate) fn refusal() -> Self {
        Self { doing: "append to", path: LOG.into(), source: io::ErrorKind::StorageFull.into() }
    }
}

#[derive(Serialize)]
struct Snapshot<'a> {
    v: u32,
    boot_id: &'a str,
    state: &'a NodeState,
}

#[derive(Deserialize)]
struct OwnedSnapshot {
    boot_id: String,
    state: NodeState,
}

#[derive(Serialize)]
struct Line<'a> {
    source: Source,
    event: &'a Event,
}

#[derive(Deserialize)]
struct OwnedLine {
    source: Source,
    event: Event,
}

/// An event as a line of the log.
pub(crate) fn log_line(event: &Event, source: Source) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Line { source, event }).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Applies lines of the log to the state, and hands back how many there are; the last one may be cut
/// off.
pub(crate) fn replay_lines(lines: &[u8], state: &mut NodeState, boot_id: &str) -> usize {
    let mut count = 0;
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(OwnedLine { source, event }) => drop(state.apply(&event, source, boot_id)),
            Err(error) => tracing::warn!(%error, "a line of the event log is unusable"),
        }
        count += 1;
    }
    count
}

/// What the writer asks of the disk; a test gives it one that hangs.
pub(crate) trait Disk: Send {
    /// Appends lines of events to the log.
    fn append(&mut self, lines: &[u8]) -> Result<(), StoreError>;

    /// Whether the log is so long that it should be folded.
    fn is_long(&self) -> bool;

    /// Writes a snapshot durably and empties the log.
    fn fold(&mut self, state: &NodeState) -> Result<(), StoreError>;

    /// Makes what was appended survive the machine's death.
    fn sync(&mut self) -> Result<(), StoreError>;
}

/// The state's files.
pub(crate) struct Store {
    directory: PathBuf,
    boot_id: String,
    log: File,
    log_bytes: u64,
    log_lines: usize,
}

impl Store {
    /// Opens the state in `directory` as it was left. What cannot be understood is put aside, and
    /// jobs of another boot than `boot_id` are forgotten.
    pub(crate) fn open(directory: &Path, boot_id: &str) -> Result<(Self, NodeState), StoreError> {
        let (mut state, old_boot) = load_snapshot(&directory.join(SNAPSHOT));
        let old_boot = old_boot.as_deref().unwrap_or(boot_id);
        let path = directory.join(LOG);
        let failed = |doing| move |source| StoreError { doing, path: path.clone(), source };
        let mut log = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o640)
            .open(directory.join(LOG))
            .map_err(failed.clone()("open"))?;
        let log_lines = replay(&mut log, &mut state, old_boot).map_err(failed("read"))?;
        if old_boot != boot_id {
            let jobs = state.forget_jobs();
            tracing::info!(jobs, "the machine restarted; its jobs are gone");
        }
        let mut store = Self {
            directory: directory.to_owned(),
            boot_id: boot_id.to_owned(),
            log,
            log_bytes: 0,
            log_lines,
        };
        store.fold(&state)?;
        Ok((store, state))
    }

    fn append_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Err(error) = self.log.write_all(lines) {
            // Half a line would swallow the next one.
            self.log.set_len(self.log_bytes)?;
            return Err(error);
        }
        self.log_bytes += lines.len() as u64;
        self.log_lines += lines.iter().filter(|byte| **byte == b'\n').count();
        Ok(())
    }

    fn failed(&self, doing: &'static str, file: &str, source: io::Error) -> StoreError {
        StoreError { doing, path: self.directory.join(file), source }
    }
}

impl Disk for Store {
    fn append(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        self.append_lines(lines).map_err(|source| self.failed("append to", LOG, source))
    }

    fn is_long(&self) -> bool {
        self.log_lines >= LOG_LINES
    }

    fn fold(&mut self, state: &NodeState) -> Result<(), StoreError> {
        let snapshot = Snapshot { v: 1, boot_id: &self.boot_id, state };
        serde_json::to_vec(&snapshot)
            .map_err(io::Error::from)
            .and_then(|bytes| replace(&self.directory, SNAPSHOT, &bytes))
            .map_err(|source| self.failed("write", SNAPSHOT, source))?;
        self.log.set_len(0).map_err(|source| self.failed("empty", LOG, source))?;
        (self.log_bytes, self.log_lines) = (0, 0);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.log.sync_data().map_err(|source| self.failed("sync", LOG, source))
    }
}

/// The state as it was, and the boot that it was of.
fn load_snapshot(path: &Path) -> (NodeState, Option<String>) {
    let snapshot = match read_bounded(path) {
        Ok(bytes) => serde_json::from_slice::<OwnedSnapshot>(&bytes).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => Err(error),
    };
    match snapshot {
        Ok(OwnedSnapshot { boot_id, state }) => (state, Some(boot_id)),
        Err(error) => {
            tracing::error!(%error, "{} is unusable and put aside", path.display());
            drop(fs::rename(path, path.with_extension("json.bad")));
            Default::default()
        }
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Applies the log's lines.
fn replay(log: &mut File, state: &mut NodeState, boot_id: &str) -> io::Result<usize> {
    let mut bytes = Vec::new();
    log.seek(SeekFrom::Start(0))?;
    log.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(replay_lines(&bytes, state, boot_id))
}

fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = directory.join(format!("{name}.tmp"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&temporary, directory.join(name))?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use edctl_hookmsg::Hook;

    use super::super::state::tests::event;
    use super::*;

    fn put(store: &mut Store, state: &mut NodeState, event: &Event) {
        state.apply(event, Source::Socket, &store.boot_id);
        store.append(&log_line(event, Source::Socket)).unwrap();
    }

    #[test]
    fn a_killed_agent_finds_its_state_again() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut state) = Store::open(dir.path(), "boot").unwrap();
        put(&mut store, &mut state, &event(Hook::Prolog, 1, 10));
        store.fold(&state).unwrap();
        put(&mut store, &mut state, &event(Hook::Prolog, 2, 20));
        put(&mut store, &mut state, &event(Hook::Epilog, 1, 30));
        drop(store);
        let (_, found) = Store::open(dir.path(), "boot").unwrap();
        assert_eq!(found, state);
        assert_eq!(found.jobs().map(|job| job.job_id).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_reboot_ends_the_jobs_and_keeps_the_past() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut state) = Store::open(dir.path(), "boot").unwrap();
        put(&mut store, &mut state, &event(Hook::Prolog, 1, 10));
        store.fold(&state).unwrap();
        put(&mut store, &mut state, &event(Hook::Prolog, 2, 20));
        let (_, found) = Store::open(dir.path(), "next boot").unwrap();
        assert_eq!((found.jobs().count(), found.past().count()), (0, 2));
    }

    #[test]
    fn half_a_line_and_a_broken_snapshot_lose_only_themselves() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut state) = Store::open(dir.path(), "boot").unwrap();
        put(&mut store, &mut state, &event(Hook::Prolog, 1, 10));
        let mut log = OpenOptions::new().append(true).open(dir.path().join(LOG)).unwrap();
        log.write_all(b"{\"source\":\"sock").unwrap();
        fs::write(dir.path().join(SNAPSHOT), b"garbage").unwrap();
        let (_, found) = Store::open(dir.path(), "boot").unwrap();
        assert_eq!(found.jobs().count(), 1);
        assert!(dir.path().join("state.json.bad").exists());
    }

    #[test]
    fn a_long_log_is_folded() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut state) = Store::open(dir.path(), "boot").unwrap();
        for n in 1..=LOG_LINES as u64 {
            assert!(!store.is_long());
            put(&mut store, &mut state, &event(Hook::TaskProlog, 1, n));
        }
        assert!(store.is_long());
        store.fold(&state).unwrap();
        assert_eq!(fs::metadata(dir.path().join(LOG)).unwrap().len(), 0);
        let (_, found) = Store::open(dir.path(), "boot").unwrap();
        assert_eq!(found, state);
    }

    #[test]
    fn no_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Store::open(&dir.path().join("none"), "boot").is_err());
    }
}
