//! One message to the agent, and at most the budget's wait for its answer.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edctl_fault::Chain;
use edctl_hookmsg::{DecodeError, MAX_REPLY_BYTES, Reply};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// How long to let a full queue of connections drain before the next attempt.
const PAUSE: Duration = Duration::from_millis(2);

/// What came back.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The agent's reply.
    Reply(Reply),
    /// Nothing that one can use, and why.
    None(NoAnswer),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("cannot make the message")]
    Message(#[source] DecodeError),
    #[error("cannot {doing} {}", socket.display())]
    Socket { doing: &'static str, socket: PathBuf, source: io::Error },
    #[error("the time is up")]
    Late,
    #[error("the reply is not understood")]
    Reply(#[from] DecodeError),
}

impl Answer {
    /// The job's trace context, if the agent knows it.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        match self {
            Answer::Reply(reply) => reply.traceparent.as_deref(),
            Answer::None(_) => None,
        }
    }
}

impl Answer {
    /// Why no job should start here, if the agent says so.
    pub(crate) fn unfit(&self) -> Option<&str> {
        match self {
            Answer::Reply(reply) => reply.unfit.as_deref(),
            Answer::None(_) => None,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Reply(reply) => write!(f, "the agent says {:?}", reply.outcome),
            Answer::None(reason) => write!(f, "no answer from the agent: {}", Chain(reason)),
        }
    }
}

/// Sends `line` and reads the reply; together they take no longer than `budget`.
pub(crate) fn ask(socket: &Path, line: &[u8], budget: Duration) -> Answer {
    let deadline = Instant::now() + budget;
    match exchange(socket, line, deadline) {
        Ok(reply) => Answer::Reply(reply),
        Err(reason) => Answer::None(reason),
    }
}

fn exchange(socket: &Path, line: &[u8], deadline: Instant) -> Result<Reply, NoAnswer> {
    let mut stream = UnixStream::from(connect_by(socket, deadline)?);
    let failed = |doing, source| NoAnswer::Socket { doing, socket: socket.to_owned(), source };

    stream.set_nonblocking(false).map_err(|e| failed("set up", e))?;
    stream.set_write_timeout(Some(left(deadline)?)).map_err(|e| failed("set up", e))?;
    stream.write_all(line).map_err(|e| failed("write to", e))?;

    let mut reply = Vec::with_capacity(MAX_REPLY_BYTES);
    let mut buffer = [0; MAX_REPLY_BYTES];
    while !reply.ends_with(b"\n") && reply.len() <= MAX_REPLY_BYTES {
        stream.set_read_timeout(Some(left(deadline)?)).map_err(|e| failed("set up", e))?;
        match stream.read(&mut buffer).map_err(|e| failed("read from", e))? {
            0 => break,
            n => reply.extend_from_slice(&buffer[..n]),
        }
    }
    Ok(Reply::decode(&reply)?)
}

/// Connects without ever blocking: a blocking connect waits for ever while the queue is full, as
/// it is when the agent hangs.
fn connect_by(socket: &Path, deadline: Instant) -> Result<OwnedFd, NoAnswer> {
    let failed =
        |doing, e: Errno| NoAnswer::Socket { doing, socket: socket.to_owned(), source: e.into() };
    let address = SocketAddrUnix::new(socket).map_err(|e| failed("address", e))?;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(|e| failed("make a socket for", e))?;
    loop {
        match connect(&fd, &address) {
            Ok(()) => return Ok(fd),
            Err(Errno::AGAIN | Errno::INTR) => std::thread::sleep(PAUSE.min(left(deadline)?)),
            Err(e) => return Err(failed("connect to", e)),
        }
    }
}

fn left(deadline: Instant) -> Result<Duration, NoAnswer> {
    match deadline.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(left),
        _ => Err(NoAnswer::Late),
    }
}
