//! What waits for the writer: lines of the log, and who waits for its word.

use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;

use crate::node::{NodeState, replay_lines};

/// Most bytes that wait; as many again may be with the writer.
const MOST_BYTES: usize = 4 << 20;
/// Most callers, and so events, that wait.
const MOST_CALLERS: usize = 8192;

/// Events in the order in which they were applied.
#[derive(Default)]
pub(super) struct Batch {
    lines: Vec<u8>,
    events: usize,
    on_written: Vec<oneshot::Sender<bool>>,
    /// Only the replayer asks for this. One that asked before has given up.
    on_synced: Option<SyncSender<bool>>,
}

impl Batch {
    pub(super) fn has_room_for(&self, line: &[u8]) -> bool {
        self.lines.len() + line.len() <= MOST_BYTES && self.on_written.len() < MOST_CALLERS
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.lines.extend_from_slice(line);
        self.events += 1;
    }

    pub(super) fn on_written(&mut self, told: oneshot::Sender<bool>) {
        self.on_written.push(told);
    }

    pub(super) fn on_synced(&mut self, told: SyncSender<bool>) {
        self.on_synced = Some(told);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.on_written.is_empty() && self.on_synced.is_none()
    }

    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Applies the events to a state that was kept before they came.
    pub(super) fn replay(&self, state: &mut NodeState, boot_id: &str) {
        replay_lines(&self.lines, state, boot_id);
    }

    pub(super) fn wants_sync(&self) -> bool {
        self.on_synced.is_some()
    }

    /// Tells the callers that still wait whether their events are in the files.
    pub(super) fn tell_written(&mut self, is_written: bool) {
        for told in self.on_written.drain(..) {
            let _gone = told.send(is_written);
        }
    }

    pub(super) fn tell_synced(&mut self, is_synced: bool) {
        if let Some(told) = self.on_synced.take() {
            let _gone = told.send(is_synced);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_callers_have_an_end() {
        let line = vec![b'x'; 1 << 20];
        let mut batch = Batch::default();
        for _ in 0..4 {
            assert!(batch.has_room_for(&line));
            batch.push(&line);
        }
        assert!(!batch.has_room_for(b"x"));

        let mut batch = Batch::default();
        for _ in 0..8192 {
            assert!(batch.has_room_for(b"x"));
            batch.on_written(oneshot::channel().0);
        }
        assert!(!batch.has_room_for(b"x"));
    }
}
