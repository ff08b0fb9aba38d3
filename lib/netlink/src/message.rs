//! What the kernel sends.

use rustix::io::Errno;

pub(crate) const HEADER_BYTES: usize = 16;
pub(crate) const ATTRIBUTE_HEADER_BYTES: usize = 4;

const TYPE_ERROR: u16 = 2;
const TYPE_DONE: u16 = 3;
/// In a message's flags: what is dumped has changed meanwhile.
const INTERRUPTED: u16 = 0x10;
/// The bits of an attribute's type that do not say how it is packed.
const TYPE_MASK: u16 = 0x3fff;
/// Linux has no errors beyond it.
const MAX_ERRNO: i32 = 4095;

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The number of the request that it answers.
    pub sequence: u32,
    /// Whether what it tells of has changed since the first message of the answer.
    pub is_interrupted: bool,
    /// What it says.
    pub content: Content<'a>,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Whether the kernel has done what was asked.
    Answer(Result<(), Errno>),
    /// Nothing more comes, or not all could come.
    Done(Result<(), Errno>),
    /// A message of this type, without its header.
    Data {
        /// Its type.
        kind: u16,
        /// What follows the header.
        body: &'a [u8],
    },
}

/// The messages in what one read gave; it ends at the first that is not whole.
pub fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = bytes.get(..length)?;
        let body = message.get(HEADER_BYTES..)?;
        let content = match u16_at(message, 4)? {
            TYPE_ERROR => Content::Answer(u32_at(body, 0).map_or(Err(Errno::PROTO), outcome)),
            TYPE_DONE => Content::Done(u32_at(body, 0).map_or(Ok(()), outcome)),
            kind => Content::Data { kind, body },
        };
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some(Message {
            sequence: u32_at(message, 8)?,
            is_interrupted: u16_at(message, 6)? & INTERRUPTED != 0,
            content,
        })
    })
}

/// The attributes' types and values; it ends at the first that is not whole.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & TYPE_MASK;
        let value = bytes.get(ATTRIBUTE_HEADER_BYTES..length)?;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The number of 16 bits that begins at this byte, in the machine's order.
#[must_use]
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

/// As [`u16_at`], of 32 bits.
#[must_use]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// As [`u16_at`], of 64 bits.
#[must_use]
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_ne_bytes)
}

/// Messages and attributes begin at multiples of four.
pub(crate) fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// 0, or a negative errno.
fn outcome(code: u32) -> Result<(), Errno> {
    match code.cast_signed().wrapping_neg() {
        0 => Ok(()),
        errno @ 1..=MAX_ERRNO => Err(Errno::from_raw_os_error(errno)),
        _ => Err(Errno::PROTO),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message as the kernel writes it.
    pub(crate) fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = ((HEADER_BYTES + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&77u32.to_ne_bytes());
        bytes.extend_from_slice(body);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn contents(bytes: &[u8]) -> Vec<Content<'_>> {
        messages(bytes).map(|message| message.content).collect()
    }

    #[test]
    fn answers_ends_and_data_are_told_apart() {
        for (kind, code, content) in [
            (TYPE_ERROR, 0, Content::Answer(Ok(()))),
            (TYPE_ERROR, -1, Content::Answer(Err(Errno::PERM))),
            (TYPE_ERROR, i32::MIN, Content::Answer(Err(Errno::PROTO))),
            (TYPE_ERROR, 5, Content::Answer(Err(Errno::PROTO))),
            (TYPE_DONE, 0, Content::Done(Ok(()))),
            (TYPE_DONE, -4, Content::Done(Err(Errno::INTR))),
        ] {
            assert_eq!(contents(&message(kind, 2, 1, &code.to_ne_bytes())), [content]);
        }
        assert_eq!(contents(&message(TYPE_DONE, 2, 1, &[])), [Content::Done(Ok(()))]);
        let nothing = message(TYPE_ERROR, 2, 1, &[]);
        assert_eq!(contents(&nothing), [Content::Answer(Err(Errno::PROTO))]);
        assert_eq!(contents(&[nothing, message(16, 0, 1, b"next")].concat()).len(), 2);
        let two = [message(16, 0, 1, b"odd"), message(17, INTERRUPTED, 2, &[])].concat();
        let found: Vec<Message<'_>> = messages(&two).collect();
        let data = |kind, body| Content::Data { kind, body };
        assert_eq!((found[0].sequence, found[0].is_interrupted), (1, false));
        assert_eq!((found[1].sequence, found[1].is_interrupted), (2, true));
        assert_eq!((found[0].content, found[1].content), (data(16, b"odd"), data(17, b"")));
    }

    #[test]
    fn what_is_cut_ends_the_reading() {
        let nested = [4u16.to_ne_bytes(), 0x8003u16.to_ne_bytes()].concat();
        let body = [8u16.to_ne_bytes(), 1u16.to_ne_bytes(), [1, 2], [3, 4]].concat();
        let whole = message(16, 0, 1, &[body, nested].concat());
        let found = |bytes: &[u8]| -> usize {
            messages(bytes)
                .map(|message| match message.content {
                    Content::Data { body, .. } => attributes(body).count(),
                    _ => 0,
                })
                .sum()
        };
        assert_eq!(found(&whole), 2);
        for length in 0..whole.len() {
            assert_eq!(found(&whole[..length]), 0, "{length}");
        }
        assert_eq!(attributes(&[4, 0, 3, 0x80]).next(), Some((3, &[][..])));
        for wrong in [0u16, 3, 5] {
            let bytes = [wrong.to_ne_bytes(), [1, 0]].concat();
            assert_eq!(attributes(&bytes).count(), 0, "{wrong}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_kernels_header() {
        let values = edctl_testkit::c_values(
            "#include <linux/netlink.h>",
            &[
                "sizeof(struct nlmsghdr)",
                "sizeof(struct nlattr)",
                "offsetof(struct nlmsghdr, nlmsg_type)",
                "offsetof(struct nlmsghdr, nlmsg_flags)",
                "offsetof(struct nlmsghdr, nlmsg_seq)",
                "NLMSG_ERROR",
                "NLMSG_DONE",
                "NLM_F_DUMP_INTR",
                "NLA_TYPE_MASK & 0xffff",
                "NLM_F_ACK",
                "NLM_F_DUMP",
            ],
        );
        let ours = [
            HEADER_BYTES as u64,
            ATTRIBUTE_HEADER_BYTES as u64,
            4,
            6,
            8,
            TYPE_ERROR.into(),
            TYPE_DONE.into(),
            INTERRUPTED.into(),
            TYPE_MASK.into(),
            crate::ACKNOWLEDGE.into(),
            crate::DUMP.into(),
        ];
        assert_eq!(values, ours);
    }

    #[test]
    fn numbers_end_with_the_bytes() {
        let bytes = 0x0807_0605_0403_0201u64.to_ne_bytes();
        assert_eq!(u64_at(&bytes, 0), Some(0x0807_0605_0403_0201));
        assert_eq!((u64_at(&bytes, 1), u32_at(&bytes, 5), u16_at(&bytes, 7)), (None, None, None));
        assert_eq!(u16_at(&bytes, usize::MAX), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(messages(&bytes).count() <= bytes.len());
            prop_assert!(attributes(&bytes).count() <= bytes.len());
        }

        #[test]
        fn no_lengths_do_either(lengths in proptest::collection::vec(0u16..64, 0..100)) {
            let bytes: Vec<u8> = lengths.into_iter().flat_map(u16::to_ne_bytes).collect();
            prop_assert!(messages(&bytes).count() <= bytes.len());
            prop_assert!(attributes(&bytes).count() <= bytes.len());
        }
    }
}
