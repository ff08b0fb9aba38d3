//! Wakes the sampler when a group comes or goes, when a process joins one, and when a process that
//! leads a task ends: between its end and the removal of its group is the last moment to read it.

use std::collections::{HashMap, HashSet};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use edctl_jobcgroup::Faults;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::bell::Bell;
use super::reader::{Seen, Task};

/// Processes whose end is waited for; far below the limit of open files.
const MOST_LEADERS: usize = 512;
/// Some hundred events at a time.
const EVENTS_BYTES: usize = 16 << 10;
/// Files whose change says that processes came or went.
const TELLING: [&[u8]; 2] = [b"cgroup.procs", b"cgroup.events"];

/// Why a wait ended; with nothing set, because its time was over.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    /// Somebody rang.
    pub(crate) rung: bool,
    /// Groups or processes came or went.
    pub(crate) changed: bool,
    /// Tasks whose leading process ended.
    pub(crate) ended: Vec<Task>,
}

/// What is watched now.
pub(crate) struct Watch {
    bell: Bell,
    inotify: Option<OwnedFd>,
    /// By directory; `None` where it could not be watched.
    dirs: HashMap<PathBuf, Option<i32>>,
    leaders: HashMap<PathBuf, Leader>,
    /// Leaders that ended, so that none is waited for again while the kernel still lists it.
    dead: HashMap<PathBuf, u32>,
}

struct Leader {
    pid: u32,
    fd: OwnedFd,
    task: Task,
}

impl Watch {
    pub(crate) fn new(bell: Bell, faults: &mut Faults) -> Self {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let inotify = inotify.inspect_err(|_| faults.add("inotify", "init")).ok();
        Self { bell, inotify, dirs: HashMap::new(), leaders: HashMap::new(), dead: HashMap::new() }
    }

    /// Watches what a pass saw and nothing else. True where a directory is new, so that what came
    /// into it before it was watched has not been seen.
    pub(crate) fn follow(&mut self, seen: &Seen, faults: &mut Faults) -> bool {
        self.follow_leaders(&seen.tasks);
        self.follow_dirs(&seen.dirs, faults)
    }

    fn follow_dirs(&mut self, dirs: &[PathBuf], faults: &mut Faults) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let present: HashSet<&PathBuf> = dirs.iter().collect();
        self.dirs.retain(|dir, _| present.contains(dir));
        let events = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MODIFY
            | WatchFlags::ONLYDIR;
        let mut any_new = false;
        for dir in dirs {
            if self.dirs.contains_key(dir) {
                continue;
            }
            let watch = match inotify::add_watch(inotify, dir, events) {
                Ok(watch) => Some(watch),
                Err(Errno::NOENT) => continue,
                Err(_) => {
                    faults.add("inotify", "watch");
                    None
                }
            };
            any_new |= watch.is_some();
            self.dirs.insert(dir.clone(), watch);
        }
        any_new
    }

    fn follow_leaders(&mut self, tasks: &[Task]) {
        let mut before = std::mem::take(&mut self.leaders);
        let mut dead = std::mem::take(&mut self.dead);
        for task in tasks {
            let Some(dir) = task.group.dir() else { continue };
            if let Some(dead) = dead.remove(dir) {
                self.dead.insert(dir.to_owned(), dead);
            }
            let leader = match before.remove(dir) {
                Some(leader) => Some(Leader { task: task.clone(), ..leader }),
                None if self.leaders.len() < MOST_LEADERS => self.find_leader(task),
                None => None,
            };
            if let Some(leader) = leader {
                self.leaders.insert(dir.to_owned(), leader);
            }
        }
    }

    fn find_leader(&self, task: &Task) -> Option<Leader> {
        let pid = *task.group.pids(1).first()?;
        if task.group.dir().is_some_and(|dir| self.dead.get(dir) == Some(&pid)) {
            return None;
        }
        let raw = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let fd = pidfd_open(raw, PidfdFlags::empty()).ok()?;
        Some(Leader { pid, fd, task: task.clone() })
    }

    /// Waits until something happens, at most for `patience`.
    pub(crate) fn wait(&mut self, patience: Duration) -> Woken {
        let timeout = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let leaders: Vec<(&PathBuf, &Leader)> = self.leaders.iter().collect();
        let mut fds = vec![PollFd::new(&self.bell, PollFlags::IN)];
        fds.extend(leaders.iter().map(|(_, leader)| PollFd::new(&leader.fd, PollFlags::IN)));
        fds.extend(
            self.inotify.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)),
        );
        if poll(&mut fds, Some(&timeout)).is_err() {
            // Interrupted by a signal: the caller waits again.
            return Woken::default();
        }
        let ready = fds[1..].iter().zip(&leaders).filter(|(fd, _)| !fd.revents().is_empty());
        let ended: Vec<PathBuf> = ready.map(|(_, (dir, _))| (*dir).clone()).collect();
        Woken { rung: self.bell.still(), ended: self.bury(ended), changed: self.drain() }
    }

    fn bury(&mut self, ended: Vec<PathBuf>) -> Vec<Task> {
        let mut tasks = Vec::new();
        for dir in ended {
            if let Some(leader) = self.leaders.remove(&dir) {
                self.dead.insert(dir, leader.pid);
                tasks.push(leader.task);
            }
        }
        tasks
    }

    /// Reads all events; true where one of them says that a group or a process came or went.
    fn drain(&mut self) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let mut buffer = vec![MaybeUninit::uninit(); EVENTS_BYTES];
        let mut reader = inotify::Reader::new(inotify, &mut buffer);
        let mut changed = false;
        // It ends with the error that says that there are no more events.
        while let Ok(event) = reader.next() {
            let flags = event.events();
            if flags.contains(ReadFlags::IGNORED) {
                let gone = Some(event.wd());
                self.dirs.retain(|_, watch| *watch != gone);
            }
            let is_file = flags.contains(ReadFlags::MODIFY);
            let is_telling = |name: &std::ffi::CStr| TELLING.contains(&name.to_bytes());
            changed |= !is_file || event.file_name().is_some_and(is_telling);
        }
        changed
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
