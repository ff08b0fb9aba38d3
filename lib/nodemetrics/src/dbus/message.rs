//! Messages: a question is written, the head of an answer is read.

use std::io;

use crate::dbus::invalid::invalid;
use crate::dbus::value::{Reader, Value};

/// A question. Its arguments are texts: no question of ours has others.
pub(crate) struct Call<'a> {
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    pub(crate) arguments: &'a [&'a str],
}

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
/// Numbers begin with their last byte.
const LITTLE_ENDIAN: u8 = b'l';

/// The fields of a head, by their numbers.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

impl Call<'_> {
    pub(super) fn encode(&self, serial: u32) -> io::Result<Vec<u8>> {
        let mut body = Writer::default();
        for argument in self.arguments {
            body.text(argument)?;
        }
        let mut head = Writer::default();
        for (field, kind, text) in [
            (PATH, b'o', self.path),
            (INTERFACE, b's', self.interface),
            (MEMBER, b's', self.member),
            (DESTINATION, b's', self.destination),
        ] {
            head.field(field, kind);
            head.text(text)?;
        }
        if !self.arguments.is_empty() {
            head.field(SIGNATURE, b'g');
            head.signature(&"s".repeat(self.arguments.len()));
        }
        encode(METHOD_CALL, serial, head, body)
    }
}

pub(super) fn encode(kind: u8, serial: u32, fields: Writer, body: Writer) -> io::Result<Vec<u8>> {
    let mut message = Writer(vec![LITTLE_ENDIAN, kind, 0, 1]);
    message.u32(length(&body.0)?);
    message.u32(serial);
    message.u32(length(&fields.0)?);
    message.0.extend(fields.0);
    message.align(8);
    message.0.extend(body.0);
    Ok(message.0)
}

fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| invalid("a question that is too long"))
}

/// Writes values to places as [`Reader`] expects them.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.u32(length(text.as_bytes())?);
        self.0.extend(text.bytes());
        self.0.push(0);
        Ok(())
    }

    pub(super) fn signature(&mut self, signature: &str) {
        self.0.push(signature.len() as u8);
        self.0.extend(signature.bytes());
        self.0.push(0);
    }

    /// The beginning of a field: its number, and a variant's signature of one type.
    pub(super) fn field(&mut self, field: u8, kind: u8) {
        self.align(8);
        self.0.extend([field, 1, kind, 0]);
    }
}

/// What every message begins with.
pub(super) const START_BYTES: usize = 16;
/// A longer message is refused.
const MAX_BYTES: usize = 4 << 20;

/// How much of a message follows its start.
pub(super) struct Lengths {
    /// Of the head's fields, with what fills them up.
    pub(super) fields: usize,
    pub(super) body: usize,
}

pub(super) fn lengths(start: &[u8]) -> io::Result<Lengths> {
    let mut reader = Reader::new(start);
    if reader.byte()? != LITTLE_ENDIAN {
        return Err(invalid("numbers from a foreign machine"));
    }
    reader.take(3)?;
    let body = reader.u32()? as usize;
    reader.u32()?;
    let fields = (reader.u32()? as usize).next_multiple_of(8);
    if body > MAX_BYTES || fields > MAX_BYTES {
        return Err(invalid("a message that is too long"));
    }
    Ok(Lengths { fields, body })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Return,
    Error,
    Other,
}

/// What is needed of a message's head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) reply_to: Option<u32>,
    pub(super) error: String,
    pub(super) signature: String,
}

impl Head {
    pub(super) fn parse(start: &[u8], fields: &[u8]) -> io::Result<Self> {
        let kind = match start.get(1) {
            Some(&METHOD_RETURN) => Kind::Return,
            Some(&ERROR) => Kind::Error,
            _ => Kind::Other,
        };
        let mut length = Reader::new(start.get(12..).unwrap_or_default());
        let fields = fields.get(..length.u32()? as usize).unwrap_or(fields);
        let mut head =
            Self { kind, reply_to: None, error: String::new(), signature: String::new() };
        let mut reader = Reader::new(fields);
        while !reader.is_done() {
            reader.align(8)?;
            let field = reader.byte()?;
            match (field, reader.value(b"v", 0)?) {
                (REPLY_SERIAL, Value::U32(serial)) => head.reply_to = Some(serial),
                (ERROR_NAME, Value::Text(name)) => head.error = name,
                (SIGNATURE, Value::Text(signature)) => head.signature = signature,
                _ => {}
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer's bytes.
    pub(in super::super) fn answer(reply_to: u32, signature: &str, body: Vec<u8>) -> Vec<u8> {
        let mut fields = Writer::default();
        fields.field(REPLY_SERIAL, b'u');
        fields.u32(reply_to);
        fields.field(SIGNATURE, b'g');
        fields.signature(signature);
        encode(METHOD_RETURN, 1, fields, Writer(body)).unwrap()
    }

    /// The bytes of an error.
    pub(in super::super) fn refusal(reply_to: u32, name: &str) -> Vec<u8> {
        let mut fields = Writer::default();
        fields.field(REPLY_SERIAL, b'u');
        fields.u32(reply_to);
        fields.field(ERROR_NAME, b's');
        fields.text(name).unwrap();
        encode(ERROR, 1, fields, Writer::default()).unwrap()
    }

    #[test]
    fn a_question_and_a_head() {
        let call = Call {
            destination: "a.b",
            path: "/a",
            interface: "a.c",
            member: "Get",
            arguments: &["x", "yz"],
        };
        let message = call.encode(5).unwrap();
        assert_eq!(message[..12], [b'l', 1, 0, 1, 15, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(message[16..28], *b"\x01\x01o\0\x02\0\0\0/a\0\0");
        assert!(message.ends_with(b"\x01\0\0\0x\0\0\0\x02\0\0\0yz\0"));
        let message = answer(9, "su", vec![1; 4]);
        let (start, rest) = message.split_at(START_BYTES);
        let lengths = lengths(start).unwrap();
        assert_eq!((lengths.body, rest.len()), (4, lengths.fields + 4));
        let head = Head::parse(start, &rest[..lengths.fields]).unwrap();
        assert_eq!((head.kind, head.reply_to, &*head.signature), (Kind::Return, Some(9), "su"));
    }

    #[test]
    fn a_message_that_is_too_long_or_foreign_is_refused() {
        for start in [
            b"l\x02\0\x01\xff\xff\xff\x7f\x01\0\0\0\0\0\0\0",
            b"B\x02\0\x01\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert!(lengths(start).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_head_makes_it_panic(fields in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Head::parse(b"l\x02\0\x01\0\0\0\0\x01\0\0\0\xff\0\0\0", &fields);
        }
    }
}
