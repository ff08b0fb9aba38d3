//! Events that waited in the spool: taken at the start and every few seconds.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use edctl_exposition::{Family, Page};
use edctl_hookmsg::Request;
use edctl_spool::{Depth, Limits, Name, Replayed, Spool, SpoolError, Take};

use super::record::Record;
use super::vanished::Watch;
use super::with_causes;
use crate::node::{Source, StoreError};

const PERIOD: Duration = Duration::from_secs(5);
const BATCH: usize = 256;
/// A hook that writes for longer was killed.
const STALE_AFTER: Duration = Duration::from_secs(600);

/// The spool as it is now, for the page and `status`; absent when it cannot be read.
pub(crate) type SpoolDepth = Arc<Mutex<Option<Depth>>>;

#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The replaying thread; dropping it ends it.
pub(crate) struct Replay {
    depth: SpoolDepth,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Replay {
    /// Takes what waits, then goes on doing so.
    pub(crate) fn start(
        directory: &Path,
        record: Arc<Record>,
        mut watch: Watch,
    ) -> Result<Self, String> {
        make(directory)?;
        open(directory).map_err(|e| with_causes(&e))?;
        let depth = SpoolDepth::default();
        while round(directory, &record, &depth).left > 0 {}
        let (stop, stopped) = channel();
        let (directory, shown) = (directory.to_owned(), Arc::clone(&depth));
        let thread = std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                    round(&directory, &record, &shown);
                    watch.look(&record, Instant::now());
                }
            })
            .map_err(|e| format!("cannot start the replaying thread: {e}"))?;
        Ok(Self { depth, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn spool(&self) -> SpoolDepth {
        Arc::clone(&self.depth)
    }

    pub(crate) fn collect(&self, page: &mut Page) {
        let Some(depth) = *self.depth.lock().unwrap_or_else(PoisonError::into_inner) else {
            return page.error("spool", "io");
        };
        let mut files = Family::gauge(
            "edctl_agent_spool_files",
            "Files in the spool: records that wait, temporary ones, and corrupt ones put aside.",
        );
        for (state, count) in
            [("record", depth.records), ("temporary", depth.temporary), ("corrupt", depth.corrupt)]
        {
            files.push(&[("state", state)], count as u64);
        }
        page.add(files);
        page.add(
            Family::gauge("edctl_agent_spool_bytes", "Bytes in the spool.").with(&[], depth.bytes),
        );
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The package makes the directory; without the package, the agent does.
fn make(directory: &Path) -> Result<(), String> {
    match std::fs::DirBuilder::new().mode(0o750).create(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(format!("cannot make {}: {error}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Opened anew each time: a disk may be mounted there, or be replaced, while the agent runs.
fn open(directory: &Path) -> Result<Spool, SpoolError> {
    Spool::open(directory, Limits::default())
}

/// One replay; what is left is 0 when nothing moves any more.
fn round(directory: &Path, record: &Record, shown: &SpoolDepth) -> Replayed {
    let done = open(directory).map_err(ReplayError::from).and_then(|spool| {
        let replayed = replay(&spool, record)?;
        Ok((replayed, spool.depth()?))
    });
    let (replayed, depth) = match done {
        Ok((replayed, depth)) => (replayed, Some(depth)),
        Err(error) => {
            tracing::error!("cannot replay the spool: {}", with_causes(&error));
            (Replayed::default(), None)
        }
    };
    *shown.lock().unwrap_or_else(PoisonError::into_inner) = depth;
    let is_stuck = replayed.taken + replayed.corrupt == 0;
    Replayed { left: if is_stuck { 0 } else { replayed.left }, ..replayed }
}

fn replay(spool: &Spool, record: &Record) -> Result<Replayed, ReplayError> {
    let swept = spool.sweep(STALE_AFTER, SystemTime::now())?;
    let replayed = spool.replay(
        BATCH,
        |name, bytes| take(record, name, bytes),
        || record.lock().sync().map_err(ReplayError::from),
    )?;
    if swept + replayed.taken + replayed.corrupt > 0 {
        tracing::info!(
            taken = replayed.taken,
            corrupt = replayed.corrupt,
            killed = swept,
            left = replayed.left,
            "replayed the spool"
        );
    }
    Ok(replayed)
}

fn take(record: &Record, name: &Name, bytes: &[u8]) -> Take {
    match Request::decode(bytes) {
        Ok(Request::Event(event)) => {
            record.lock().take(&event, Source::Spool);
            Take::Taken
        }
        Ok(Request::Status) => Take::Corrupt,
        Err(error) => {
            tracing::warn!(%error, "the record {name} is put aside");
            Take::Corrupt
        }
    }
}
