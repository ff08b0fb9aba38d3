//! The thread that checks, round after round.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use edctl_daemon::Paths;
use edctl_fault::Fault;

use super::board::{Board, Node};
use super::config::HealthConfig;
use super::round::Round;

/// The checks, where the configuration wants any; dropping this ends them after the present round.
pub(crate) struct Health {
    board: Arc<Board>,
    paths: Paths,
    /// To the thread; absent where nothing is checked.
    changes: Option<Sender<Change>>,
}

/// A configuration and its checks.
struct Change {
    config: HealthConfig,
    round: Round,
}

impl Health {
    /// Starts the checks.
    ///
    /// # Errors
    /// Says why the expected state cannot be read, or that there is no thread.
    pub(crate) fn start(
        config: &HealthConfig,
        paths: &Paths,
        boot_id: &str,
    ) -> Result<Self, Fault> {
        let board = Arc::new(Board::new(Node::read(&paths.rootfs, boot_id)));
        let mut health = Self { board, paths: paths.clone(), changes: None };
        health.reload(config)?;
        Ok(health)
    }

    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Takes over a changed configuration and what is expected now; what is known of the checks stays.
    ///
    /// # Errors
    /// Says why the expected state cannot be read, or that there is no thread; the old one stays.
    pub(crate) fn reload(&mut self, config: &HealthConfig) -> Result<(), Fault> {
        if !config.enabled {
            self.changes = None;
            return Ok(());
        }
        let round = Round::new(config, &self.paths)?;
        let change = Change { config: config.clone(), round };
        match &self.changes {
            Some(changes) => {
                changes.send(change).map_err(|_| "the checks' thread has ended".into())
            }
            None => self.spawn(change),
        }
    }

    fn spawn(&mut self, first: Change) -> Result<(), Fault> {
        let (changes, coming) = channel();
        let board = Arc::clone(&self.board);
        std::thread::Builder::new()
            .name("health".to_owned())
            .spawn(move || check_until_the_end(first, &coming, &board))?;
        self.changes = Some(changes);
        Ok(())
    }
}

fn check_until_the_end(mut current: Change, coming: &Receiver<Change>, board: &Board) {
    loop {
        let next = Instant::now() + current.config.period();
        board.post(current.round.look(|_| true), current.config.period_secs);
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        match coming.recv_timeout(wait) {
            Ok(mut change) => {
                change.round.inherit(current.round);
                current = change;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return board.clear(),
        }
    }
}
