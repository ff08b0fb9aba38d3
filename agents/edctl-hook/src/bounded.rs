//! A disk is asked on a thread, which the process's end takes with it. Where the kernel lets nothing end the wait
//! (state D), the process is reaped only when the disk answers: that takes a process of its own to leave behind, and a
//! hook starts none.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// What the work gives; nothing where it takes longer.
pub(crate) fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + Clone + 'static,
) -> Option<T> {
    let work_there = work.clone();
    let (done, result) = sync_channel(1);
    let thread = std::thread::Builder::new().spawn(move || done.send(work_there()));
    match thread {
        Ok(_) => result.recv_timeout(patience).ok(),
        Err(_) => Some(work()),
    }
}
