//! Asking over D-Bus: one question, one answer, until a deadline. That is all that the agent needs; a whole
//! implementation would be forty crates and a runtime of its own.

mod invalid;
mod message;
mod value;

use self::invalid::invalid;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) use self::message::Call;
use self::message::{Head, Kind};
pub(crate) use self::value::Value;

/// Messages beside the answer that may come before it.
const MOST_OTHERS: usize = 1000;
/// The longest line while both sides agree on who is who.
const MAX_LINE_BYTES: usize = 4096;

/// What an answer says.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Values(Vec<Value>),
    /// The name of the error, such as `org.freedesktop.DBus.Error.ServiceUnknown`.
    Refused(String),
}

/// A connection to a bus.
pub(crate) struct Connection {
    stream: UnixStream,
    serial: u32,
}

impl Connection {
    /// Connects as the user that runs this process.
    pub(crate) fn open(socket: &Path, deadline: Instant) -> io::Result<Self> {
        let mut connection = Self { stream: UnixStream::connect(socket)?, serial: 0 };
        connection.log_in(deadline)?;
        let hello = Call {
            destination: BUS,
            path: "/org/freedesktop/DBus",
            interface: BUS,
            member: "Hello",
            arguments: &[],
        };
        match connection.ask(&hello, deadline)? {
            Answer::Values(_) => Ok(connection),
            Answer::Refused(error) => Err(io::Error::other(error)),
        }
    }

    /// Asks and waits for the answer. After an error the connection is of no use any more.
    pub(crate) fn ask(&mut self, call: &Call<'_>, deadline: Instant) -> io::Result<Answer> {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.write(&call.encode(self.serial)?, deadline)?;
        for _ in 0..MOST_OTHERS {
            let (head, body) = self.read_message(deadline)?;
            if head.reply_to == Some(self.serial) {
                return match head.kind {
                    Kind::Error => Ok(Answer::Refused(head.error)),
                    Kind::Return => Ok(Answer::Values(value::parse(&head.signature, &body)?)),
                    Kind::Other => Err(invalid("an answer that is none")),
                };
            }
        }
        Err(invalid("too much beside the answer"))
    }

    fn log_in(&mut self, deadline: Instant) -> io::Result<()> {
        let user = rustix::process::getuid().as_raw().to_string();
        let user: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.write(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes(), deadline)?;
        let line = self.read_line(deadline)?;
        if !line.starts_with(b"OK ") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.write(b"BEGIN\r\n", deadline)
    }

    fn read_line(&mut self, deadline: Instant) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() == MAX_LINE_BYTES {
                return Err(invalid("a line without an end"));
            }
            line.extend(self.read(1, deadline)?);
        }
        Ok(line)
    }

    fn read_message(&mut self, deadline: Instant) -> io::Result<(Head, Vec<u8>)> {
        let start = self.read(message::START_BYTES, deadline)?;
        let lengths = message::lengths(&start)?;
        let fields = self.read(lengths.fields, deadline)?;
        let head = Head::parse(&start, &fields)?;
        Ok((head, self.read(lengths.body, deadline)?))
    }

    fn read(&self, length: usize, deadline: Instant) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            self.stream.set_read_timeout(Some(left(deadline)?))?;
            match (&self.stream).read(&mut bytes[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }

    fn write(&self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.stream.set_write_timeout(Some(left(deadline)?))?;
        (&self.stream).write_all(bytes)
    }
}

const BUS: &str = "org.freedesktop.DBus";

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
pub(crate) mod tests;
