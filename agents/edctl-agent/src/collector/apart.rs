//! A collector on a thread of its own, for what may block: a page waits for it only a moment, and one
//! that is stuck is not asked again before it has come back.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use edctl_exposition::Page;

use super::{CollectError, Collector};

/// How long the page waits for such collectors after all others are done.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

type Answer = (Result<Page, CollectError>, Duration);

/// The thread, and whether it is at work.
pub(super) struct Apart {
    ask: SyncSender<()>,
    answers: Receiver<Answer>,
    /// When it was asked for what it has not given yet.
    asked: Option<Instant>,
}

impl Apart {
    /// Starts the thread; it ends when this is dropped and its work, if any, is done.
    pub(super) fn start(name: &'static str, mut collector: Box<dyn Collector>) -> Self {
        let (ask, asked) = sync_channel::<()>(1);
        let (answer, answers) = sync_channel(1);
        let thread = std::thread::Builder::new().name(name.chars().take(15).collect());
        let spawned = thread.spawn(move || {
            for () in asked {
                let start = Instant::now();
                let mut page = Page::default();
                let outcome = collector.collect(&mut page).map(|()| page);
                if answer.send((outcome, start.elapsed())).is_err() {
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
    pub(super) fn begin(&mut self) {
        if self.asked.is_some() && self.answers.try_recv().is_ok() {
            // What comes after its page is of no use to the next one.
            self.asked = None;
        }
        if self.asked.is_none() && self.ask.try_send(()).is_ok() {
            self.asked = Some(Instant::now());
        }
    }

    /// Adds what it has to the page, if that comes by then.
    pub(super) fn end(
        &mut self,
        until: Instant,
        page: &mut Page,
    ) -> (Result<(), CollectError>, Duration) {
        let Some(asked) = self.asked else {
            return (Err(CollectError::NoThread), Duration::ZERO);
        };
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((outcome, duration)) => {
                self.asked = None;
                (outcome.map(|own| page.merge(own)), duration)
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

    use edctl_exposition::Family;

    use super::super::State;
    use super::*;

    struct Gated(Receiver<()>);

    impl Collector for Gated {
        fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
            let _closed = self.0.recv();
            page.add(Family::gauge("node_gated", "Gated.").with(&[], 1u64));
            Ok(())
        }
    }

    fn gated() -> (Sender<()>, Apart) {
        let (token, tokens) = channel();
        (token, Apart::start("gated", Box::new(Gated(tokens))))
    }

    #[test]
    fn one_that_is_stuck_costs_its_page_the_patience_and_recovers() {
        let (token, mut apart) = gated();
        for _ in 0..3 {
            apart.begin();
            let mut page = Page::default();
            let (outcome, _) = apart.end(Instant::now(), &mut page);
            assert_eq!(outcome.unwrap_err().state(), State::Timeout);
            assert_eq!(page.families().count(), 0);
        }
        // It comes back with what is too late, and is asked anew.
        token.send(()).unwrap();
        token.send(()).unwrap();
        let recovered = loop {
            apart.begin();
            let mut page = Page::default();
            let until = Instant::now() + Duration::from_secs(60);
            if apart.end(until, &mut page).0.is_ok() {
                break page;
            }
        };
        assert!(recovered.family("node_gated").is_some());
    }

    #[test]
    fn one_that_panics_is_no_threat() {
        struct Panics;
        impl Collector for Panics {
            fn collect(&mut self, _page: &mut Page) -> Result<(), CollectError> {
                panic!("as the test wants it");
            }
        }
        let mut apart = Apart::start("panics", Box::new(Panics));
        for _ in 0..2 {
            apart.begin();
            let until = Instant::now() + Duration::from_secs(60);
            let (outcome, _) = apart.end(until, &mut Page::default());
            assert_eq!(outcome.unwrap_err().state(), State::Error);
        }
    }
}
