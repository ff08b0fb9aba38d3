//! The thread that checks, round after round.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use edctl_daemon::Paths;
use edctl_fault::Fault;

use super::board::{Board, Node};
use super::config::HealthConfig;
use super::round::Round;

/// The running checks; dropping this ends them after the present look.
pub(crate) struct Health {
    board: Arc<Board>,
    changes: Sender<Change>,
    paths: Paths,
}

/// A configuration and its checks; none where nothing is to be checked.
struct Change {
    config: HealthConfig,
    round: Option<Round>,
}

impl Change {
    fn of(config: &HealthConfig, paths: &Paths) -> Result<Self, Fault> {
        let round = config.enabled.then(|| Round::new(config, paths)).transpose()?;
        Ok(Self { config: config.clone(), round })
    }
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
        let (changes, coming) = channel();
        let first = Change::of(config, paths)?;
        let for_thread = Arc::clone(&board);
        std::thread::Builder::new()
            .name("health".to_owned())
            .spawn(move || check_until_the_end(first, &coming, &for_thread))?;
        Ok(Self { board, changes, paths: paths.clone() })
    }

    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Takes over a changed configuration and what is expected now; what is known of the checks stays.
    ///
    /// # Errors
    /// Says why the expected state cannot be read; the old one stays.
    pub(crate) fn reload(&self, config: &HealthConfig) -> Result<(), Fault> {
        let change = Change::of(config, &self.paths)?;
        self.changes.send(change).map_err(|_| "the checks' thread has ended".into())
    }
}

fn check_until_the_end(mut current: Change, coming: &Receiver<Change>, board: &Board) {
    loop {
        let period = current.config.period();
        let next = Instant::now() + period;
        match &mut current.round {
            Some(round) => board.post(round.look(|_| true), current.config.period_secs),
            None => board.clear(),
        }
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        match coming.recv_timeout(wait) {
            Ok(mut change) => {
                if let (Some(round), Some(earlier)) = (&mut change.round, current.round.take()) {
                    round.inherit(earlier);
                }
                current = change;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
