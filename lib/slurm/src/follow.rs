//! Follows one child from its start to its end: its output, its deadline, its process group.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::error::RunError;

/// How much of a command's stderr is kept.
const STDERR_BYTES: usize = 64 << 10;

/// How long a killed child may take to be gone before a thread of its own waits for it (it may
/// hang in the kernel, in a read from a dead file server).
const REAP: Duration = Duration::from_secs(1);

/// The bounds of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest time from start to end.
    pub(crate) deadline: Duration,
    /// Most bytes on stdout.
    pub(crate) stdout_bytes: usize,
}

/// Hands `child`'s stdout to `sink` until it ends, and returns its stderr. Whatever happens, its
/// whole process group is gone afterwards.
pub(crate) fn follow(
    child: Child,
    program: PathBuf,
    limits: Limits,
    cancel: Option<&PipeReader>,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<String, RunError> {
    let mut run = Run { group: Pid::from_child(&child), child: Some(child), limits };
    let outcome = run.watch(cancel, sink);
    let status = run.kill_and_reap();
    match outcome {
        Ok(End::Exited { stderr }) => match status {
            Some(status) if status.success() => Ok(stderr),
            Some(status) => Err(RunError::Failed { program, status, stderr }),
            None => Err(RunError::Timeout { program, after: limits.deadline }),
        },
        Ok(End::Late) => Err(RunError::Timeout { program, after: limits.deadline }),
        Ok(End::Cancelled) => Err(RunError::Cancelled { program }),
        Ok(End::TooLarge) => Err(RunError::TooLarge { program, limit_bytes: limits.stdout_bytes }),
        Err(source) => Err(RunError::Io { program, source }),
    }
}

enum End {
    Exited { stderr: String },
    Late,
    Cancelled,
    TooLarge,
}

struct Run {
    group: Pid,
    child: Option<Child>,
    limits: Limits,
}

impl Run {
    fn watch(
        &mut self,
        cancel: Option<&PipeReader>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> io::Result<End> {
        let until = Instant::now() + self.limits.deadline;
        let pidfd = pidfd_open(self.group, PidfdFlags::empty())?;
        let child = self.child.as_mut();
        let (stdout, stderr) = child.map_or((None, None), |c| (c.stdout.take(), c.stderr.take()));
        let mut stdout = Pipe::new(stdout.map(OwnedFd::from))?;
        let mut stderr = Pipe::new(stderr.map(OwnedFd::from))?;

        let mut printed_bytes = 0usize;
        let mut complaint = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        let mut exited = false;
        loop {
            let mut idle = true;
            if let Some(chunk) = stdout.read(&mut buffer)? {
                idle = false;
                printed_bytes += chunk.len();
                if printed_bytes > self.limits.stdout_bytes {
                    return Ok(End::TooLarge);
                }
                sink(chunk);
            }
            if let Some(chunk) = stderr.read(&mut buffer)? {
                idle = false;
                let room = STDERR_BYTES.saturating_sub(complaint.len());
                complaint.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            // A child that has ended may have left words in the pipes: both must be found empty
            // once more after its end. A grandchild that keeps them open is not waited for.
            if idle && exited {
                return Ok(End::Exited { stderr: String::from_utf8_lossy(&complaint).into() });
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(End::Late);
            }
            // Also where the command never pauses, a look at the other ends costs little.
            let at_most = if idle { left } else { Duration::ZERO };
            let woken = wait_for(&[stdout.fd(), stderr.fd()], &pidfd, cancel, at_most)?;
            if woken.cancelled {
                return Ok(End::Cancelled);
            }
            exited = woken.exited;
        }
    }

    /// Kills what is left of the group and collects the child. It must not have been collected
    /// before: only while it is a zombie is its group's number surely its own.
    fn kill_and_reap(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        let _gone_already = kill_process_group(self.group, Signal::KILL);
        let until = Instant::now() + REAP;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                _ => break,
            }
        }
        std::thread::spawn(move || child.wait());
        None
    }
}

/// What [`wait_for`] saw beside the pipes.
#[derive(Default)]
struct Woken {
    exited: bool,
    cancelled: bool,
}

/// Waits until one of `pipes` has something, the child has ended or the caller has lost interest.
fn wait_for(
    pipes: &[Option<&OwnedFd>],
    pidfd: &OwnedFd,
    cancel: Option<&PipeReader>,
    at_most: Duration,
) -> io::Result<Woken> {
    let mut fds = vec![PollFd::new(pidfd, PollFlags::IN)];
    fds.extend(cancel.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    fds.extend(pipes.iter().flatten().map(|fd| PollFd::new(*fd, PollFlags::IN)));
    let timeout = Timespec::try_from(at_most).map_err(io::Error::other)?;
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) => Ok(Woken {
            exited: !fds[0].revents().is_empty(),
            cancelled: cancel.is_some() && !fds[1].revents().is_empty(),
        }),
        Err(Errno::INTR) => Ok(Woken::default()),
        Err(error) => Err(error.into()),
    }
}

/// Our end of one of the child's pipes, until it closes.
struct Pipe(Option<OwnedFd>);

impl Pipe {
    fn new(fd: Option<OwnedFd>) -> io::Result<Self> {
        if let Some(fd) = &fd {
            rustix::io::ioctl_fionbio(fd.as_fd(), true)?;
        }
        Ok(Self(fd))
    }

    fn fd(&self) -> Option<&OwnedFd> {
        self.0.as_ref()
    }

    /// What lies in the pipe now; `None` when it is empty or closed.
    fn read<'b>(&mut self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        let Some(fd) = &self.0 else { return Ok(None) };
        match rustix::io::read(fd, &mut *buffer) {
            Ok(0) => {
                self.0 = None;
                Ok(None)
            }
            Ok(n) => Ok(Some(&buffer[..n])),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
