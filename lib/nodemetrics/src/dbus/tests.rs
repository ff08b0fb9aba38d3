//! A bus that says what a test wants it to, and what a bus may do wrong.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use super::*;
use crate::dbus::message::tests::{answer, refusal};
use crate::dbus::message::{START_BYTES, lengths};

/// What a bus answers to a member and its arguments: a signature with a body, or an error's name.
pub(crate) type Answers = fn(&str, &[String]) -> Result<(&'static str, Vec<u8>), &'static str>;

/// A bus on a socket of its own; it serves one connection.
pub(crate) fn bus(dir: &Path, answers: Answers) -> PathBuf {
    let socket = dir.join("bus");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Whoever asks may be gone.
        let _gone = serve(&mut stream, answers);
    });
    socket
}

fn serve(stream: &mut UnixStream, answers: Answers) -> io::Result<()> {
    let mut bytes = [0; 512];
    let length = stream.read(&mut bytes)?;
    assert!(bytes[..length].starts_with(b"\0AUTH EXTERNAL 3"));
    stream.write_all(b"OK 0123456789abcdef\r\n")?;
    stream.read_exact(&mut bytes[..7])?;
    assert_eq!(bytes[..7], *b"BEGIN\r\n");
    loop {
        let mut start = [0; START_BYTES];
        stream.read_exact(&mut start)?;
        let lengths = lengths(&start).unwrap();
        let (mut fields, mut body) = (vec![0; lengths.fields], vec![0; lengths.body]);
        stream.read_exact(&mut fields)?;
        stream.read_exact(&mut body)?;
        let serial = u32::from_le_bytes(start[8..12].try_into().unwrap());
        let words: Vec<String> = value::parse("ss", &body)
            .or_else(|_| value::parse("", &[]))
            .unwrap()
            .iter()
            .filter_map(|value| value.text().map(str::to_owned))
            .collect();
        stream.write_all(&match member_of(&fields) {
            member if member == "Hello" => answer(serial, "s", b"\x04\0\0\0:1.7\0".to_vec()),
            member => match answers(&member, &words) {
                Ok((signature, body)) => answer(serial, signature, body),
                Err(name) => refusal(serial, name),
            },
        })?;
    }
}

/// The field with the number 3.
fn member_of(fields: &[u8]) -> String {
    let at = fields.windows(4).position(|window| window == b"\x03\x01s\0").unwrap() + 4;
    let length = u32::from_le_bytes(fields[at..at + 4].try_into().unwrap()) as usize;
    String::from_utf8(fields[at + 4..at + 4 + length].to_vec()).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

const GET: Call<'_> = Call {
    destination: "org.example",
    path: "/org/example",
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    arguments: &["org.example", "Name"],
};

#[test]
fn an_answer_or_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let answers: Answers = |member, words| match (member, words.join(" ").as_str()) {
        ("Get", "org.example Name") => Ok(("v", b"\x01u\0\0\x07\0\0\0".to_vec())),
        _ => Err("org.freedesktop.DBus.Error.UnknownProperty"),
    };
    let mut connection = Connection::open(&bus(dir.path(), answers), soon()).unwrap();
    let answer = connection.ask(&GET, soon()).unwrap();
    assert_eq!(answer, Answer::Values(vec![Value::U32(7)]));
    let other = Call { arguments: &["org.example", "Age"], ..GET };
    let refused = Answer::Refused("org.freedesktop.DBus.Error.UnknownProperty".to_owned());
    assert_eq!(connection.ask(&other, soon()).unwrap(), refused);
}

#[test]
fn a_bus_that_is_not_there_does_not_answer_or_talks_nonsense() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: &Path, deadline| match Connection::open(path, deadline) {
        Ok(_) => panic!("connected"),
        Err(error) => error.kind(),
    };
    assert_eq!(error(&dir.path().join("gone"), soon()), io::ErrorKind::NotFound);
    let silent = dir.path().join("silent");
    let _listener = UnixListener::bind(&silent).unwrap();
    let at_once = Instant::now() + Duration::from_millis(50);
    let late = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
    assert!(late.contains(&error(&silent, at_once)));
    for (said, kind) in [
        (&b"REJECTED EXTERNAL\r\n"[..], io::ErrorKind::PermissionDenied),
        (b"OK 1\r\nnonsense, and for long enough", io::ErrorKind::InvalidData),
        (b"OK", io::ErrorKind::UnexpectedEof),
    ] {
        let path = dir.path().join(format!("{}", said.len()));
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(said).unwrap();
            // What the other side sends is read before the line is closed.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _rest = io::copy(&mut stream, &mut io::sink());
        });
        assert_eq!(error(&path, soon()), kind);
    }
}
