//! The socket on which the kernel tells of ended tasks. It needs CAP_NET_ADMIN, and the initial pid
//! and user namespaces: a container gets none.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use edctl_netlink::{Content, Protocol};
use rustix::io::Errno;
use rustix::net::sockopt;

use super::message;
use super::record::{Record, Unusable};

/// Records that the kernel may keep for us, some 20,000; more than a second of the wildest churn.
const RECEIVE_BYTES: usize = 16 << 20;
/// Relative to sysfs.
const POSSIBLE_CPUS: &str = "devices/system/cpu/possible";

/// Why the kernel tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No capability, or not in the initial namespaces.
    Denied,
    /// The kernel has no task statistics, or too old ones.
    Unsupported,
    /// The system gave an error that says neither.
    Failed(Errno),
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PERM | Errno::ACCESS | Errno::INVAL => Self::Denied,
            Errno::NOENT | Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT | Errno::OPNOTSUPP => {
                Self::Unsupported
            }
            other => Self::Failed(other),
        }
    }
}

/// A socket that is told of every exit.
pub(super) struct Socket {
    netlink: edctl_netlink::Socket,
    family: u16,
}

/// What one read found.
pub(super) enum Received {
    /// Nothing is waiting.
    Nothing,
    /// The buffer ran over: records are lost.
    Overrun,
    /// These threads have ended.
    Records(Vec<Result<Record, Unusable>>),
}

impl Socket {
    /// Opens a socket and has the kernel tell it of the exits on all CPUs.
    pub(super) fn open(sysfs: &Path) -> Result<Self, Refused> {
        let netlink = edctl_netlink::Socket::open(Protocol::Generic)?;
        // Beyond the system's limit with the capability that is needed anyway.
        sockopt::set_socket_recv_buffer_size_force(&netlink, RECEIVE_BYTES)?;
        let mut socket = Self { netlink, family: 0 };
        socket.family = socket.ask_family()?;
        socket.register(&read_possible_cpus(sysfs).ok_or(Refused::Unsupported)?)?;
        Ok(socket)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.netlink.as_fd()
    }

    /// Reads one message, without waiting for it.
    pub(super) fn receive(&mut self) -> Result<Received, Errno> {
        let messages = match self.netlink.receive_now() {
            Ok(messages) => messages,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Received::Nothing),
            Err(Errno::NOBUFS) => return Ok(Received::Overrun),
            Err(error) => return Err(error),
        };
        let family = self.family;
        let records = messages
            .filter_map(|message| match message.content {
                Content::Data { kind, body } if kind == family => Some(body),
                _ => None,
            })
            .flat_map(message::records)
            .map(Record::parse)
            .collect();
        Ok(Received::Records(records))
    }

    fn ask_family(&mut self) -> Result<u16, Refused> {
        self.netlink.send(&message::ask_family("TASKSTATS"))?;
        match self.netlink.receive()?.next().map(|message| message.content) {
            Some(Content::Data { body, .. }) => {
                message::family_id(body).ok_or(Refused::Unsupported)
            }
            Some(Content::Answer(Err(errno))) => Err(errno.into()),
            _ => Err(Refused::Unsupported),
        }
    }

    fn register(&mut self, cpus: &str) -> Result<(), Refused> {
        self.netlink.send(&message::ask_exits(self.family, cpus))?;
        // A record may come before the answer; it is of a process that ends before the first scan.
        loop {
            for message in self.netlink.receive()? {
                if let Content::Answer(answer) = message.content {
                    return Ok(answer?);
                }
            }
        }
    }
}

fn read_possible_cpus(sysfs: &Path) -> Option<String> {
    let cpus = std::fs::read_to_string(sysfs.join(POSSIBLE_CPUS)).ok()?;
    let cpus = cpus.trim();
    (!cpus.is_empty()).then(|| cpus.to_owned())
}
