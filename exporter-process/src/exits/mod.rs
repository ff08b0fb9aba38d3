//! Processes that have ended, as the kernel's task statistics tell of each: what a process used up to
//! its very end, also of one that no scan has met.

mod inbox;
mod layout;
mod message;
mod record;
mod socket;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

pub(crate) use self::inbox::Exit;
pub(crate) use self::record::Activity;

use self::inbox::Inbox;
use self::record::{Record, Unusable};
use self::socket::{Received, Refused, Socket};

/// How long the reader waits at a time; at its end it looks whether it is still wanted.
const WAIT: Duration = Duration::from_millis(500);

/// Whether the ends of processes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    On,
    /// By the configuration.
    Off,
    /// The exporter lacks CAP_NET_ADMIN or is in a container.
    Denied,
    /// The kernel has no task statistics of version 12 or later.
    Unsupported,
    /// The kernel's records are of a version whose layout is not known here.
    UnknownVersion,
    /// The kernel gave an error; the journal says which.
    Failed,
}

impl State {
    pub(crate) const ALL: [State; 6] = [
        State::On,
        State::Off,
        State::Denied,
        State::Unsupported,
        State::UnknownVersion,
        State::Failed,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Denied => "denied",
            Self::Unsupported => "unsupported",
            Self::UnknownVersion => "unknown_version",
            Self::Failed => "failed",
        }
    }
}

/// What has ended since the last time that one asked.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) exits: Vec<Exit>,
    /// Times that the kernel's buffer ran over, each with an unknown number of lost records.
    pub(crate) overruns: u64,
    /// Ends that nobody took in time.
    pub(crate) dropped: u64,
    /// Figures that were left out because they make no sense, and records without a frame.
    pub(crate) left_out: u64,
}

/// Where the ends of processes come from; a thread of its own empties the kernel's buffer.
pub(crate) struct Exits {
    state: State,
    shared: Option<Arc<Mutex<Reading>>>,
}

struct Reading {
    socket: Socket,
    inbox: Inbox,
    overruns: u64,
    left_out: u64,
    /// The first error of the socket ends the reading, and a record of a version that is not known.
    broken: Option<State>,
}

impl Exits {
    /// Nothing is told of.
    pub(crate) fn off() -> Self {
        Self { state: State::Off, shared: None }
    }

    /// Asks the kernel to tell, and starts the thread that listens.
    pub(crate) fn start(sysfs: &Path) -> Self {
        let socket = match Socket::open(sysfs) {
            Ok(socket) => socket,
            Err(refused) => return Self { state: refused.state(), shared: None },
        };
        let inbox = Inbox::default();
        let reading = Reading { socket, inbox, overruns: 0, left_out: 0, broken: None };
        let shared = Arc::new(Mutex::new(reading));
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("exits".to_owned());
        match thread.spawn(move || listen(&for_thread)) {
            Ok(_) => Self { state: State::On, shared: Some(shared) },
            Err(error) => {
                tracing::error!(%error, "no thread for the kernel's exit records");
                Self { state: State::Failed, shared: None }
            }
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// All that has ended up to now.
    pub(crate) fn take(&mut self) -> Taken {
        let Some(shared) = &self.shared else { return Taken::default() };
        let mut reading = shared.lock().unwrap_or_else(PoisonError::into_inner);
        reading.drain();
        if let Some(state) = reading.broken {
            self.state = state;
        }
        let (exits, dropped) = reading.inbox.take();
        let overruns = std::mem::take(&mut reading.overruns);
        Taken { exits, overruns, dropped, left_out: std::mem::take(&mut reading.left_out) }
    }
}

impl Reading {
    fn drain(&mut self) {
        while self.broken.is_none() {
            match self.socket.receive() {
                Ok(Received::Nothing) => return,
                Ok(Received::Overrun) => {
                    self.overruns += 1;
                    self.inbox.forget_parts();
                }
                Ok(Received::Records(records)) => {
                    let now_ns = ns_since_boot();
                    for record in records {
                        self.take_in(record, now_ns);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the kernel's exit records cannot be read any more");
                    self.broken = Some(State::Failed);
                }
            }
        }
    }
}

impl Reading {
    fn take_in(&mut self, record: Result<Record, Unusable>, now_ns: u64) {
        match record {
            Ok(record) => {
                self.left_out += record.left_out;
                self.inbox.add(&record, now_ns);
            }
            Err(Unusable::Malformed) => self.left_out += 1,
            Err(Unusable::OldKernel) => self.broken = Some(State::Unsupported),
            Err(Unusable::UnknownVersion(version)) => {
                tracing::error!(version, "the kernel's exit records are of an unknown version");
                self.broken = Some(State::UnknownVersion);
            }
        }
    }
}

impl Refused {
    fn state(self) -> State {
        match self {
            Self::Denied => State::Denied,
            Self::Unsupported => State::Unsupported,
            Self::Failed(errno) => {
                tracing::error!(error = %errno, "the kernel's exit records cannot be had");
                State::Failed
            }
        }
    }
}

/// Empties the socket until nobody asks for the ends any more.
fn listen(shared: &Arc<Mutex<Reading>>) {
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(fd) = lock().socket.fd().try_clone_to_owned() else { return };
    let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(WAIT.subsec_nanos()) };
    while Arc::strong_count(shared) > 1 && lock().broken.is_none() {
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => lock().drain(),
            Err(error) => {
                tracing::error!(%error, "cannot wait for the kernel's exit records");
                return;
            }
        }
    }
}

fn ns_since_boot() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec)
        .unwrap_or(0)
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}
