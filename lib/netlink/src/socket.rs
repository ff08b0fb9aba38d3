//! The socket over which the kernel is asked.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with,
};

use crate::message::{Content, Message, messages};
use crate::request::Request;

/// The kernel never makes a part of a dump longer.
const BUFFER_BYTES: usize = 32 << 10;
/// The kernel answers at once, or when others have let go of its locks.
const PATIENCE: Duration = Duration::from_secs(2);
/// As much as half a million sockets are.
const MAX_DUMP_BYTES: usize = 64 << 20;
/// Where things come and go all the time, no dump may ever be whole.
const ATTEMPTS: usize = 4;

/// The part of the kernel that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Network devices, routes and queues: rtnetlink(7).
    Route,
    /// Sockets: sock_diag(7).
    SocketDiagnosis,
    /// All that has a name and no number.
    Generic,
}

impl Protocol {
    /// Its number; rtnetlink's is 0.
    fn number(self) -> Option<rustix::net::Protocol> {
        match self {
            Self::Route => None,
            Self::SocketDiagnosis => Some(netlink::SOCK_DIAG),
            Self::Generic => Some(netlink::GENERIC),
        }
    }
}

/// Why a dump could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The socket does not work, or nothing came in time.
    #[error("cannot ask the kernel: {0}")]
    Socket(#[source] Errno),
    /// The kernel does not tell.
    #[error("the kernel does not tell: {0}")]
    Refused(#[source] Errno),
    /// It changed each time before it was told.
    #[error("it changes too fast to be told")]
    Interrupted,
    /// It is more than a machine can have.
    #[error("the kernel tells too much")]
    TooLong,
}

impl DumpError {
    /// Whether this kernel cannot tell at all, as it was built or as its modules are loaded.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        const UNSUPPORTED: [Errno; 4] =
            [Errno::NOENT, Errno::OPNOTSUPP, Errno::PROTONOSUPPORT, Errno::AFNOSUPPORT];
        match self {
            Self::Socket(error) | Self::Refused(error) => UNSUPPORTED.contains(error),
            Self::Interrupted | Self::TooLong => false,
        }
    }
}

/// A socket of netlink.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

impl Socket {
    /// Opens one to this part of the kernel.
    ///
    /// # Errors
    /// Where the kernel has no such part, or there are no more descriptors.
    pub fn open(protocol: Protocol) -> Result<Self, Errno> {
        #[cfg(fuzzing)]
        if let Some(told) = crate::fuzzing::open() {
            return Ok(Self::of(told));
        }
        let flags = SocketFlags::CLOEXEC;
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol.number())?;
        bind(&fd, &SocketAddrNetlink::new(0, 0))?;
        set_socket_timeout(&fd, Timeout::Recv, Some(PATIENCE))?;
        Ok(Self::of(fd))
    }

    fn of(fd: OwnedFd) -> Self {
        Self { fd, buffer: vec![0; BUFFER_BYTES], sequence: 0 }
    }

    /// Sends a request; returns the number that the answer will have.
    ///
    /// # Errors
    /// Where the socket refuses.
    pub fn send(&mut self, request: &Request) -> Result<u32, Errno> {
        self.sequence = self.sequence.wrapping_add(1);
        send(&self.fd, &request.bytes(self.sequence), SendFlags::empty())?;
        Ok(self.sequence)
    }

    /// Waits for messages.
    ///
    /// # Errors
    /// Where none come in time (`EAGAIN`), or they are longer than any should be (`EMSGSIZE`).
    pub fn receive(&mut self) -> Result<impl Iterator<Item = Message<'_>>, Errno> {
        Ok(messages(self.read(RecvFlags::empty())?))
    }

    /// Takes the messages that are there.
    ///
    /// # Errors
    /// As of [`Self::receive`], without the waiting.
    pub fn receive_now(&mut self) -> Result<impl Iterator<Item = Message<'_>>, Errno> {
        Ok(messages(self.read(RecvFlags::DONTWAIT)?))
    }

    /// Asks for all that there is of something: each message's type and body goes to `add`, which
    /// sums them up. A dump during which something changed is begun anew.
    ///
    /// # Errors
    /// Then the socket may still hold a part of the dump: it must not be used any more.
    pub fn dump<T: Default>(
        &mut self,
        request: &Request,
        mut add: impl FnMut(&mut T, u16, &[u8]),
    ) -> Result<T, DumpError> {
        for _ in 0..ATTEMPTS {
            let mut sum = T::default();
            if self.dump_once(request, |kind, body| add(&mut sum, kind, body))? {
                return Ok(sum);
            }
        }
        Err(DumpError::Interrupted)
    }

    /// Whether what it told was all of the same moment.
    fn dump_once(
        &mut self,
        request: &Request,
        mut add: impl FnMut(u16, &[u8]),
    ) -> Result<bool, DumpError> {
        let sequence = self.send(request).map_err(DumpError::Socket)?;
        let mut is_whole = true;
        let mut bytes = 0;
        while bytes < MAX_DUMP_BYTES {
            let read = match self.read(RecvFlags::empty()) {
                Ok(read) => read,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(DumpError::Socket(error)),
            };
            // Empty reads must have an end too.
            bytes += read.len().max(1);
            for message in messages(read).filter(|message| message.sequence == sequence) {
                is_whole &= !message.is_interrupted;
                match message.content {
                    Content::Data { kind, body } => add(kind, body),
                    Content::Done(Ok(())) => return Ok(is_whole),
                    Content::Answer(Ok(())) => {}
                    Content::Done(Err(error)) | Content::Answer(Err(error)) => {
                        return Err(DumpError::Refused(error));
                    }
                }
            }
        }
        Err(DumpError::TooLong)
    }

    fn read(&mut self, flags: RecvFlags) -> Result<&[u8], Errno> {
        let (_, length) = recv(&self.fd, &mut self.buffer[..], flags | RecvFlags::TRUNC)?;
        self.buffer.get(..length).ok_or(Errno::MSGSIZE)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::socketpair;

    use super::*;
    use crate::DUMP;
    use crate::message::tests::message;

    const DONE: u16 = 3;
    const ERROR: u16 = 2;
    const INTERRUPTED: u16 = 0x10;

    /// A socket to which a kernel of these tests has said all this, each element at once.
    fn told(reads: &[Vec<u8>]) -> (Socket, OwnedFd) {
        let (ours, kernels) =
            socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
        set_socket_timeout(&ours, Timeout::Recv, Some(Duration::from_millis(20))).unwrap();
        for read in reads {
            send(&kernels, read, SendFlags::empty()).unwrap();
        }
        (Socket::of(ours), kernels)
    }

    fn dump(socket: &mut Socket) -> Result<Vec<(u16, Vec<u8>)>, DumpError> {
        socket.dump(&Request::new(18, DUMP), |found: &mut Vec<_>, kind, body| {
            found.push((kind, body.to_vec()));
        })
    }

    #[test]
    fn a_dump_is_all_until_its_end() {
        let (mut socket, _kernels) = told(&[
            message(16, 2, 9, b"others"),
            [message(16, 2, 1, b"first"), message(16, 2, 1, b"second")].concat(),
            [message(16, 2, 1, b"third"), message(DONE, 2, 1, &[0; 4])].concat(),
        ]);
        let found = dump(&mut socket).unwrap();
        let expected = [&b"first"[..], b"second", b"third"].map(|body| (16, body.to_vec()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_changed_meanwhile_is_asked_again() {
        let changed = [message(16, 2, 1, b"old"), message(DONE, 2 | INTERRUPTED, 1, &[0; 4])];
        let whole = [message(16, 2, 2, b"new"), message(DONE, 2, 2, &[0; 4])];
        let (mut socket, _kernels) = told(&[changed.concat(), whole.concat()]);
        assert_eq!(dump(&mut socket).unwrap(), [(16, b"new".to_vec())]);
        let always = (1..9).map(|n| message(DONE, 2 | INTERRUPTED, n, &[0; 4])).collect::<Vec<_>>();
        let (mut socket, _kernels) = told(&always);
        assert!(matches!(dump(&mut socket), Err(DumpError::Interrupted)));
    }

    #[test]
    fn a_dump_that_cannot_be_had_is_an_error() {
        let refusal = (-1i32).to_ne_bytes();
        for kind in [ERROR, DONE] {
            let (mut socket, _kernels) = told(&[message(kind, 0, 1, &refusal)]);
            let error = dump(&mut socket).unwrap_err();
            assert!(matches!(error, DumpError::Refused(Errno::PERM)));
            assert!(!error.is_unsupported());
            let (mut socket, _kernels) = told(&[message(kind, 0, 1, &(-2i32).to_ne_bytes())]);
            assert!(dump(&mut socket).unwrap_err().is_unsupported());
        }
        for silent in [vec![], vec![message(16, 2, 1, b"x")], vec![vec![]]] {
            let (mut socket, _kernels) = told(&silent);
            assert!(matches!(dump(&mut socket), Err(DumpError::Socket(Errno::AGAIN))));
        }
        let (mut socket, _kernels) = told(&[message(16, 2, 1, &vec![0; BUFFER_BYTES])]);
        assert!(matches!(dump(&mut socket), Err(DumpError::Socket(Errno::MSGSIZE))));
    }

    #[test]
    fn the_kernel_tells_of_its_network_devices() {
        let mut socket = Socket::open(Protocol::Route).unwrap();
        for _ in 0..2 {
            let request = Request::new(18, DUMP).header(&[0; 16]);
            let devices = socket.dump(&request, |count: &mut usize, kind, _| {
                assert_eq!(kind, 16);
                *count += 1;
            });
            assert!(devices.unwrap() > 0);
        }
        assert_eq!(socket.receive_now().err(), Some(Errno::AGAIN));
    }
}
