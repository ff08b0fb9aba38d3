//! The task statistics of generic netlink, linux/genetlink.h and linux/taskstats.h: the two requests
//! that are sent, and the way to the records in what the kernel sends.

use edctl_netlink::{ACKNOWLEDGE, Request, attributes, u16_at};

/// What stands before the attributes.
const HEADER_BYTES: usize = 4;

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

/// Asks for the number of a family.
pub(super) fn ask_family(name: &str) -> Request {
    let header = [CONTROLLER_GET_FAMILY, 1, 0, 0];
    Request::new(CONTROLLER, 0).header(&header).text(CONTROLLER_FAMILY_NAME, name)
}

/// Asks for a record of each task that ends on these CPUs, a list such as `0-7`.
pub(super) fn ask_exits(family: u16, cpus: &str) -> Request {
    Request::new(family, ACKNOWLEDGE).header(&[GET, 1, 0, 0]).text(REGISTER_CPUS, cpus)
}

/// The number of the family in the controller's answer.
pub(super) fn family_id(body: &[u8]) -> Option<u16> {
    let (_, value) =
        attributes(body.get(HEADER_BYTES..)?).find(|(kind, _)| *kind == CONTROLLER_FAMILY_ID)?;
    u16_at(value, 0)
}

/// The records of threads in a message of taskstats. Those of whole processes, which sum up the
/// others, are left aside.
pub(super) fn records(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    attributes(body.get(HEADER_BYTES..).unwrap_or_default())
        .filter(|(kind, _)| *kind == AGGREGATE_OF_THREAD)
        .flat_map(|(_, nested)| attributes(nested))
        .filter(|(kind, _)| *kind == STATS)
        .map(|(_, record)| record)
}

#[cfg(test)]
mod tests {
    use edctl_netlink::{Content, messages};
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = 4 + value.len();
        let mut bytes = (length as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(length.next_multiple_of(4), 0);
        bytes
    }

    /// What the kernel says of a thread that has ended, and of its process.
    fn exit(record: &[u8]) -> Vec<u8> {
        let of_thread = [attribute(1, &[1, 0, 0, 0]), attribute(STATS, record)].concat();
        let of_process = [attribute(2, &[1, 0, 0, 0]), attribute(STATS, record)].concat();
        let both = [attribute(AGGREGATE_OF_THREAD, &of_thread), attribute(5, &of_process)];
        [vec![2, 1, 0, 0], both.concat()].concat()
    }

    #[test]
    fn finds_the_threads_records_and_no_others() {
        let body = [exit(b"record-1"), exit(b"record-two")[HEADER_BYTES..].to_vec()].concat();
        let found: Vec<&[u8]> = records(&body).collect();
        assert_eq!(found, [&b"record-1"[..], b"record-two"]);
        let whole = exit(b"record-1");
        for length in 0..whole.len() {
            assert!(records(&whole[..length]).count() <= 1, "{length}");
        }
        assert_eq!(records(&whole[..HEADER_BYTES + 8 + 8]).count(), 0);
    }

    #[test]
    fn the_numbers_are_those_of_the_kernels_headers() {
        let values = edctl_testkit::c_values(
            "#include <linux/genetlink.h>\n#include <linux/taskstats.h>",
            &[
                "GENL_HDRLEN",
                "GENL_ID_CTRL",
                "CTRL_CMD_GETFAMILY",
                "CTRL_ATTR_FAMILY_ID",
                "CTRL_ATTR_FAMILY_NAME",
                "TASKSTATS_CMD_GET",
                "TASKSTATS_CMD_ATTR_REGISTER_CPUMASK",
                "TASKSTATS_TYPE_AGGR_PID",
                "TASKSTATS_TYPE_STATS",
            ],
        );
        let ours = [
            HEADER_BYTES as u64,
            CONTROLLER.into(),
            CONTROLLER_GET_FAMILY.into(),
            CONTROLLER_FAMILY_ID.into(),
            CONTROLLER_FAMILY_NAME.into(),
            GET.into(),
            REGISTER_CPUS.into(),
            AGGREGATE_OF_THREAD.into(),
            STATS.into(),
        ];
        assert_eq!(values, ours);
    }

    #[test]
    fn requests_are_what_the_kernel_reads() {
        for (request, family, attribute) in [
            (ask_family("TASKSTATS"), CONTROLLER, (2, &b"TASKSTATS\0"[..])),
            (ask_exits(31, "0-1"), 31, (3, b"0-1\0")),
        ] {
            let bytes = request.bytes(1);
            let message = messages(&bytes).next().unwrap();
            let Content::Data { kind, body } = message.content else { panic!("{message:?}") };
            assert_eq!(kind, family);
            assert_eq!(attributes(&body[HEADER_BYTES..]).collect::<Vec<_>>(), [attribute]);
        }
    }

    #[test]
    fn the_familys_number_is_read() {
        let header = [1, 2, 0, 0].to_vec();
        let name = attribute(2, b"TASKSTATS\0");
        let id = attribute(1, &31u16.to_ne_bytes());
        assert_eq!(family_id(&[header.clone(), name.clone(), id].concat()), Some(31));
        for none in [vec![], header.clone(), [header.clone(), name].concat()] {
            assert_eq!(family_id(&none), None);
        }
        assert_eq!(family_id(&[header, attribute(1, &[31])].concat()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(records(&bytes).count() <= bytes.len());
            let _ = family_id(&bytes);
        }
    }
}
