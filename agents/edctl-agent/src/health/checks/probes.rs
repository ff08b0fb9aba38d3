//! Questions to file systems, each on a thread of its own that may be lost with a file server.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edctl_daemon::{Apart, Lost};

/// How long a round waits for all of them together.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a file system said, and how long that took.
pub(super) type Answer<T> = (Result<io::Result<T>, Lost>, Duration);

/// The threads, by what they ask.
pub(super) struct Probes<T> {
    ask: fn(&Path) -> io::Result<T>,
    threads: BTreeMap<PathBuf, Apart<io::Result<T>>>,
}

impl<T: Send + 'static> Probes<T> {
    pub(super) fn new(ask: fn(&Path) -> io::Result<T>) -> Self {
        Self { ask, threads: BTreeMap::new() }
    }

    /// Asks all of them at once; a place that has not answered the last question is not asked again.
    pub(super) fn ask(&mut self, paths: &[PathBuf]) -> Vec<Answer<T>> {
        self.threads.retain(|path, _| paths.contains(path));
        let ask = self.ask;
        for path in paths {
            let start = || {
                let path = path.clone();
                Apart::start("probe", move || ask(&path))
            };
            self.threads.entry(path.clone()).or_insert_with(start).begin();
        }
        let until = Instant::now() + PATIENCE;
        let answer = |path| match self.threads.get_mut(path) {
            Some(thread) => thread.end(until),
            None => (Err(Lost::Ended), Duration::ZERO),
        };
        paths.iter().map(answer).collect()
    }
}
