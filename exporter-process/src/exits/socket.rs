//! The socket on which the kernel tells of ended tasks. It needs CAP_NET_ADMIN, and the initial pid
//! and user namespaces: a container gets none.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with,
    sockopt,
};

use super::message::{self, Message};
use super::record::{Record, Unusable};

/// Records that the kernel may keep for us, some 20,000; more than a second of the wildest churn.
const RECEIVE_BYTES: usize = 16 << 20;
/// More than a message is long.
const MESSAGE_BYTES: usize = 16 << 10;
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
    fd: OwnedFd,
    family: u16,
    buffer: Vec<u8>,
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
        let flags = SocketFlags::CLOEXEC;
        let fd =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(netlink::GENERIC))?;
        bind(&fd, &SocketAddrNetlink::new(0, 0))?;
        // Beyond the system's limit with the capability that is needed anyway.
        sockopt::set_socket_recv_buffer_size_force(&fd, RECEIVE_BYTES)?;
        let mut socket = Self { fd, family: 0, buffer: vec![0; MESSAGE_BYTES] };
        socket.family = socket.ask_family()?;
        socket.register(&read_possible_cpus(sysfs).ok_or(Refused::Unsupported)?)?;
        Ok(socket)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Reads one message, without waiting for it.
    pub(super) fn receive(&mut self) -> Result<Received, Errno> {
        let length = match recv(&self.fd, &mut self.buffer[..], RecvFlags::DONTWAIT) {
            Ok((length, _)) => length,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Received::Nothing),
            Err(Errno::NOBUFS) => return Ok(Received::Overrun),
            Err(error) => return Err(error),
        };
        let ours = |message| match message {
            Message::Data { family, attributes } if family == self.family => Some(attributes),
            Message::Data { .. } | Message::Answer(_) => None,
        };
        let records = message::messages(&self.buffer[..length])
            .filter_map(ours)
            .flat_map(message::records)
            .map(Record::parse)
            .collect();
        Ok(Received::Records(records))
    }

    fn ask_family(&mut self) -> Result<u16, Refused> {
        send(&self.fd, &message::ask_family("TASKSTATS"), SendFlags::empty())?;
        let (length, _) = recv(&self.fd, &mut self.buffer[..], RecvFlags::empty())?;
        match message::messages(&self.buffer[..length]).next() {
            Some(Message::Data { attributes, .. }) => {
                message::family_id(attributes).ok_or(Refused::Unsupported)
            }
            Some(Message::Answer(code)) => Err(Errno::from_raw_os_error(-code).into()),
            None => Err(Refused::Unsupported),
        }
    }

    fn register(&mut self, cpus: &str) -> Result<(), Refused> {
        send(&self.fd, &message::ask_exits(self.family, cpus), SendFlags::empty())?;
        // A record may come before the answer; it is of a process that ends before the first scan.
        loop {
            let (length, _) = recv(&self.fd, &mut self.buffer[..], RecvFlags::empty())?;
            for message in message::messages(&self.buffer[..length]) {
                match message {
                    Message::Answer(0) => return Ok(()),
                    Message::Answer(code) => {
                        return Err(Errno::from_raw_os_error(-code).into());
                    }
                    Message::Data { .. } => {}
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
