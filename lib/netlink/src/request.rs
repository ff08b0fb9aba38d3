//! What is asked of the kernel.

use crate::message::{ATTRIBUTE_HEADER_BYTES, HEADER_BYTES, aligned};

const REQUEST: u16 = 1;
/// The kernel answers even where there is nothing to say.
pub const ACKNOWLEDGE: u16 = 4;
/// The kernel tells of all that it has.
pub const DUMP: u16 = 0x300;

/// The length of an attribute is one of 16 bits.
const MAX_VALUE_BYTES: usize = u16::MAX as usize - ATTRIBUTE_HEADER_BYTES;

/// One message to the kernel.
#[derive(Debug, Clone)]
pub struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// A message of this type, with the flags [`ACKNOWLEDGE`] or [`DUMP`], or 0.
    #[must_use]
    pub fn new(kind: u16, flags: u16) -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(REQUEST | flags).to_ne_bytes());
        Self { bytes }
    }

    /// Adds what stands before the attributes.
    #[must_use]
    pub fn header(mut self, header: &[u8]) -> Self {
        self.bytes.extend_from_slice(header);
        self.aligned()
    }

    /// Adds an attribute; a value is cut where its length would not fit.
    #[must_use]
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let value = &value[..value.len().min(MAX_VALUE_BYTES)];
        let length = (ATTRIBUTE_HEADER_BYTES + value.len()) as u16;
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.aligned()
    }

    /// Adds an attribute that is text.
    #[must_use]
    pub fn text(self, kind: u16, value: &str) -> Self {
        self.attribute(kind, &[value.as_bytes(), &[0]].concat())
    }

    /// The bytes to send as the message of this number.
    #[must_use]
    pub fn bytes(&self, sequence: u32) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let length = bytes.len() as u32;
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        bytes
    }

    fn aligned(mut self) -> Self {
        self.bytes.resize(aligned(self.bytes.len()), 0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, attributes, messages};

    #[test]
    fn a_request_is_a_message_with_attributes() {
        let request =
            Request::new(18, DUMP).header(&[7; 5]).text(3, "eth0").attribute(29, &[9, 0, 0, 0]);
        let bytes = request.bytes(5);
        assert_eq!(bytes.len(), HEADER_BYTES + 8 + 12 + 8);
        assert_eq!(bytes[6..8], 0x301u16.to_ne_bytes());
        let message = messages(&bytes).next().unwrap();
        assert_eq!(message.sequence, 5);
        let Content::Data { kind: 18, body } = message.content else { panic!("{message:?}") };
        assert_eq!(body[..5], [7; 5]);
        let found: Vec<_> = attributes(&body[8..]).collect();
        assert_eq!(found, [(3, &b"eth0\0"[..]), (29, &[9, 0, 0, 0])]);
    }

    #[test]
    fn a_value_that_does_not_fit_is_cut() {
        let bytes = Request::new(18, 0).attribute(1, &vec![1; 1 << 17]).bytes(1);
        let (_, value) = attributes(&bytes[HEADER_BYTES..]).next().unwrap();
        assert_eq!(value.len(), MAX_VALUE_BYTES);
    }
}
