//! Events that waited in the spool: taken at the start and every few seconds, by a thread that may hang
//! with the spool's disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use edctl_exposition::{Family, Page};
use edctl_fault::{Chain, Fault};
use edctl_hookmsg::Request;
use edctl_spool::{Depth, Limits, Name, Replayed, Spool, SpoolError, Take};

use super::error::HooksError;
use super::record::{NotDurable, Record, STUCK};
use super::vanished::Watch;
use crate::config::STATE_FLAG;
use crate::directory::{self, DirectoryError};
use crate::node::Source;

const PERIOD: Duration = Duration::from_secs(5);
const BATCH: usize = 256;
/// A hook that writes for longer was killed.
const STALE_AFTER: Duration = Duration::from_secs(600);
/// How long a replay waits until what it took is durable.
const COMMIT_PATIENCE: Duration = Duration::from_secs(2);
/// How long the end waits for a replay.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// The spool as it was last seen, for the page and `status`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SpoolView {
    /// Absent when it cannot be read.
    depth: Option<Depth>,
    /// Since when the replayer waits for the spool's disk; absent while it does not.
    asked_at: Option<Instant>,
}

impl SpoolView {
    /// For how long the disk has not answered.
    pub(crate) fn stuck(&self) -> Duration {
        self.asked_at.map(|at| at.elapsed()).unwrap_or_default()
    }

    /// What is in the spool, where that is known now.
    pub(crate) fn depth(&self) -> Option<Depth> {
        self.depth.filter(|_| self.stuck() < STUCK)
    }
}

#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
}

/// The replaying thread. Dropping it ends it, or leaves it where the spool's disk does not answer.
pub(crate) struct Replay {
    view: Arc<Mutex<SpoolView>>,
    stop: Option<Sender<()>>,
    /// Closed when the thread ends.
    ended: Receiver<()>,
}

impl Replay {
    /// Takes what waits, for at most `patience`, then goes on doing so.
    pub(crate) fn start(
        directory: &Path,
        record: Arc<Record>,
        mut watch: Watch,
        patience: Duration,
    ) -> Result<Self, Fault> {
        let view = Arc::new(Mutex::new(SpoolView::default()));
        let replayer =
            Replayer { directory: directory.to_owned(), record, view: Arc::clone(&view) };
        let (stop, stopped) = channel();
        let (first, drained) = sync_channel(1);
        let (ending, ended) = sync_channel(0);
        std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || {
                let _ending: SyncSender<()> = ending;
                // The start may wait no longer.
                drop(first.send(replayer.drain()));
                while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                    replayer.round();
                    watch.look(&replayer.record, Instant::now());
                }
            })
            .map_err(|source| HooksError::Thread { thread: "replaying", source })?;
        match drained.recv_timeout(patience) {
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(())) => {}
            Err(_) => tracing::warn!("the spool is not read yet: starting without it"),
        }
        Ok(Self { view, stop: Some(stop), ended })
    }

    pub(crate) fn view(&self) -> Arc<Mutex<SpoolView>> {
        Arc::clone(&self.view)
    }

    pub(crate) fn collect(&self, page: &mut Page) {
        let view = *self.view.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(depth) = view.depth() else {
            return page.error("spool", if view.stuck() < STUCK { "io" } else { "timeout" });
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
        if self.ended.recv_timeout(STOP_PATIENCE) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the spool does not answer; leaving without it");
        }
    }
}

/// What the thread works with.
struct Replayer {
    directory: PathBuf,
    record: Arc<Record>,
    view: Arc<Mutex<SpoolView>>,
}

impl Replayer {
    /// Takes all that waits, as far as it can be taken.
    ///
    /// Fails where there is no spool; what cannot be replayed is only said.
    fn drain(&self) -> Result<(), ReplayError> {
        if self.record.lock().is_loaded() {
            self.asking(|| self.open())?;
            while self.round().left > 0 {}
        }
        Ok(())
    }

    /// One replay; what is left is 0 when nothing moves any more. Nothing is taken before the state
    /// is loaded, which knows what was taken before.
    fn round(&self) -> Replayed {
        if !self.record.lock().is_loaded() {
            return Replayed::default();
        }
        let (replayed, depth) = match self.asking(|| self.replay()) {
            Ok((replayed, depth)) => (replayed, Some(depth)),
            Err(error) => {
                tracing::error!("cannot replay the spool: {}", Chain(&error));
                (Replayed::default(), None)
            }
        };
        self.lock_view().depth = depth;
        let is_stuck = replayed.taken + replayed.corrupt == 0;
        Replayed { left: if is_stuck { 0 } else { replayed.left }, ..replayed }
    }

    /// Opened anew each time: a disk may be mounted there, or be replaced, while the agent runs.
    fn open(&self) -> Result<Spool, ReplayError> {
        directory::make(&self.directory, directory::PRIVATE, STATE_FLAG)?;
        Ok(Spool::open(&self.directory, Limits::default())?)
    }

    fn replay(&self) -> Result<(Replayed, Depth), ReplayError> {
        let spool = self.open()?;
        let swept = spool.sweep(STALE_AFTER, SystemTime::now())?;
        let replayed =
            spool.replay(BATCH, |name, bytes| self.take(name, bytes), || self.commit())?;
        if swept + replayed.taken + replayed.corrupt > 0 {
            tracing::info!(
                taken = replayed.taken,
                corrupt = replayed.corrupt,
                killed = swept,
                left = replayed.left,
                "replayed the spool"
            );
        }
        Ok((replayed, spool.depth()?))
    }

    fn take(&self, name: &Name, bytes: &[u8]) -> Take {
        match Request::decode(bytes) {
            Ok(Request::Event(event)) => match self.record.take(&event, Source::Spool) {
                Some(_) => Take::Taken,
                None => Take::Later,
            },
            Ok(Request::Status) => Take::Corrupt,
            Err(error) => {
                tracing::warn!(%error, "the record {name} is put aside");
                Take::Corrupt
            }
        }
    }

    /// Waits for the state's disk, not for the spool's.
    fn commit(&self) -> Result<(), ReplayError> {
        self.lock_view().asked_at = None;
        let synced = self.record.sync(COMMIT_PATIENCE);
        self.lock_view().asked_at = Some(Instant::now());
        Ok(synced?)
    }

    /// Does what may hang with the spool's disk.
    fn asking<T>(&self, question: impl FnOnce() -> T) -> T {
        self.lock_view().asked_at = Some(Instant::now());
        let answer = question();
        self.lock_view().asked_at = None;
        answer
    }

    fn lock_view(&self) -> MutexGuard<'_, SpoolView> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
