//! Asking file systems for their capacity without ever waiting long: statfs on a dead network
//! mount blocks for ever, and cannot be interrupted.
//!
//! One thread asks one file system after the other. When an answer takes too long, the thread is
//! left to its fate, its file system is not asked again until it answered, and a new thread goes on
//! with the next one. So a healthy node has one thread, and each stuck mount costs one.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::host::AskCapacity;

const STACK_BYTES: usize = 64 << 10;
/// More stuck mounts than this are reported as stuck without being asked.
const MOST_STUCK: usize = 16;

/// What a file system says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub(crate) size_bytes: u64,
    pub(crate) free_bytes: u64,
    pub(crate) avail_bytes: u64,
    pub(crate) files: u64,
    pub(crate) files_free: u64,
}

impl Capacity {
    /// Asks the file system at `path`; may block for ever.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let stat = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Ok(Self {
            size_bytes: bytes(stat.f_blocks),
            free_bytes: bytes(stat.f_bfree),
            avail_bytes: bytes(stat.f_bavail),
            files: stat.f_files,
            files_free: stat.f_ffree,
        })
    }
}

/// What came of asking one file system.
#[derive(Debug)]
pub(super) enum Answer {
    Capacity(Capacity),
    Error(io::Error),
    /// It has not answered for so long.
    Stuck(Duration),
}

/// Asks file systems, and remembers which ones are stuck.
pub(super) struct Prober {
    ask: Arc<AskCapacity>,
    patience: Duration,
    stuck: Arc<Mutex<HashMap<PathBuf, Instant>>>,
    /// The thread that has answered all that it was asked.
    idle: Option<Asker>,
}

/// The way to a thread and back. It ends when this is dropped and the file system that it asks, if any,
/// has answered.
struct Asker {
    asks: Sender<Vec<PathBuf>>,
    answers: Receiver<io::Result<Capacity>>,
}

impl Prober {
    pub(super) fn new(ask: Arc<AskCapacity>, patience: Duration) -> Self {
        Self { ask, patience, stuck: Arc::default(), idle: None }
    }

    /// The answers of all `paths`, in their order.
    pub(super) fn ask_all(&mut self, paths: &[PathBuf]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(paths.len());
        while answers.len() < paths.len() {
            let rest = &paths[answers.len()..];
            if let Some(since) = self.stuck_since(&rest[0]) {
                answers.push(Answer::Stuck(since.elapsed()));
                continue;
            }
            let until_stuck = rest.iter().position(|path| self.stuck_since(path).is_some());
            let askable = &rest[..until_stuck.unwrap_or(rest.len())];
            answers.extend(self.ask_some(askable));
        }
        answers
    }

    /// The answers of `paths` up to and with the first that is stuck.
    fn ask_some(&mut self, paths: &[PathBuf]) -> Vec<Answer> {
        let start = Instant::now();
        if self.lock().len() >= MOST_STUCK {
            return vec![Answer::Stuck(Duration::ZERO)];
        }
        let asker = match self.idle.take().map_or_else(|| self.spawn(), Ok) {
            Ok(asker) => asker,
            Err(error) => return vec![Answer::Error(error)],
        };
        // Where the thread has died, no answer comes either.
        let _ = asker.asks.send(paths.to_vec());
        let mut answers = Vec::with_capacity(paths.len());
        for path in paths {
            match asker.answers.recv_timeout(self.patience) {
                Ok(Ok(capacity)) => answers.push(Answer::Capacity(capacity)),
                Ok(Err(error)) => answers.push(Answer::Error(error)),
                Err(RecvTimeoutError::Timeout) => {
                    self.lock().insert(path.clone(), start);
                    answers.push(Answer::Stuck(start.elapsed()));
                    return answers;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    answers.push(Answer::Error(io::Error::other("the asking thread died")));
                    return answers;
                }
            }
        }
        self.idle = Some(asker);
        answers
    }

    fn spawn(&self) -> io::Result<Asker> {
        let (asks, asked) = channel();
        let (answer, answers) = channel();
        let (ask, stuck) = (Arc::clone(&self.ask), Arc::clone(&self.stuck));
        std::thread::Builder::new()
            .name("statfs".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&asked, ask.as_ref(), &answer, &stuck))?;
        Ok(Asker { asks, answers })
    }

    fn stuck_since(&self, path: &Path) -> Option<Instant> {
        self.lock().get(path).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Instant>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks until nobody listens any more, which is when a path was stuck and another thread goes on.
fn work(
    asked: &Receiver<Vec<PathBuf>>,
    ask: &AskCapacity,
    answers: &Sender<io::Result<Capacity>>,
    stuck: &Mutex<HashMap<PathBuf, Instant>>,
) {
    for path in asked.iter().flatten() {
        let answer = ask(&path);
        stuck.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
        if answers.send(answer).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const CAPACITY: Capacity =
        Capacity { size_bytes: 8, free_bytes: 6, avail_bytes: 4, files: 2, files_free: 1 };

    fn words(answers: &[Answer]) -> Vec<&'static str> {
        answers
            .iter()
            .map(|answer| match answer {
                Answer::Capacity(_) => "capacity",
                Answer::Error(_) => "error",
                Answer::Stuck(_) => "stuck",
            })
            .collect()
    }

    #[test]
    fn a_stuck_mount_costs_one_wait_and_comes_back() {
        let gate = Arc::new(Barrier::new(2));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let ask = {
            let (gate, calls) = (Arc::clone(&gate), Arc::clone(&calls));
            move |path: &Path| {
                let times = {
                    let mut calls = calls.lock().unwrap();
                    calls.push(path.to_owned());
                    calls.iter().filter(|asked| *asked == path).count()
                };
                if path == Path::new("/stuck") && times == 1 {
                    gate.wait();
                }
                if path == Path::new("/broken") {
                    return Err(io::Error::from_raw_os_error(5));
                }
                Ok(CAPACITY)
            }
        };
        // Long enough for a busy machine to run the thread, and waited for only once.
        let mut prober = Prober::new(Arc::new(ask), Duration::from_secs(2));
        let paths = ["/", "/stuck", "/broken", "/home"].map(PathBuf::from);

        assert_eq!(words(&prober.ask_all(&paths[..1])), ["capacity"]);
        let all = ["capacity", "stuck", "error", "capacity"];
        assert_eq!(words(&prober.ask_all(&paths)), all);
        assert_eq!(words(&prober.ask_all(&paths)), all);
        let asked = |path: &str| {
            calls.lock().unwrap().iter().filter(|asked| *asked == Path::new(path)).count()
        };
        assert_eq!((asked("/stuck"), asked("/home")), (1, 2), "asked once while it is stuck");

        gate.wait();
        while prober.stuck_since(Path::new("/stuck")).is_some() {
            std::thread::yield_now();
        }
        let back = ["capacity", "capacity", "error", "capacity"];
        assert_eq!(words(&prober.ask_all(&paths)), back);
    }
}
