//! The one place through which every event goes, whether it came by socket or by spool: it is
//! applied in memory, counted, told to the journal, and queued for the writer.
//!
//! No lock here is held while a disk is asked, so pages, hooks and `status` never wait for one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use edctl_exposition::Histogram;
use edctl_hookmsg::{Event, Hook};
use tokio::sync::oneshot;

use super::batch::Batch;
use crate::node::{Applied, NodeState, Source, log_line};

/// A disk that has not answered for so long is said to hang.
pub(crate) const STUCK: Duration = Duration::from_secs(1);

/// Comes when the event is in the files, with `false` when the disk refused it.
pub(crate) type Word = oneshot::Receiver<bool>;

/// The node's state, shared by server, replayer, writer and page.
pub(crate) struct Record {
    inner: Mutex<Inner>,
    /// Tells the writer of work.
    work: Condvar,
}

pub(crate) struct Inner {
    state: NodeState,
    boot_id: String,
    /// Whether `state` has what was kept before this start.
    is_loaded: bool,
    counts: BTreeMap<(Hook, Source), u64>,
    refused: BTreeMap<&'static str, u64>,
    /// How long callers waited for the answer, from their connection on.
    latencies: BTreeMap<Hook, Histogram>,
    /// What the writer takes next.
    queue: Batch,
    disk: DiskView,
    is_stopping: bool,
}

/// How the writer and its disk do.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct DiskView {
    /// Since when the writer waits for the disk; absent while it waits for work.
    asked_at: Option<Instant>,
    /// Events that the writer has taken and the disk has not.
    events_being_written: usize,
    /// How often the disk refused.
    pub(crate) errors: u64,
}

impl DiskView {
    /// For how long the disk has not answered.
    pub(crate) fn stuck(&self) -> Duration {
        self.asked_at.map(|at| at.elapsed()).unwrap_or_default()
    }
}

/// The state could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("the disk of the node's state has not taken what came before")]
pub(crate) struct NotDurable;

impl Record {
    /// The record of a node of which nothing is known yet; `boot_id` is the machine's present boot.
    pub(crate) fn new(boot_id: String) -> Self {
        Self {
            inner: Mutex::new(Inner {
                state: NodeState::default(),
                boot_id,
                is_loaded: false,
                counts: BTreeMap::new(),
                refused: BTreeMap::new(),
                latencies: BTreeMap::new(),
                queue: Batch::default(),
                disk: DiskView::default(),
                is_stopping: false,
            }),
            work: Condvar::new(),
        }
    }

    /// For a moment only: nobody may ask a disk meanwhile.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event into the state, and has it written. `None` where so much waits for the disk
    /// that it cannot: the event counts as not heard.
    pub(crate) fn take(&self, event: &Event, source: Source) -> Option<Word> {
        let line = log_line(event, source);
        let mut inner = self.lock();
        if !inner.queue.has_room_for(&line) {
            return None;
        }
        let (told, word) = oneshot::channel();
        let Inner { state, boot_id, .. } = &mut *inner;
        let applied = state.apply(event, source, boot_id);
        if applied == Applied::New {
            *inner.counts.entry((event.hook, source)).or_default() += 1;
            inner.queue.push(&line);
        }
        // The word on an event that was known already is that on all before it.
        inner.queue.on_written(told);
        drop(inner);
        self.work.notify_one();
        if applied == Applied::New {
            tell_journal(event, source);
        }
        Some(word)
    }

    /// Makes what was taken survive the machine's death, or gives up after `patience`.
    pub(crate) fn sync(&self, patience: Duration) -> Result<(), NotDurable> {
        let (told, word) = sync_channel(1);
        self.lock().queue.on_synced(told);
        self.work.notify_one();
        if word.recv_timeout(patience) == Ok(true) { Ok(()) } else { Err(NotDurable) }
    }

    /// What the writer is to do next, once there is something. Empty after `retry`, where that is
    /// given; `None` at the end, when everything is handed out.
    pub(super) fn next_batch(&self, retry: Option<Duration>) -> Option<Batch> {
        let mut inner = self.lock();
        let until = retry.map(|retry| Instant::now() + retry);
        while inner.queue.is_empty() && !inner.is_stopping {
            let Some(until) = until else {
                inner = self.work.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            inner = self.work.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if inner.queue.is_empty() && inner.is_stopping {
            return None;
        }
        let batch = std::mem::take(&mut inner.queue);
        inner.disk.events_being_written = batch.events();
        Some(batch)
    }

    /// Ends the writer once it has done what is queued.
    pub(super) fn stop(&self) {
        self.lock().is_stopping = true;
        self.work.notify_one();
    }

    /// Waits between two attempts of the writer; true at the end.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let inner = self.lock();
        let waited = self.work.wait_timeout_while(inner, pause, |inner| !inner.is_stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopping
    }
}

impl Inner {
    pub(crate) fn state(&self) -> &NodeState {
        &self.state
    }

    /// Whether the state has what was kept before this start.
    pub(crate) fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = ((Hook, Source), u64)> {
        self.counts.iter().map(|(key, count)| (*key, *count))
    }

    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused.iter().map(|(reason, count)| (*reason, *count))
    }

    /// How long callers waited for the answer, by hook.
    pub(crate) fn latencies(&self) -> impl Iterator<Item = (Hook, &Histogram)> {
        self.latencies.iter().map(|(hook, latency)| (*hook, latency))
    }

    /// Counts how long a hook waited for its answer.
    pub(super) fn answered(&mut self, hook: Hook, took: Duration) {
        self.latencies.entry(hook).or_default().observe(took.as_secs_f64());
    }

    pub(crate) fn disk(&self) -> DiskView {
        self.disk
    }

    /// How many events are in memory only.
    pub(crate) fn unwritten(&self) -> usize {
        self.queue.events() + self.disk.events_being_written
    }

    /// Counts a request that was not taken.
    pub(crate) fn refuse(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    /// Puts what was kept before this start under what came since.
    pub(super) fn load(&mut self, mut kept: NodeState) {
        self.queue.replay(&mut kept, &self.boot_id);
        self.state = kept;
        self.is_loaded = true;
    }

    /// The writer asks its disk.
    pub(super) fn ask_disk(&mut self) {
        self.disk.asked_at = Some(Instant::now());
    }

    /// The writer has its disk's answer.
    pub(super) fn hear_disk(&mut self, has_refused: bool) {
        self.disk.asked_at = None;
        self.disk.errors += u64::from(has_refused);
    }

    /// The writer has done its batch: it is on disk, or a snapshot is to bring it there.
    pub(super) fn end_batch(&mut self) {
        self.disk.events_being_written = 0;
    }

    /// Notes which jobs have ended though no epilog came.
    pub(crate) fn note_vanished(&mut self, vanished: BTreeSet<u32>) {
        for job_id in self.state.set_vanished(vanished) {
            tracing::warn!(
                job_id,
                "job {job_id} has no control group any more: its epilog was lost"
            );
        }
    }
}

fn tell_journal(event: &Event, source: Source) {
    let hook = event.hook.as_str();
    let source = source.as_str();
    let user = event.user.as_deref().unwrap_or("");
    match event.job_id {
        Some(job_id) if event.hook.runs_as_user() => {
            let (step, task) = event.task.map_or((0, 0), |task| (task.step, task.proc_id));
            tracing::info!(job_id, hook, source, user, step, task, "{hook} of job {job_id}");
        }
        Some(job_id) => tracing::info!(job_id, hook, source, user, "{hook} of job {job_id}"),
        None => tracing::debug!(hook, source, "{hook}"),
    }
}
