//! A JSON text as it comes, with what no JSON reader takes put right: else one value that is none, or one byte in
//! a user's text, would cost the whole answer.

use std::io::{self, Read};

/// Longest number or word that is looked at.
const MAX_TOKEN_BYTES: usize = 64;

/// How much is read at a time.
const CHUNK_BYTES: usize = 8 << 10;

/// Replaces bytes that are not UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Replaces a word or a number that JSON does not know, such as `Infinity`: no reader of a value takes an empty object.
const NO_VALUE: &[u8] = b"{}";

/// The text with, outside of strings, `{}` for each word and number that is none, and, within them, U+FFFD for
/// what is not UTF-8, for control characters and for halves of characters, and `\\` for a backslash that escapes
/// nothing.
pub(super) struct Mended<R> {
    pub(super) source: R,
    mender: Mender,
    ready: Vec<u8>,
    given: usize,
}

impl<R> Mended<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, mender: Mender::default(), ready: Vec::new(), given: 0 }
    }
}

impl<R: Read> Read for Mended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            let mut chunk = [0; CHUNK_BYTES];
            let length = self.source.read(&mut chunk)?;
            if length == 0 {
                self.mender.end(&mut self.ready);
                if self.ready.is_empty() {
                    return Ok(0);
                }
            }
            self.mender.take(&chunk[..length], &mut self.ready);
        }
        let rest = &self.ready[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

#[derive(Debug, Default)]
struct Mender {
    place: JsonState,
    /// A word or number so far, a character that is not whole, or the digits of `\u`.
    held: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum JsonState {
    #[default]
    Outside,
    /// In a word or a number.
    Token,
    InString,
    /// Behind a backslash.
    Escaped,
    /// Behind `\u`.
    Digits,
}

impl Mender {
    /// Takes in the text's next bytes.
    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some(byte) = bytes.first() {
            let plain = match self.place {
                JsonState::InString if self.held.is_empty() => plain_length(bytes),
                _ => 0,
            };
            if plain > 0 {
                out.extend_from_slice(&bytes[..plain]);
                bytes = &bytes[plain..];
            } else {
                self.take_byte(*byte, out);
                bytes = &bytes[1..];
            }
        }
    }

    /// Hands out what is held when the text ends.
    fn end(&mut self, out: &mut Vec<u8>) {
        if self.place == JsonState::Token {
            self.end_token(out);
        }
    }

    fn take_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.place {
            JsonState::Outside => self.take_outside(byte, out),
            JsonState::Token if is_token(byte) => {
                if self.held.len() <= MAX_TOKEN_BYTES {
                    self.held.push(byte);
                }
            }
            JsonState::Token => {
                self.end_token(out);
                self.take_outside(byte, out);
            }
            JsonState::InString => self.take_in_string(byte, out),
            JsonState::Escaped => self.take_escaped(byte, out),
            JsonState::Digits => self.take_digit(byte, out),
        }
    }

    fn take_outside(&mut self, byte: u8, out: &mut Vec<u8>) {
        if is_token(byte) {
            self.held.push(byte);
            self.place = JsonState::Token;
            return;
        }
        out.push(byte);
        if byte == b'"' {
            self.place = JsonState::InString;
        }
    }

    fn end_token(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(if is_value(&self.held) { &self.held } else { NO_VALUE });
        self.held.clear();
        self.place = JsonState::Outside;
    }

    fn take_in_string(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte >= 0x80 {
            self.held.push(byte);
            self.hand_out_characters(out);
            return;
        }
        if !self.held.is_empty() {
            out.extend_from_slice(REPLACEMENT);
            self.held.clear();
        }
        match byte {
            b'\\' => self.place = JsonState::Escaped,
            b'"' => {
                out.push(byte);
                self.place = JsonState::Outside;
            }
            0..0x20 => out.extend_from_slice(REPLACEMENT),
            _ => out.push(byte),
        }
    }

    /// Hands out the whole characters among what is held, and U+FFFD for bytes that begin none.
    fn hand_out_characters(&mut self, out: &mut Vec<u8>) {
        while let Err(error) = str::from_utf8(&self.held) {
            let Some(length) = error.error_len() else { return };
            out.extend_from_slice(REPLACEMENT);
            self.held.drain(..error.valid_up_to() + length);
        }
        out.append(&mut self.held);
    }

    fn take_escaped(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.place = JsonState::InString;
        match byte {
            b'u' => self.place = JsonState::Digits,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => out.extend([b'\\', byte]),
            _ => {
                out.extend_from_slice(b"\\\\");
                self.take_in_string(byte, out);
            }
        }
    }

    fn take_digit(&mut self, byte: u8, out: &mut Vec<u8>) {
        if !byte.is_ascii_hexdigit() {
            self.held.clear();
            out.extend_from_slice(REPLACEMENT);
            self.place = JsonState::InString;
            self.take_in_string(byte, out);
            return;
        }
        self.held.push(byte);
        if self.held.len() < 4 {
            return;
        }
        self.place = JsonState::InString;
        let is_half =
            matches!(self.held[..], [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
        if is_half {
            out.extend_from_slice(REPLACEMENT);
            self.held.clear();
        } else {
            out.extend_from_slice(b"\\u");
            out.append(&mut self.held);
        }
    }
}

/// How many bytes of a string come before one that may need to be put right or that ends it.
fn plain_length(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| (0x20..0x80).contains(byte) && !b"\"\\".contains(byte);
    bytes.iter().position(|byte| !is_plain(byte)).unwrap_or(bytes.len())
}

fn is_token(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"{}[]:,\"".contains(&byte)
}

fn is_value(token: &[u8]) -> bool {
    let is_short_number = token.len() < 20
        && token.iter().all(u8::is_ascii_digit)
        && (token.len() == 1 || token[0] != b'0');
    is_short_number
        || matches!(token, b"true" | b"false" | b"null")
        || (token.len() <= MAX_TOKEN_BYTES && serde_json::from_slice::<f64>(token).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &[u8]) -> String {
        let mut mended = Vec::new();
        Mended::new(text).read_to_end(&mut mended).unwrap();
        // Wherever the chunks end, it is the same.
        for cut in 0..text.len() {
            let (mut mender, mut again) = (Mender::default(), Vec::new());
            mender.take(&text[..cut], &mut again);
            mender.take(&text[cut..], &mut again);
            mender.end(&mut again);
            assert_eq!(again, mended, "{cut}");
        }
        String::from_utf8(mended).unwrap()
    }

    #[test]
    fn json_stays_as_it_is() {
        for text in [
            r#"{"a": [1, -2.5e3, 0, true, false, null, 18446744073709551615], "b\n\u00e9\\": "ü €"}"#,
            "[]",
            "",
            "7",
        ] {
            assert_eq!(mended(text.as_bytes()), text);
        }
    }

    #[test]
    fn what_is_no_value_is_an_odd_one() {
        for word in [
            "Infinity",
            "-Infinity",
            "NaN",
            "nan",
            "1e999",
            "01",
            "+7",
            "1.",
            "0x7",
            "x".repeat(99).as_str(),
        ] {
            assert_eq!(
                mended(format!("{{\"a\": {word}, \"b\":{word}}}").as_bytes()),
                "{\"a\": {}, \"b\":{}}"
            );
        }
        assert_eq!(mended("9".repeat(400).as_bytes()), "{}");
        // In a string it is a text.
        assert_eq!(mended(b"\"NaN, Infinity\""), "\"NaN, Infinity\"");
    }

    #[test]
    fn texts_become_valid() {
        for (text, wanted) in [
            (&b"\"f\xfcr dich\""[..], "\"f\u{fffd}r dich\""),
            (b"\"\xe2\x82\"", "\"\u{fffd}\""),
            (b"\"\xe2\x82\xac\xe2\xe2\x82\xac\"", "\"€\u{fffd}€\""),
            (b"\"\xfc\\n\xfc\"", "\"\u{fffd}\\n\u{fffd}\""),
            (b"\"a\tb\nc\"", "\"a\u{fffd}b\u{fffd}c\""),
            (b"\"\\ud83d\\ude00\"", "\"\u{fffd}\u{fffd}\""),
            (b"\"\\u12\", \"\\u12g\"", "\"\u{fffd}\", \"\u{fffd}g\""),
            (b"\"C:\\data\\\xfc\"", "\"C:\\\\data\\\\\u{fffd}\""),
        ] {
            assert_eq!(mended(text), wanted);
            assert!(
                serde_json::from_str::<Vec<String>>(&format!("[{wanted}]")).is_ok(),
                "{wanted}"
            );
        }
    }
}
