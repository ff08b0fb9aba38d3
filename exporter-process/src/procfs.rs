//! Reads proc: the processes' ids, and one file for each, at three system calls (openat, read,
//! close) into one buffer.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use edctl_jobcgroup::number;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use crate::stat::Stat;

/// Where a listing is read to: some 4,000 processes a call.
const LISTING_BYTES: usize = 128 << 10;
/// More than any `stat` is long, and most other files.
const FILE_BYTES: usize = 4096;
/// More of a file is not read.
const MAX_FILE_BYTES: usize = 1 << 20;

/// Why a process could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It has ended since it was listed: no error, there is nothing to say.
    Gone,
    /// It is there, but the kernel refuses it.
    Denied,
    /// The kernel gave something else.
    Malformed,
    /// The kernel could not read it.
    Io,
}

impl ReadError {
    /// A short word for it, as errors are counted by.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Denied => "denied",
            Self::Malformed => "parse",
            Self::Io => "io",
        }
    }
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::SRCH => Self::Gone,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            _ => Self::Io,
        }
    }
}

/// An open proc.
pub(crate) struct ProcFs {
    root: OwnedFd,
    listing: Vec<MaybeUninit<u8>>,
    path: Vec<u8>,
    content: Vec<u8>,
}

impl ProcFs {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            root: rustix::fs::open(root, flags, Mode::empty())?,
            listing: vec![MaybeUninit::uninit(); LISTING_BYTES],
            path: Vec::with_capacity(32),
            content: vec![0; FILE_BYTES],
        })
    }

    /// Puts the ids of all processes into `pids`.
    pub(crate) fn list(&mut self, pids: &mut Vec<u32>) -> io::Result<()> {
        pids.clear();
        rustix::fs::seek(&self.root, SeekFrom::Start(0))?;
        let mut entries = RawDir::new(&self.root, &mut self.listing);
        while let Some(entry) = entries.next() {
            let name = number(entry?.file_name().to_bytes());
            pids.extend(name.and_then(|pid| u32::try_from(pid).ok()));
        }
        Ok(())
    }

    /// Reads one process's `stat`.
    pub(crate) fn read_stat(&mut self, pid: u32) -> Result<Stat, ReadError> {
        Stat::parse(pid, self.read(pid, "stat")?).ok_or(ReadError::Malformed)
    }

    /// Reads one of a process's files. Not for files that may block: `cmdline`,
    /// `environ`, `maps` and `smaps` wait for a lock that a process may hold as long as it likes.
    pub(crate) fn read(&mut self, pid: u32, file: &str) -> Result<&[u8], ReadError> {
        self.path.clear();
        // A vector takes all that is written.
        let _infallible = write!(self.path, "{pid}/{file}");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.root, &self.path[..], flags, Mode::empty())?;
        let mut length = rustix::io::read(&file, &mut self.content)?;
        // What fills the buffer may go on: a number that is cut is another number.
        while length == self.content.len() && length < MAX_FILE_BYTES {
            self.content.resize(2 * length, 0);
            length += rustix::io::read(&file, &mut self.content[length..])?;
        }
        Ok(&self.content[..length])
    }

    /// Where a process's link to its program leads; needs the right to trace the process.
    pub(crate) fn read_exe(&self, pid: u32) -> Option<Vec<u8>> {
        let link = rustix::fs::readlinkat(&self.root, format!("{pid}/exe"), Vec::new()).ok()?;
        Some(link.into_bytes())
    }

    /// Puts the ids of a process's threads into `threads`.
    pub(crate) fn list_threads(
        &mut self,
        pid: u32,
        threads: &mut Vec<u32>,
    ) -> Result<(), ReadError> {
        threads.clear();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let tasks = rustix::fs::openat(&self.root, format!("{pid}/task"), flags, Mode::empty())?;
        let mut entries = RawDir::new(&tasks, &mut self.listing);
        while let Some(entry) = entries.next() {
            let name = number(entry?.file_name().to_bytes());
            threads.extend(name.and_then(|thread| u32::try_from(thread).ok()));
        }
        Ok(())
    }

    /// How many files a process has open: Linux from 6.2 says so as the size of `fd`, an older one
    /// lists them.
    pub(crate) fn count_open_files(&mut self, pid: u32) -> Result<u64, ReadError> {
        let directory = format!("{pid}/fd");
        let stat = rustix::fs::statat(&self.root, &directory, AtFlags::empty())?;
        if let Ok(open @ 1..) = u64::try_from(stat.st_size) {
            return Ok(open);
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(&self.root, &directory, flags, Mode::empty())?;
        let mut open = 0;
        let mut entries = RawDir::new(&directory, &mut self.listing);
        while let Some(entry) = entries.next() {
            open += u64::from(number(entry?.file_name().to_bytes()).is_some());
        }
        Ok(open)
    }

    /// When the system was booted, in seconds since the epoch, as the clock is set now; `None` where it
    /// is not set at all.
    pub(crate) fn read_boot_time_secs(&self) -> Option<u64> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.root, "stat", flags, Mode::empty()).ok()?;
        let mut content = Vec::new();
        std::fs::File::from(file).read_to_end(&mut content).ok()?;
        let mut lines = content.split(|b| *b == b'\n');
        let btime = number(lines.find_map(|line| line.strip_prefix(b"btime "))?);
        btime.filter(|secs| *secs > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn reads_the_kernels_own() {
        let mut proc = ProcFs::open(Path::new("/proc")).unwrap();
        let mut pids = Vec::new();
        for _ in 0..2 {
            proc.list(&mut pids).unwrap();
            assert!(pids.contains(&std::process::id()));
        }
        let stat = proc.read_stat(std::process::id()).unwrap();
        assert!(stat.resident_pages > Some(0) && stat.threads > Some(0) && !stat.is_kernel_thread);
        assert!(proc.read_boot_time_secs().unwrap() > 1_000_000_000);
    }

    #[test]
    fn tells_the_failures_apart() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("7", "8 (sh) S"), ("9", ""), ("net", "1"), ("1x", "1")] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("stat"), content).unwrap();
        }
        fs::create_dir_all(dir.path().join("10/stat")).unwrap();
        fs::write(dir.path().join("stat"), "cpu 1\n").unwrap();

        let mut proc = ProcFs::open(dir.path()).unwrap();
        let mut pids = Vec::new();
        proc.list(&mut pids).unwrap();
        pids.sort_unstable();
        assert_eq!(pids, [7, 9, 10]);
        assert_eq!(proc.read_stat(7), Err(ReadError::Malformed));
        assert_eq!(proc.read_stat(8), Err(ReadError::Gone));
        assert_eq!(proc.read_stat(9), Err(ReadError::Malformed));
        assert_eq!(proc.read_stat(10), Err(ReadError::Io));
        assert_eq!(proc.read_boot_time_secs(), None);
        fs::write(dir.path().join("stat"), b"cpu \xfc\nbtime 17\n").unwrap();
        assert_eq!(proc.read_boot_time_secs(), Some(17));
        fs::write(dir.path().join("stat"), "cpu 1\nbtime 0\n").unwrap();
        assert_eq!(proc.read_boot_time_secs(), None);
        let long = "x".repeat(3 * FILE_BYTES);
        fs::write(dir.path().join("7/status"), &long).unwrap();
        assert_eq!(proc.read(7, "status"), Ok(long.as_bytes()));
        assert!(ProcFs::open(Path::new("/does/not/exist")).is_err());
    }
}
