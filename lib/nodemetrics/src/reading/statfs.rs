//! Asking file systems for their capacity without ever waiting long: statfs on a dead network
//! mount blocks for ever, and cannot be interrupted.
//!
//! One thread asks one file system after the other. When an answer takes too long, the thread is
//! left to its fate, its file system is not asked again until it answered, and a new thread goes on
//! with the next one. So a healthy node has one thread, and each stuck mount costs one.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::host::{AskCapacity, Capacity};

const STACK_BYTES: usize = 64 << 10;
/// More stuck mounts than this are reported as stuck without being asked.
const MOST_STUCK: usize = 16;

/// What came of asking one file system.
#[derive(Debug)]
pub(crate) enum Answer {
    Capacity(Capacity),
    Error(io::Error),
    /// It has not answered for so long.
    Stuck(Duration),
}

impl Answer {
    fn of(result: io::Result<Capacity>) -> Self {
        result.map_or_else(Self::Error, Self::Capacity)
    }
}

/// Asks file systems, and remembers which ones are stuck.
pub(crate) struct Prober {
    ask: Arc<AskCapacity>,
    patience: Duration,
    stuck: Arc<Mutex<HashMap<PathBuf, Instant>>>,
    /// The thread that has answered all that it was asked.
    idle: Option<Asker>,
}

/// The way to a thread. It ends when this is dropped and the file system that it asks, if any, has
/// answered.
struct Asker {
    batches: Sender<Arc<Batch>>,
}

/// File systems that one thread asks. Who waits is woken once, by the last answer.
struct Batch {
    paths: Vec<PathBuf>,
    progress: Mutex<Progress>,
    complete: Condvar,
}

struct Progress {
    answers: Vec<io::Result<Capacity>>,
    /// When the last of them came, or the thread was asked.
    last: Instant,
    /// One took too long: nobody waits for the others any more.
    is_left: bool,
}

impl Batch {
    fn new(paths: &[PathBuf]) -> Arc<Self> {
        let progress = Progress {
            answers: Vec::with_capacity(paths.len()),
            last: Instant::now(),
            is_left: false,
        };
        let (progress, complete) = (Mutex::new(progress), Condvar::new());
        Arc::new(Self { paths: paths.to_vec(), progress, complete })
    }

    /// Waits until all have answered, or one has not for as long as `patience`.
    fn wait(&self, patience: Duration) -> MutexGuard<'_, Progress> {
        let mut progress = self.lock();
        while progress.answers.len() < self.paths.len() {
            let rest = patience.saturating_sub(progress.last.elapsed());
            if rest.is_zero() {
                progress.is_left = true;
                break;
            }
            let waited = self.complete.wait_timeout(progress, rest);
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        progress
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prober {
    pub(crate) fn new(ask: Arc<AskCapacity>, patience: Duration) -> Self {
        Self { ask, patience, stuck: Arc::default(), idle: None }
    }

    /// The answers of all `paths`, in their order.
    pub(crate) fn ask_all(&mut self, paths: &[PathBuf]) -> Vec<Answer> {
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
        let batch = Batch::new(paths);
        // Where the thread has died, no answer comes either.
        let _ = asker.batches.send(Arc::clone(&batch));
        let mut progress = batch.wait(self.patience);
        let mut answers: Vec<Answer> = progress.answers.drain(..).map(Answer::of).collect();
        match paths.get(answers.len()) {
            None => self.idle = Some(asker),
            // Noted before the lock goes: the thread may come back at once.
            Some(path) => {
                self.lock().insert(path.clone(), start);
                answers.push(Answer::Stuck(start.elapsed()));
            }
        }
        answers
    }

    fn spawn(&self) -> io::Result<Asker> {
        let (batches, asked) = channel();
        let (ask, stuck) = (Arc::clone(&self.ask), Arc::clone(&self.stuck));
        std::thread::Builder::new()
            .name("statfs".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&asked, ask.as_ref(), &stuck))?;
        Ok(Asker { batches })
    }

    fn stuck_since(&self, path: &Path) -> Option<Instant> {
        self.lock().get(path).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Instant>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks until nobody has more to ask, or one took too long and another thread goes on.
fn work(
    batches: &Receiver<Arc<Batch>>,
    ask: &AskCapacity,
    stuck: &Mutex<HashMap<PathBuf, Instant>>,
) {
    for batch in batches {
        for path in &batch.paths {
            let answer = ask(path);
            let mut progress = batch.lock();
            if progress.is_left {
                stuck.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
                return;
            }
            progress.answers.push(answer);
            progress.last = Instant::now();
            if progress.answers.len() == batch.paths.len() {
                batch.complete.notify_one();
            }
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
