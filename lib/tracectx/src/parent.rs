//! The `traceparent` value: `00-<trace id>-<parent span id>-<flags>`.

use std::fmt;
use std::str::FromStr;

use crate::{SpanId, TraceId};

const SAMPLED: u8 = 0x01;
const LENGTH: usize = 55;

/// A trace and the span that is the parent of what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The whole trace.
    pub trace: TraceId,
    /// The parent of the next span.
    pub span: SpanId,
    /// The flags byte; bit 0 says that the trace is sampled.
    pub flags: u8,
}

/// Why a text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text is not of the form `vv-<32 digits>-<16 digits>-ff`.
    #[error("not of the form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")]
    Form,
    /// Version `ff` is forbidden.
    #[error("version ff is not a version")]
    Version,
    /// The trace id or the span id is all zero.
    #[error("a trace id or span id of zeros")]
    ZeroId,
}

impl TraceParent {
    /// The sampled root of a new trace: its span is `derive(trace, 0, 0, "run")`.
    #[must_use]
    pub fn root(trace: TraceId) -> Self {
        Self { trace, span: SpanId::derive(&trace, 0, 0, "run"), flags: SAMPLED }
    }

    /// Reads a `traceparent`; strict on version 00, lenient about what a later version appends.
    ///
    /// # Errors
    /// When the text is not a valid `traceparent`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        let head = bytes.get(..LENGTH).ok_or(ParseError::Form)?;
        if head[2] != b'-' || head[35] != b'-' || head[52] != b'-' {
            return Err(ParseError::Form);
        }
        match parse_hex::<1>(&head[..2])?[0] {
            0xff => return Err(ParseError::Version),
            0 if bytes.len() != LENGTH => return Err(ParseError::Form),
            _ if bytes.len() > LENGTH && bytes[LENGTH] != b'-' => return Err(ParseError::Form),
            _ => {}
        }
        Ok(Self {
            trace: TraceId::from_bytes(parse_hex(&head[3..35])?).ok_or(ParseError::ZeroId)?,
            span: SpanId::from_bytes(parse_hex(&head[36..52])?).ok_or(ParseError::ZeroId)?,
            flags: parse_hex::<1>(&head[53..])?[0],
        })
    }

    /// The context for what runs inside `span` of the same trace.
    #[must_use]
    pub fn child(self, span: SpanId) -> Self {
        Self { span, ..self }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// Upper-case digits are refused: the standard allows lower case only.
fn parse_hex<const N: usize>(digits: &[u8]) -> Result<[u8; N], ParseError> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = parse_digit(pair[0])? << 4 | parse_digit(pair[1])?;
    }
    Ok(bytes)
}

fn parse_digit(digit: u8) -> Result<u8, ParseError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(ParseError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn reads_and_writes_the_same_text() {
        assert_eq!(TraceParent::parse(GOOD).unwrap().to_string(), GOOD);
    }

    #[test]
    fn a_later_version_may_append_fields() {
        let later = format!("cc{}-what-comes", &GOOD[2..]);
        assert_eq!(TraceParent::parse(&later).unwrap().to_string(), GOOD);
    }

    #[test]
    fn refuses_what_the_standard_forbids() {
        let cases = [
            ("", ParseError::Form),
            (&GOOD[..54], ParseError::Form),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", ParseError::Form),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x", ParseError::Form),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", ParseError::Form),
            ("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ParseError::Form),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ParseError::Version),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", ParseError::ZeroId),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", ParseError::ZeroId),
            ("00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01", ParseError::Form),
        ];
        for (text, expected) in cases {
            assert_eq!(TraceParent::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_child_keeps_trace_and_flags() {
        let parent = TraceParent::parse(GOOD).unwrap();
        let span = SpanId::derive(&parent.trace, 7, 0, "task");
        let child = parent.child(span);
        assert_eq!((child.trace, child.flags, child.span), (parent.trace, parent.flags, span));
    }
}
