//! Generic netlink messages, linux/netlink.h and linux/genetlink.h: the two requests that are sent,
//! and the way to the records in what the kernel sends.

const HEADER_BYTES: usize = 16;
const GENERIC_HEADER_BYTES: usize = 4;
const ATTRIBUTE_HEADER_BYTES: usize = 4;

const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const TYPE_ERROR: u16 = 2;

/// The controller that knows the families of generic netlink.
const CONTROLLER: u16 = 16;
const CONTROLLER_GET_FAMILY: u8 = 3;
const CONTROLLER_FAMILY_ID: u16 = 1;
const CONTROLLER_FAMILY_NAME: u16 = 2;

/// linux/taskstats.h
const GET: u8 = 1;
const REGISTER_CPUS: u16 = 3;
const AGGREGATE_OF_THREAD: u16 = 4;
const STATS: u16 = 3;
/// The bits of an attribute's type that say how it is packed.
const TYPE_MASK: u16 = 0x3fff;

/// What one message of the kernel is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// The answer to a request: 0, or a negative errno.
    Answer(i32),
    /// A message of a family: its type and its attributes.
    Data { family: u16, attributes: &'a [u8] },
}

/// Asks for the number of a family.
pub(super) fn ask_family(name: &str) -> Vec<u8> {
    let mut value = name.as_bytes().to_vec();
    value.push(0);
    request(CONTROLLER, CONTROLLER_GET_FAMILY, REQUEST, CONTROLLER_FAMILY_NAME, &value)
}

/// Asks for a record of each task that ends on these CPUs, a list such as `0-7`.
pub(super) fn ask_exits(family: u16, cpus: &str) -> Vec<u8> {
    let mut value = cpus.as_bytes().to_vec();
    value.push(0);
    request(family, GET, REQUEST | ACKNOWLEDGE, REGISTER_CPUS, &value)
}

/// The messages in what one read gave; it ends at the first that is not whole.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = bytes.get(..length)?;
        let kind = u16_at(message, 4)?;
        let body = message.get(HEADER_BYTES..)?;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        if kind == TYPE_ERROR {
            return Some(Message::Answer(i32::from_ne_bytes(body.get(..4)?.try_into().ok()?)));
        }
        let attributes = body.get(GENERIC_HEADER_BYTES..)?;
        Some(Message::Data { family: kind, attributes })
    })
}

/// The number of the family in the controller's answer.
pub(super) fn family_id(attributes: &[u8]) -> Option<u16> {
    let (_, value) = walk(attributes).find(|(kind, _)| *kind == CONTROLLER_FAMILY_ID)?;
    u16_at(value, 0)
}

/// The records of threads in a message of taskstats. Those of whole processes, which sum up the
/// others, are left aside.
pub(super) fn records(attributes: &[u8]) -> impl Iterator<Item = &[u8]> {
    walk(attributes)
        .filter(|(kind, _)| *kind == AGGREGATE_OF_THREAD)
        .flat_map(|(_, nested)| walk(nested))
        .filter(|(kind, _)| *kind == STATS)
        .map(|(_, record)| record)
}

fn walk(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & TYPE_MASK;
        let value = bytes.get(ATTRIBUTE_HEADER_BYTES..length)?;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn request(family: u16, command: u8, flags: u16, attribute: u16, value: &[u8]) -> Vec<u8> {
    let attribute_bytes = ATTRIBUTE_HEADER_BYTES + value.len();
    let length = HEADER_BYTES + GENERIC_HEADER_BYTES + aligned(attribute_bytes);
    let mut message = Vec::with_capacity(length);
    message.extend_from_slice(&(length as u32).to_ne_bytes());
    message.extend_from_slice(&family.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    message.extend_from_slice(&1u32.to_ne_bytes());
    message.extend_from_slice(&0u32.to_ne_bytes());
    message.extend_from_slice(&[command, 1, 0, 0]);
    message.extend_from_slice(&(attribute_bytes as u16).to_ne_bytes());
    message.extend_from_slice(&attribute.to_ne_bytes());
    message.extend_from_slice(value);
    message.resize(length, 0);
    message
}

/// Messages and attributes begin at multiples of four.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = ATTRIBUTE_HEADER_BYTES + value.len();
        let mut bytes = (length as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(aligned(length), 0);
        bytes
    }

    /// A message of the kernel that holds one thread's record, and its process's sum.
    pub(in crate::exits) fn exit(family: u16, record: &[u8]) -> Vec<u8> {
        let of_thread = [attribute(1, &[1, 0, 0, 0]), attribute(STATS, record)].concat();
        let of_process = [attribute(2, &[1, 0, 0, 0]), attribute(STATS, record)].concat();
        let body = [attribute(AGGREGATE_OF_THREAD, &of_thread), attribute(5, &of_process)].concat();
        let mut message =
            ((HEADER_BYTES + GENERIC_HEADER_BYTES + body.len()) as u32).to_ne_bytes().to_vec();
        message.extend_from_slice(&family.to_ne_bytes());
        message.extend_from_slice(&[0; 10 + GENERIC_HEADER_BYTES]);
        message.extend_from_slice(&body);
        message
    }

    fn data(bytes: &[u8]) -> Vec<(u16, &[u8])> {
        messages(bytes)
            .filter_map(|message| match message {
                Message::Data { family, attributes } => Some((family, attributes)),
                Message::Answer(_) => None,
            })
            .collect()
    }

    #[test]
    fn finds_the_threads_records_and_no_others() {
        let two = [exit(31, b"record-1"), exit(31, b"record-two")].concat();
        let found: Vec<&[u8]> = data(&two).into_iter().flat_map(|(_, a)| records(a)).collect();
        assert_eq!(found, [&b"record-1"[..], b"record-two"]);
    }

    #[test]
    fn requests_are_what_the_kernel_reads() {
        let asked = ask_family("TASKSTATS");
        assert_eq!(asked.len() % 4, 0);
        let [(family, attributes)] = data(&asked)[..] else { panic!("{asked:?}") };
        assert_eq!(family, CONTROLLER);
        assert_eq!(walk(attributes).collect::<Vec<_>>(), [(2, &b"TASKSTATS\0"[..])]);
        let asked = ask_exits(31, "0-1");
        let [(family, attributes)] = data(&asked)[..] else { panic!("{asked:?}") };
        assert_eq!((family, walk(attributes).count()), (31, 1));
    }

    #[test]
    fn answers_and_families_are_read() {
        let mut error = 36u32.to_ne_bytes().to_vec();
        error.extend_from_slice(&TYPE_ERROR.to_ne_bytes());
        error.extend_from_slice(&[0; 10]);
        error.extend_from_slice(&(-1i32).to_ne_bytes());
        error.resize(36, 0);
        assert_eq!(messages(&error).collect::<Vec<_>>(), [Message::Answer(-1)]);
        let attributes =
            [attribute(2, b"TASKSTATS\0"), attribute(1, &31u16.to_ne_bytes())].concat();
        assert_eq!(family_id(&attributes), Some(31));
        assert_eq!(family_id(&attribute(2, b"x\0")), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for message in messages(&bytes) {
                if let Message::Data { attributes, .. } = message {
                    prop_assert!(records(attributes).count() <= bytes.len());
                    let _ = family_id(attributes);
                }
            }
        }
    }
}
