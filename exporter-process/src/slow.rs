//! Reads of files that may block: `cmdline` and `smaps_rollup` wait for a lock of the process that
//! they are of, which a process that is stuck on a dead file server never gives back. They are read
//! by threads of their own, and nobody waits for them longer than a moment.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long one file is waited for.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long one scan waits for all of them.
const PATIENCE_PER_SCAN: Duration = Duration::from_millis(200);
/// Most threads; when so many are stuck, nothing is read until one comes back.
const MAX_READERS: usize = 8;
/// More of a file is not read.
const MAX_BYTES: u64 = 64 << 10;

/// A file of one process; the start tells it from a later process of the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) pid: u32,
    pub(crate) start_ticks: u64,
    pub(crate) file: &'static str,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Content(Vec<u8>),
    /// It cannot be read, or the process is gone.
    Unreadable,
    /// Not yet; to be asked again at the next scan.
    Waiting,
}

/// The threads, and what they were asked.
pub(crate) struct SlowReader {
    procfs: PathBuf,
    readers: Vec<Reader>,
    /// Answers that came after the patience was over.
    late: HashMap<Question, Option<Vec<u8>>>,
    until: Instant,
}

struct Reader {
    ask: SyncSender<Question>,
    answers: Receiver<Option<Vec<u8>>>,
    busy: Option<Question>,
}

impl SlowReader {
    pub(crate) fn new(procfs: &Path) -> Self {
        Self {
            procfs: procfs.to_owned(),
            readers: Vec::new(),
            late: HashMap::new(),
            until: Instant::now(),
        }
    }

    /// Begins a scan with new patience. Answers about processes that are gone are forgotten.
    pub(crate) fn begin(&mut self, is_there: impl Fn(&Question) -> bool) {
        self.until = Instant::now() + PATIENCE_PER_SCAN;
        self.collect_late();
        self.late.retain(|question, _| is_there(question));
    }

    /// Reads a file, or says that its content is not there yet.
    pub(crate) fn read(&mut self, question: Question) -> Answer {
        if let Some(answer) = self.late.remove(&question) {
            return answer.map_or(Answer::Unreadable, Answer::Content);
        }
        if self.readers.iter().any(|reader| reader.busy == Some(question)) {
            return Answer::Waiting;
        }
        let patience = PATIENCE.min(self.until.saturating_duration_since(Instant::now()));
        let Some(reader) = (!patience.is_zero()).then(|| self.idle()).flatten() else {
            return Answer::Waiting;
        };
        if reader.ask.try_send(question).is_err() {
            return Answer::Waiting;
        }
        match reader.answers.recv_timeout(patience) {
            Ok(answer) => answer.map_or(Answer::Unreadable, Answer::Content),
            Err(_) => {
                reader.busy = Some(question);
                Answer::Waiting
            }
        }
    }

    /// Processes of which a file has not been given yet.
    pub(crate) fn stuck_processes(&self) -> usize {
        let busy: HashSet<u32> =
            self.readers.iter().filter_map(|reader| Some(reader.busy?.pid)).collect();
        busy.len()
    }

    fn idle(&mut self) -> Option<&mut Reader> {
        let idle = self.readers.iter().position(|reader| reader.busy.is_none());
        if idle.is_none() && self.readers.len() < MAX_READERS {
            self.readers.push(start(self.procfs.clone())?);
            return self.readers.last_mut();
        }
        self.readers.get_mut(idle?)
    }

    fn collect_late(&mut self) {
        for reader in &mut self.readers {
            if let Some(question) = reader.busy
                && let Ok(answer) = reader.answers.try_recv()
            {
                reader.busy = None;
                self.late.insert(question, answer);
            }
        }
    }
}

/// A thread that reads what it is asked until nobody can ask any more.
fn start(procfs: PathBuf) -> Option<Reader> {
    let (ask, questions) = sync_channel::<Question>(1);
    let (answer, answers) = sync_channel(1);
    let spawned = std::thread::Builder::new().name("slow-reader".to_owned()).spawn(move || {
        for Question { pid, file, .. } in questions {
            if answer.send(read(&procfs, pid, file)).is_err() {
                return;
            }
        }
    });
    match spawned {
        Ok(_) => Some(Reader { ask, answers, busy: None }),
        Err(error) => {
            tracing::error!(%error, "no thread for files that may block");
            None
        }
    }
}

fn read(procfs: &Path, pid: u32, file: &str) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(procfs.join(pid.to_string()).join(file)).ok()?;
    file.take(MAX_BYTES).read_to_end(&mut content).ok()?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
    use rustix::io::Errno;

    use super::*;

    /// A proc in which one process's `cmdline` is a pipe, whose open blocks until somebody writes.
    fn stuck_proc() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for pid in ["7", "8"] {
            std::fs::create_dir(dir.path().join(pid)).unwrap();
        }
        std::fs::write(dir.path().join("7/cmdline"), b"yosys\0-s\0").unwrap();
        let pipe = dir.path().join("8/cmdline");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        dir
    }

    /// Lets the readers that block now go on, if there is any.
    fn release(proc: &tempfile::TempDir, content: &[u8]) {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK;
        if let Ok(pipe) = rustix::fs::open(proc.path().join("8/cmdline"), flags, Mode::empty()) {
            // One that went on at another's end of file may close before this is written.
            let written = rustix::io::write(pipe, content);
            assert!(matches!(written, Ok(_) | Err(Errno::PIPE)), "{written:?}");
        }
    }

    fn question(pid: u32) -> Question {
        Question { pid, start_ticks: 1, file: "cmdline" }
    }

    /// The answer, at this scan or at a later one: a busy machine may take longer than the patience.
    fn answer(slow: &mut SlowReader, question: Question) -> Answer {
        loop {
            slow.begin(|_| true);
            match slow.read(question) {
                Answer::Waiting => std::thread::yield_now(),
                answer => return answer,
            }
        }
    }

    #[test]
    fn a_process_that_blocks_costs_a_moment_and_the_others_nothing() {
        let proc = stuck_proc();
        let mut slow = SlowReader::new(proc.path());
        for _ in 0..50 {
            slow.begin(|_| true);
            assert_eq!(slow.read(question(8)), Answer::Waiting);
            let content = answer(&mut slow, question(7));
            assert_eq!(content, Answer::Content(b"yosys\0-s\0".to_vec()));
        }
        let busy = slow.readers.iter().filter(|reader| reader.busy == Some(question(8))).count();
        assert_eq!((slow.stuck_processes(), busy), (1, 1));

        // It comes back: the answer is there at a later scan.
        release(&proc, b"late\0");
        assert_eq!(answer(&mut slow, question(8)), Answer::Content(b"late\0".to_vec()));
        assert_eq!(slow.stuck_processes(), 0);
    }

    #[test]
    fn many_that_block_are_no_more_than_so_many_threads() {
        let proc = stuck_proc();
        let mut slow = SlowReader::new(proc.path());
        for start_ticks in 0..100 {
            slow.begin(|_| true);
            assert_eq!(slow.read(Question { start_ticks, ..question(8) }), Answer::Waiting);
        }
        assert_eq!(slow.readers.len(), MAX_READERS);
        // All threads come back, so that the test leaves none behind.
        while slow.readers.iter().any(|reader| reader.busy.is_some()) {
            release(&proc, b"x");
            slow.begin(|_| true);
        }
    }

    #[test]
    fn what_is_not_there_is_unreadable() {
        let proc = stuck_proc();
        let mut slow = SlowReader::new(proc.path());
        assert_eq!(answer(&mut slow, question(9)), Answer::Unreadable);
    }
}
