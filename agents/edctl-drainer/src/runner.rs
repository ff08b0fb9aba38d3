//! The thread that goes round after round.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use edctl_fault::Fault;

use crate::agents::Agents;
use crate::config::Config;
use crate::round::Rounds;
use crate::view::Round;

/// The last round, and what all of them did.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) last: Option<Round>,
    pub(crate) rounds: u64,
    pub(crate) failed_rounds: u64,
    pub(crate) drains: u64,
    pub(crate) resumes: u64,
    pub(crate) failed_updates: u64,
}

/// The running rounds; dropping this ends them after the present one.
pub(crate) struct Runner {
    seen: Arc<Mutex<Seen>>,
    changes: Sender<Change>,
}

struct Change {
    rounds: Rounds,
    config: Config,
}

impl Change {
    fn of(config: Config) -> Result<Self, Fault> {
        let agents = Agents::new(&config.agents)?;
        Ok(Self { rounds: Rounds::new(&config, agents), config })
    }
}

impl Runner {
    /// # Errors
    /// Says what of the configuration cannot be used, or that there is no thread.
    pub(crate) fn start(config: Config) -> Result<Self, Fault> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (changes, coming) = channel();
        let first = Change::of(config)?;
        let for_thread = Arc::clone(&seen);
        std::thread::Builder::new()
            .name("rounds".to_owned())
            .spawn(move || go_until_the_end(first, &coming, &for_thread))?;
        Ok(Self { seen, changes })
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    pub(crate) fn share(&self) -> Arc<Mutex<Seen>> {
        Arc::clone(&self.seen)
    }

    /// # Errors
    /// Says what of the configuration cannot be used.
    pub(crate) fn reload(&self, config: Config) -> Result<(), Fault> {
        let change = Change::of(config)?;
        self.changes.send(change).map_err(|_| "the rounds' thread has ended".into())
    }
}

/// For a moment only.
pub(crate) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn go_until_the_end(mut current: Change, coming: &Receiver<Change>, seen: &Mutex<Seen>) {
    loop {
        let next = Instant::now() + current.config.drainer.interval();
        let round = current.rounds.go();
        keep(&round, &current.config.drainer.round_file);
        lock(seen).take(round);
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        match coming.recv_timeout(wait) {
            Ok(change) => current = change,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn keep(round: &Round, path: &Path) {
    if path.as_os_str().is_empty() {
        return;
    }
    if let Err(error) = round.write(path) {
        tracing::warn!(
            "edctl-drainer status will not know of this round: {}: {error}",
            path.display()
        );
    }
}

impl Seen {
    fn take(&mut self, round: Round) {
        self.rounds += 1;
        self.failed_rounds += u64::from(round.error.is_some());
        for done in &round.done {
            match done.error {
                Some(_) => self.failed_updates += 1,
                None if done.what.starts_with("drain ") => self.drains += 1,
                None => self.resumes += 1,
            }
        }
        self.last = Some(round);
    }
}
