//! The two identifiers of a trace context: never all-zero, always lower-case hexadecimal.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

/// The identifier of a whole trace: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// The identifier of one span: 8 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

impl TraceId {
    /// Takes 16 bytes of the kernel's random source.
    ///
    /// # Errors
    /// When the random source cannot be read.
    pub fn random() -> io::Result<Self> {
        let mut source = File::open("/dev/urandom")?;
        loop {
            let mut bytes = [0; 16];
            source.read_exact(&mut bytes)?;
            if let Some(id) = Self::from_bytes(bytes) {
                return Ok(id);
            }
        }
    }

    /// An id of these bytes; `None` when they are all zero, which the standard forbids.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        bytes.iter().any(|b| *b != 0).then_some(Self(bytes))
    }

    /// The id's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl SpanId {
    /// The smallest valid id, for the one digest in 2^64 that is all zero.
    pub(crate) const ONE: Self = Self([0, 0, 0, 0, 0, 0, 0, 1]);

    /// An id of these bytes; `None` when they are all zero, which the standard forbids.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        bytes.iter().any(|b| *b != 0).then_some(Self(bytes))
    }

    /// The id's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_not_an_id() {
        assert_eq!(TraceId::from_bytes([0; 16]), None);
        assert_eq!(SpanId::from_bytes([0; 8]), None);
        assert!(SpanId::from_bytes([0, 0, 0, 0, 0, 0, 0, 1]).is_some());
    }

    #[test]
    fn random_ids_differ_and_print_as_32_digits() {
        let (a, b) = (TraceId::random().unwrap(), TraceId::random().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.to_string().len(), 32);
    }
}
