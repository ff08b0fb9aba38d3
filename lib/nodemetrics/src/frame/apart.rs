//! A collector's work on a thread of its own, for what may block: a page waits for it only a moment, and
//! one that is stuck is not asked again before it has come back.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::reading::error::CollectError;

/// How long the page waits for such collectors after all others are done.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// The thread, and whether it is at work.
pub(crate) struct Apart<T> {
    ask: SyncSender<()>,
    answers: Receiver<(T, Duration)>,
    /// When it was asked for what it has not given yet.
    asked: Option<Instant>,
}

impl<T: Send + 'static> Apart<T> {
    /// Starts the thread; it ends when this is dropped and its work, if any, is done.
    pub(crate) fn start(name: &'static str, mut work: impl FnMut() -> T + Send + 'static) -> Self {
        let (ask, asked) = sync_channel::<()>(1);
        let (answer, answers) = sync_channel(1);
        let thread = std::thread::Builder::new().name(name.chars().take(15).collect());
        let spawned = thread.spawn(move || {
            for () in asked {
                let start = Instant::now();
                let result = work();
                if answer.send((result, start.elapsed())).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!(collector = name, %error, "no thread");
        }
        Self { ask, answers, asked: None }
    }

    /// Has it begin, unless it is still at the last scrape's work.
    pub(crate) fn begin(&mut self) {
        if self.asked.is_some() && self.answers.try_recv().is_ok() {
            // What comes after its page is of no use to the next one.
            self.asked = None;
        }
        if self.asked.is_none() && self.ask.try_send(()).is_ok() {
            self.asked = Some(Instant::now());
        }
    }

    /// What it has, if that comes by then, and how long it took.
    pub(crate) fn end(&mut self, until: Instant) -> (Result<T, CollectError>, Duration) {
        let Some(asked) = self.asked else {
            return (Err(CollectError::NoThread), Duration::ZERO);
        };
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((result, duration)) => {
                self.asked = None;
                (Ok(result), duration)
            }
            Err(RecvTimeoutError::Timeout) => {
                let waited = asked.elapsed();
                (Err(CollectError::Timeout { waited }), waited)
            }
            Err(RecvTimeoutError::Disconnected) => (Err(CollectError::NoThread), Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::reading::error::State;

    fn gated() -> (Sender<()>, Apart<u32>) {
        let (token, tokens) = channel();
        let work = move || {
            let _closed = tokens.recv();
            7
        };
        (token, Apart::start("gated", work))
    }

    #[test]
    fn one_that_is_stuck_costs_its_page_the_patience_and_recovers() {
        let (token, mut apart) = gated();
        for _ in 0..3 {
            apart.begin();
            let (outcome, _) = apart.end(Instant::now());
            assert_eq!(outcome.unwrap_err().state(), State::Timeout);
        }
        // It comes back with what is too late, and is asked anew.
        token.send(()).unwrap();
        token.send(()).unwrap();
        let recovered = loop {
            apart.begin();
            if let (Ok(result), _) = apart.end(Instant::now() + Duration::from_secs(60)) {
                break result;
            }
        };
        assert_eq!(recovered, 7);
    }

    #[test]
    fn one_that_panics_is_no_threat() {
        let mut apart = Apart::start("panics", || panic!("as the test wants it"));
        for _ in 0..2 {
            apart.begin();
            let (outcome, _): (Result<(), _>, _) =
                apart.end(Instant::now() + Duration::from_secs(60));
            assert_eq!(outcome.unwrap_err().state(), State::Error);
        }
    }
}
