//! The one thread that asks the disk of the node's state for anything. It may hang with the disk: then
//! the state goes on in memory, and is written when the disk answers again.

use edctl_fault::{Chain, Fault};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, SyncSender, sync_channel};
use std::time::Duration;

use super::error::HooksError;
use super::record::Record;
use crate::node::{Disk, NodeState, StoreError};

/// How long to wait before the next attempt after the disk refused.
const RETRY: Duration = Duration::from_secs(5);
/// How long the end waits for what is not written yet.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// The disk, and the state that it kept.
pub(crate) type Opened = Result<(Box<dyn Disk>, NodeState), Fault>;

/// The writing thread. Dropping it ends it, or leaves it where its disk does not answer.
pub(crate) struct Writer {
    record: Arc<Record>,
    /// Closed when the thread ends.
    ended: Receiver<()>,
}

impl Writer {
    /// Starts the thread, which calls `open` first, until it succeeds. Hands it back when the state is
    /// loaded, or after `patience`: then the record says that it is not.
    pub(crate) fn start(
        record: Arc<Record>,
        open: impl FnMut() -> Opened + Send + 'static,
        patience: Duration,
    ) -> Result<Self, Fault> {
        // Without a buffer: whoever sends knows whether somebody still waits.
        let (first, opened) = sync_channel(0);
        let (ending, ended) = sync_channel(0);
        let for_thread = Arc::clone(&record);
        std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || {
                let _ending: SyncSender<()> = ending;
                if let Some(disk) = open_disk(&for_thread, open, &first) {
                    Keeper { record: for_thread, disk, is_behind: false }.work();
                }
            })
            .map_err(|source| HooksError::Thread { thread: "writing", source })?;
        let writer = Self { record, ended };
        match opened.recv_timeout(patience) {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) => Ok(writer),
            Err(RecvTimeoutError::Disconnected) => Err(HooksError::WriterEnded.into()),
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!(
                    "the disk of the node's state does not answer: starting without what it kept"
                );
                Ok(writer)
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.record.stop();
        if self.ended.recv_timeout(STOP_PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let events = self.record.lock().unwritten();
            tracing::warn!(
                events,
                "the disk of the node's state does not answer; leaving without what it has not taken"
            );
        }
    }
}

/// Opens the disk, again and again once the start waits no longer. `None` where the start fails, and
/// at the end.
fn open_disk(
    record: &Record,
    mut open: impl FnMut() -> Opened,
    first: &SyncSender<Result<(), Fault>>,
) -> Option<Box<dyn Disk>> {
    loop {
        record.lock().ask_disk();
        let opened = open();
        record.lock().hear_disk(opened.is_err());
        match opened {
            Ok((disk, kept)) => {
                record.lock().load(kept);
                if first.send(Ok(())).is_err() {
                    tracing::info!("the disk of the node's state answers; what it kept is loaded");
                }
                return Some(disk);
            }
            Err(error) => match first.send(Err(error)) {
                Err(SendError(Err(error))) => {
                    tracing::error!("the node's state is not kept: {}", Chain(&*error));
                }
                _ => return None,
            },
        }
        if record.pause(RETRY) {
            return None;
        }
    }
}

/// The disk, and whether it lacks something.
struct Keeper {
    record: Arc<Record>,
    disk: Box<dyn Disk>,
    /// The disk refused lines: only a snapshot brings them there.
    is_behind: bool,
}

impl Keeper {
    /// Does what is queued until the end.
    fn work(&mut self) {
        while let Some(mut batch) = self.record.next_batch(self.is_behind.then_some(RETRY)) {
            let is_written = self.write(batch.lines());
            self.record.lock().end_batch();
            batch.tell_written(is_written);
            if is_written && self.disk.is_long() {
                self.fold();
            }
            if batch.wants_sync() {
                let is_synced = is_written && self.ask(|disk| disk.sync());
                batch.tell_synced(is_synced);
            }
        }
    }

    fn write(&mut self, lines: &[u8]) -> bool {
        let is_written = if self.is_behind {
            self.fold()
        } else {
            lines.is_empty() || self.ask(|disk| disk.append(lines))
        };
        self.is_behind = !is_written;
        is_written
    }

    fn fold(&mut self) -> bool {
        let state = self.record.lock().state().clone();
        self.ask(|disk| disk.fold(&state))
    }

    /// Whether the disk did it.
    fn ask(&mut self, question: impl FnOnce(&mut dyn Disk) -> Result<(), StoreError>) -> bool {
        self.record.lock().ask_disk();
        let answer = question(&mut *self.disk);
        self.record.lock().hear_disk(answer.is_err());
        if let Err(error) = &answer {
            tracing::error!("the node's state is not kept: {}", Chain(error));
        }
        answer.is_ok()
    }
}
