//! Values as D-Bus lays them out: each at a multiple of its size, and described by a signature.

use std::io;

use crate::dbus::invalid::invalid;

/// A value; what no question of ours is answered with is only passed over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    U32(u32),
    U64(u64),
    Text(String),
    /// An array's or a struct's.
    Many(Vec<Value>),
    Other,
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn many(&self) -> Option<&[Value]> {
        if let Self::Many(values) = self { Some(values) } else { None }
    }
}

/// Values inside each other may be so deep.
const MAX_DEPTH: usize = 16;

/// The values of a body.
pub(super) fn parse(signature: &str, body: &[u8]) -> io::Result<Vec<Value>> {
    let mut reader = Reader::new(body);
    let mut types = signature.as_bytes();
    let mut values = Vec::new();
    while !types.is_empty() {
        let (one, rest) = split_type(types, 0)?;
        values.push(reader.value(one, 0)?);
        types = rest;
    }
    Ok(values)
}

/// A complete type at the beginning of a signature, and what comes after it.
fn split_type(types: &[u8], depth: usize) -> io::Result<(&[u8], &[u8])> {
    let first = *types.first().ok_or_else(|| invalid("a signature that ends early"))?;
    if depth > MAX_DEPTH {
        return Err(invalid("a signature that is too deep"));
    }
    let end = match first {
        b'a' => 1 + split_type(&types[1..], depth + 1)?.0.len(),
        b'(' | b'{' => {
            let close = if first == b'(' { b')' } else { b'}' };
            let mut end = 1;
            while types.get(end).is_some_and(|next| *next != close) {
                end += split_type(&types[end..], depth + 1)?.0.len();
            }
            if end == 1 {
                return Err(invalid("a struct of nothing"));
            }
            end + 1
        }
        _ => 1,
    };
    types.split_at_checked(end).ok_or_else(|| invalid("a signature that ends early"))
}

/// Reads values off a text of bytes that begins at a multiple of 8.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn align(&mut self, to: usize) -> io::Result<()> {
        let padding = self.at.next_multiple_of(to) - self.at;
        self.take(padding).map(|_| ())
    }

    pub(super) fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or_else(|| invalid("a message that ends early"))?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u32(&mut self) -> io::Result<u32> {
        self.align(4)?;
        let mut number = [0; 4];
        number.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(number))
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.align(8)?;
        let mut number = [0; 8];
        number.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(number))
    }

    /// A text and the zero behind it.
    fn text(&mut self, length: usize) -> io::Result<String> {
        let bytes = self.take(length)?;
        self.take(1)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    pub(super) fn signature(&mut self) -> io::Result<String> {
        let length = usize::from(self.byte()?);
        self.text(length)
    }

    /// A value of one complete type.
    pub(super) fn value(&mut self, one: &[u8], depth: usize) -> io::Result<Value> {
        if depth > MAX_DEPTH {
            return Err(invalid("a value that is too deep"));
        }
        let other = |_| Value::Other;
        match one.first() {
            Some(b'y') => self.take(1).map(other),
            Some(b'n' | b'q') => {
                self.align(2)?;
                self.take(2).map(other)
            }
            Some(b'u') => self.u32().map(Value::U32),
            Some(b'b' | b'i' | b'h') => self.u32().map(|_| Value::Other),
            Some(b't') => self.u64().map(Value::U64),
            Some(b'x' | b'd') => self.u64().map(|_| Value::Other),
            Some(b's' | b'o') => {
                let length = self.u32()? as usize;
                self.text(length).map(Value::Text)
            }
            Some(b'g') => self.signature().map(Value::Text),
            Some(b'v') => {
                let signature = self.signature()?;
                let (one, rest) = split_type(signature.as_bytes(), depth)?;
                if !rest.is_empty() {
                    return Err(invalid("a variant of several values"));
                }
                self.value(one, depth + 1)
            }
            Some(b'a') => self.array(&one[1..], depth),
            Some(b'(' | b'{') => self.fields(&one[1..one.len() - 1], depth),
            _ => Err(invalid("a type that does not exist")),
        }
    }

    fn array(&mut self, element: &[u8], depth: usize) -> io::Result<Value> {
        let length = self.u32()? as usize;
        self.align(alignment(element))?;
        let end = self.at.saturating_add(length);
        if end > self.bytes.len() {
            return Err(invalid("an array that ends late"));
        }
        // Of bytes there may be many, and none is of use.
        if element == b"y" {
            return self.take(length).map(|_| Value::Other);
        }
        let mut values = Vec::new();
        while self.at < end {
            values.push(self.value(element, depth + 1)?);
        }
        Ok(Value::Many(values))
    }

    fn fields(&mut self, mut types: &[u8], depth: usize) -> io::Result<Value> {
        self.align(8)?;
        let mut values = Vec::new();
        while !types.is_empty() {
            let (one, rest) = split_type(types, depth)?;
            values.push(self.value(one, depth + 1)?);
            types = rest;
        }
        Ok(Value::Many(values))
    }
}

fn alignment(one: &[u8]) -> usize {
    match one.first() {
        Some(b'y' | b'g' | b'v') => 1,
        Some(b'n' | b'q') => 2,
        Some(b'x' | b't' | b'd' | b'(' | b'{') => 8,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_are_where_their_size_puts_them() {
        let body = [
            &[7, 0, 0, 0, 2, 0, 0, 0, b'h', b'i', 0, 0, 0, 0, 0, 0][..],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, b's', 0, 0, 1, 0, 0, 0, b'x', 0],
        ]
        .concat();
        let expected = [Value::U32(7), text("hi"), Value::U64(1), text("x")];
        assert_eq!(parse("ustv", &body).unwrap(), expected);
        // One struct of two texts, which begins at a multiple of 8.
        let body = b"\x0e\0\0\0\0\0\0\0\x01\0\0\0a\0\0\0\x01\0\0\0b\0";
        let pair = Value::Many(vec![text("a"), text("b")]);
        assert_eq!(parse("a(ss)", body).unwrap(), [Value::Many(vec![pair])]);
        assert_eq!(parse("ay", &[2, 0, 0, 0, 1, 2]).unwrap(), [Value::Other]);
        assert_eq!(parse("", &[]).unwrap(), []);
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        let deep = "a".repeat(40) + "s";
        for (signature, body) in [
            ("u", &[1, 0, 0][..]),
            ("s", &[9, 0, 0, 0, b'a', 0]),
            ("s", &[255, 255, 255, 255, b'a', 0]),
            ("as", &[255, 255, 255, 127]),
            ("(s", &[0; 32]),
            ("()", &[0; 32]),
            ("z", &[0; 32]),
            ("a", &[0; 32]),
            ("v", &[2, b's', b's', 0, 0, 0, 0, 0]),
            ("v", &[0, 0]),
            (&deep, &[0; 32]),
        ] {
            assert!(parse(signature, body).is_err(), "{signature} {body:?}");
        }
        // Variants inside variants.
        assert!(parse("v", &[1, b'v', 0].repeat(100)).is_err());
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(
            signature in "[ybnqiuxtdsogva(){}]{0,12}",
            body in prop::collection::vec(0u8..12, 0..80),
        ) {
            let _ = parse(&signature, &body);
        }
    }
}
