//! The thread that asks slurmctld: one command at a time, each source on its own schedule.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::PipeWriter;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use edctl_fault::Chain;

use crate::asker::Asker;
use crate::board::{Board, Loss, Moment, Slot};
use crate::config::Slurm;
use crate::schedule;
use crate::source::{Answer, PollError, Source};

/// The board, and a bell that rings after each poll.
#[derive(Default)]
pub(crate) struct Shared {
    board: Mutex<Board>,
    polled: Condvar,
}

impl Shared {
    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until each source has been asked once, but not beyond `until`.
    pub(crate) fn wait_for_first_polls(&self, settings: &Slurm, until: Instant) {
        let patience = until.saturating_duration_since(Instant::now());
        let unasked = |board: &mut Board| {
            settings.asked().any(|source| board.health(source).polls.count() == 0)
        };
        // Whether it was too late shows on the board.
        let _late = self.polled.wait_timeout_while(self.board(), patience, unasked);
    }

    /// Asks `source` now and notes the answer; returns the wait until it is asked again.
    pub(crate) fn poll(&self, source: Source, asker: &mut Asker) -> Duration {
        let (took, failures) = match source {
            Source::Access => {
                let polled = self.note(source, asker, Asker::access, |board| &mut board.access);
                self.board().hide_what_is_private();
                polled
            }
            Source::Diag => self.note(source, asker, Asker::diag, |board| &mut board.diag),
            Source::Nodes => self.note(source, asker, Asker::nodes, |board| &mut board.nodes),
            Source::Jobs => self.note(source, asker, Asker::jobs, |board| &mut board.jobs),
            Source::Licenses => {
                self.note(source, asker, Asker::licenses, |board| &mut board.licenses)
            }
            Source::Reservations => {
                self.note(source, asker, Asker::reservations, |board| &mut board.reservations)
            }
            Source::Shares => self.note(source, asker, Asker::shares, |board| &mut board.shares),
        };
        // sdiag itself costs next to nothing, and tells when the load has gone.
        let slowdown = if source == Source::Diag { 1 } else { self.slowdown(&asker.settings) };
        let interval = asker.interval(source, slowdown);
        schedule::wait(interval, took, failures, random_unit())
    }

    fn slowdown(&self, settings: &Slurm) -> u32 {
        let board = self.board();
        let diag = board.diag.fresh(Instant::now(), settings.max_age());
        diag.map_or(1, |diag| schedule::slowdown(&diag.now))
    }

    /// Runs `ask` without the lock and notes its outcome in the slot that `slot` chooses.
    fn note<T>(
        &self,
        source: Source,
        asker: &mut Asker,
        ask: impl FnOnce(&mut Asker) -> Result<Answer<T>, PollError>,
        slot: impl FnOnce(&mut Board) -> &mut Slot<T>,
    ) -> (Duration, u32) {
        let asked = Moment::now();
        let outcome = ask(asker);
        let took = asked.instant.elapsed();
        let error = outcome.as_ref().err().map(|error| Chain(error).to_string());
        let (failures, news) = {
            let mut board = self.board();
            let slot = slot(&mut board);
            slot.note(asked, took, outcome);
            slot.health.teller = asker.teller(source);
            (slot.health.failures_in_a_row, slot.health.take_news())
        };
        self.polled.notify_all();
        for Loss { what, reason, row } in news {
            tracing::warn!(source = source.word(), reason, row, "{what}; further ones are counted");
        }
        if let Some(error) = error {
            tracing::warn!(source = source.word(), failures, error, "poll failed");
        }
        (took, failures)
    }
}

/// Why there is no poller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollerError {
    #[error("cannot start the poller")]
    Start(#[from] std::io::Error),
    #[error("the poller has ended")]
    Ended,
}

/// A handle to the thread. To drop it ends the thread; a command that runs then is killed.
pub(crate) struct Poller(Option<Running>);

struct Running {
    settings: Sender<Slurm>,
    /// What the thread's commands look at: they are killed when it closes.
    alive: PipeWriter,
    thread: JoinHandle<()>,
}

impl Poller {
    /// Starts the thread.
    pub(crate) fn start(settings: &Slurm, shared: Arc<Shared>) -> Result<Self, PollerError> {
        let (sender, changes) = channel();
        let (cancel, alive) = std::io::pipe()?;
        let asker = Asker::new(settings.clone(), Some(Arc::new(cancel)));
        let thread = std::thread::Builder::new()
            .name("poll".to_owned())
            .spawn(move || work(asker, &shared, &changes))?;
        Ok(Self(Some(Running { settings: sender, alive, thread })))
    }

    /// Goes on with other settings, at once.
    pub(crate) fn change(&self, settings: Slurm) -> Result<(), PollerError> {
        match &self.0 {
            Some(running) if running.settings.send(settings).is_ok() => Ok(()),
            _ => Err(PollerError::Ended),
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        if let Some(Running { settings, alive, thread }) = self.0.take() {
            drop((settings, alive));
            // Else the process could end before the thread has killed its command.
            let _panicked = thread.join();
        }
    }
}

fn work(mut asker: Asker, shared: &Shared, changes: &Receiver<Slurm>) {
    let mut due = all_now(&asker.settings);
    loop {
        let next = due.iter_mut().min_by_key(|(when, _)| *when);
        let change = match &next {
            Some((when, _)) => changes.recv_timeout(when.saturating_duration_since(Instant::now())),
            None => changes.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match (change, next) {
            (Ok(settings), _) => {
                asker.change(settings);
                due = all_now(&asker.settings);
            }
            (Err(RecvTimeoutError::Timeout), Some((when, source))) => {
                *when = Instant::now() + shared.poll(*source, &mut asker);
            }
            _ => return,
        }
    }
}

/// When each source is to be asked: now.
fn all_now(settings: &Slurm) -> Vec<(Instant, Source)> {
    settings.asked().map(|source| (Instant::now(), source)).collect()
}

/// A number from 0 to 1 for jitter, from the seed that the standard library draws for its maps.
fn random_unit() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use edctl_slurm::{Diag, Figure, Rejected};

    use super::*;
    use crate::counts::DiagCounts;

    #[test]
    fn while_slurmctld_is_loaded_all_but_sdiag_are_asked_less() {
        let shared = Shared::default();
        let settings = Slurm { bin_dir: "/nowhere".into(), ..Slurm::default() };
        let mut asker = Asker::new(settings, None);
        let mut wait_secs = |source| shared.poll(source, &mut asker).as_secs_f64();
        assert!((19.0..=21.0).contains(&wait_secs(Source::Nodes)));

        let figures = [(Figure::ServerThreads, 200)].into();
        let counts =
            DiagCounts { now: Diag { figures, ..Diag::default() }, ..DiagCounts::default() };
        let answer = Answer { counts, rejected: Rejected::default() };
        shared.board().diag.note(Moment::now(), Duration::ZERO, Ok(answer));
        assert!((19.0..=21.0).contains(&wait_secs(Source::Diag)));
        // The second failure in a row doubles it once more.
        assert!((152.0..=168.0).contains(&wait_secs(Source::Nodes)));
    }
}
