//! Work on a thread of its own, for what may block: who asks waits only a moment, and one that is stuck is not
//! asked again before it has come back.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Why there is nothing from the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It is still at work.
    #[error("no answer for {} s", waited.as_secs())]
    Stuck {
        /// How long it has been.
        waited: Duration,
    },
    /// It could not start, or ended by a panic.
    #[error("its thread has ended")]
    Ended,
}

/// The thread, and whether it is at work.
pub struct Apart<T> {
    ask: SyncSender<()>,
    answers: Receiver<(T, Duration)>,
    /// When it was asked for what it has not given yet.
    asked: Option<Instant>,
}

impl<T: Send + 'static> Apart<T> {
    /// Starts the thread; it ends when this is dropped and its work, if any, is done.
    pub fn start(name: &'static str, mut work: impl FnMut() -> T + Send + 'static) -> Self {
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
            tracing::error!(work = name, %error, "no thread");
        }
        Self { ask, answers, asked: None }
    }

    /// Has it begin, unless it is still at the last scrape's work.
    pub fn begin(&mut self) {
        if self.asked.is_some() && self.answers.try_recv().is_ok() {
            // What comes after its page is of no use to the next one.
            self.asked = None;
        }
        if self.asked.is_none() && self.ask.try_send(()).is_ok() {
            self.asked = Some(Instant::now());
        }
    }

    /// What it has, if that comes by then, and how long it took.
    pub fn end(&mut self, until: Instant) -> (Result<T, Lost>, Duration) {
        let Some(asked) = self.asked else {
            return (Err(Lost::Ended), Duration::ZERO);
        };
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((result, duration)) => {
                self.asked = None;
                (Ok(result), duration)
            }
            Err(RecvTimeoutError::Timeout) => {
                let waited = asked.elapsed();
                (Err(Lost::Stuck { waited }), waited)
            }
            Err(RecvTimeoutError::Disconnected) => (Err(Lost::Ended), Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

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
            assert!(matches!(outcome, Err(Lost::Stuck { .. })));
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
            assert_eq!(outcome, Err(Lost::Ended));
        }
    }
}
