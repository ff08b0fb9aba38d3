//! The network's devices as the kernel tells of them all at once: rtnetlink(7), linux/if_link.h. Each
//! file of sysfs would have to be opened for the same.

use std::collections::HashMap;

use edctl_netlink::{
    Client, DUMP, DumpError, Protocol, Request, attributes, u16_at, u32_at, u64_at,
};

use crate::reading::error::CollectError;

const GET_LINK: u16 = 18;
const NEW_LINK: u16 = 16;
/// `struct ifinfomsg`, before the attributes.
const HEADER_BYTES: usize = 16;

const ADDRESS: u16 = 1;
const BROADCAST: u16 = 2;
const NAME: u16 = 3;
const MTU: u16 = 4;
const LOWER_DEVICE: u16 = 5;
const QUEUE_LENGTH: u16 = 13;
const OPERATION_STATE: u16 = 16;
const LINK_MODE: u16 = 17;
const ALIAS: u16 = 20;
const STATS: u16 = 23;
const GROUP: u16 = 27;
const EXTENT: u16 = 29;
const CARRIER: u16 = 33;
const CARRIER_CHANGES: u16 = 35;
const CARRIER_UP_COUNT: u16 = 47;
const CARRIER_DOWN_COUNT: u16 = 48;

/// In [`EXTENT`]: without the counts of IPv6, of which the kernel makes sums over all CPUs.
const WITHOUT_IPV6_COUNTS: u32 = 1 << 3;
/// Devices beyond this are not looked at.
const MOST_LINKS: usize = 16_384;

/// A network device; what the kernel did not tell is nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    /// `ARPHRD_...`
    pub(crate) kind: u16,
    /// `IFF_...`
    pub(crate) flags: u32,
    pub(crate) address: Vec<u8>,
    pub(crate) broadcast: Vec<u8>,
    pub(crate) alias: String,
    /// `IF_OPER_...`
    pub(crate) operation_state: Option<u8>,
    pub(crate) link_mode: Option<u8>,
    /// The device under this one, if it is another.
    pub(crate) lower_device: Option<u32>,
    pub(crate) mtu: Option<u32>,
    pub(crate) queue_length: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) carrier: Option<u8>,
    pub(crate) carrier_changes: Option<u32>,
    pub(crate) carrier_up_count: Option<u32>,
    pub(crate) carrier_down_count: Option<u32>,
    pub(crate) stats: Option<Stats>,
}

/// What a device has carried: `struct rtnl_link_stats64`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) rx_packets: u64,
    pub(crate) tx_packets: u64,
    pub(crate) rx_bytes: u64,
    pub(crate) tx_bytes: u64,
    pub(crate) rx_errors: u64,
    pub(crate) tx_errors: u64,
    pub(crate) rx_dropped: u64,
    pub(crate) tx_dropped: u64,
    pub(crate) multicast: u64,
    pub(crate) collisions: u64,
    pub(crate) rx_length_errors: u64,
    pub(crate) rx_over_errors: u64,
    pub(crate) rx_crc_errors: u64,
    pub(crate) rx_frame_errors: u64,
    pub(crate) rx_fifo_errors: u64,
    pub(crate) rx_missed_errors: u64,
    pub(crate) tx_aborted_errors: u64,
    pub(crate) tx_carrier_errors: u64,
    pub(crate) tx_fifo_errors: u64,
    pub(crate) tx_heartbeat_errors: u64,
    pub(crate) tx_window_errors: u64,
    pub(crate) rx_compressed: u64,
    pub(crate) tx_compressed: u64,
    /// Kernels before 4.6 have none.
    pub(crate) rx_nohandler: Option<u64>,
}

/// Where the devices are asked for.
pub(crate) struct Links {
    client: Client,
    request: Request,
}

impl Links {
    pub(crate) fn new() -> Self {
        let request = Request::new(GET_LINK, DUMP)
            .header(&[0; HEADER_BYTES])
            .attribute(EXTENT, &WITHOUT_IPV6_COUNTS.to_ne_bytes());
        Self { client: Client::new(Protocol::Route), request }
    }

    /// What the devices are called, by their numbers.
    pub(crate) fn names(&mut self) -> Result<HashMap<u32, String>, CollectError> {
        let links = self.read();
        let links = links.map_err(|source| CollectError::Netlink { what: "devices", source })?;
        Ok(links.into_iter().map(|link| (link.index, link.name)).collect())
    }

    /// All of this process's network, in the kernel's order.
    pub(crate) fn read(&mut self) -> Result<Vec<Link>, DumpError> {
        self.client.dump(&self.request, |links: &mut Vec<Link>, kind, body| {
            if kind == NEW_LINK && links.len() < MOST_LINKS {
                links.extend(parse(body));
            }
        })
    }
}

/// Reads one device; `None` where the message is cut or names no device.
fn parse(body: &[u8]) -> Option<Link> {
    let mut link = Link {
        kind: u16_at(body, 2)?,
        index: u32_at(body, 4)?,
        flags: u32_at(body, 8)?,
        ..Link::default()
    };
    for (kind, value) in attributes(body.get(HEADER_BYTES..)?) {
        match kind {
            NAME => link.name = text(value),
            ADDRESS => link.address = value.to_vec(),
            BROADCAST => link.broadcast = value.to_vec(),
            ALIAS => link.alias = text(value),
            OPERATION_STATE => link.operation_state = value.first().copied(),
            LINK_MODE => link.link_mode = value.first().copied(),
            LOWER_DEVICE => link.lower_device = u32_at(value, 0),
            MTU => link.mtu = u32_at(value, 0),
            QUEUE_LENGTH => link.queue_length = u32_at(value, 0),
            GROUP => link.group = u32_at(value, 0),
            CARRIER => link.carrier = value.first().copied(),
            CARRIER_CHANGES => link.carrier_changes = u32_at(value, 0),
            CARRIER_UP_COUNT => link.carrier_up_count = u32_at(value, 0),
            CARRIER_DOWN_COUNT => link.carrier_down_count = u32_at(value, 0),
            STATS => link.stats = parse_stats(value),
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

fn parse_stats(value: &[u8]) -> Option<Stats> {
    let mut at = (0..).step_by(8);
    let mut next = || u64_at(value, at.next()?);
    Some(Stats {
        rx_packets: next()?,
        tx_packets: next()?,
        rx_bytes: next()?,
        tx_bytes: next()?,
        rx_errors: next()?,
        tx_errors: next()?,
        rx_dropped: next()?,
        tx_dropped: next()?,
        multicast: next()?,
        collisions: next()?,
        rx_length_errors: next()?,
        rx_over_errors: next()?,
        rx_crc_errors: next()?,
        rx_frame_errors: next()?,
        rx_fifo_errors: next()?,
        rx_missed_errors: next()?,
        tx_aborted_errors: next()?,
        tx_carrier_errors: next()?,
        tx_fifo_errors: next()?,
        tx_heartbeat_errors: next()?,
        tx_window_errors: next()?,
        rx_compressed: next()?,
        tx_compressed: next()?,
        rx_nohandler: next(),
    })
}

/// Text up to its first 0.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An attribute as the kernel writes it.
    pub(crate) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn header(kind: u16, index: u32, flags: u32) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[2..4].copy_from_slice(&kind.to_ne_bytes());
        bytes[4..8].copy_from_slice(&index.to_ne_bytes());
        bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
        bytes
    }

    fn stats(numbers: std::ops::Range<u64>) -> Vec<u8> {
        numbers.flat_map(u64::to_ne_bytes).collect()
    }

    fn whole() -> Vec<u8> {
        [
            header(1, 3, 0x1_1043),
            attribute(NAME, b"ens5\0"),
            attribute(QUEUE_LENGTH, &1000u32.to_ne_bytes()),
            attribute(OPERATION_STATE, &[6]),
            attribute(LINK_MODE, &[0]),
            attribute(MTU, &9001u32.to_ne_bytes()),
            attribute(GROUP, &7u32.to_ne_bytes()),
            attribute(CARRIER, &[1]),
            attribute(CARRIER_CHANGES, &5u32.to_ne_bytes()),
            attribute(CARRIER_UP_COUNT, &3u32.to_ne_bytes()),
            attribute(CARRIER_DOWN_COUNT, &2u32.to_ne_bytes()),
            attribute(LOWER_DEVICE, &9u32.to_ne_bytes()),
            attribute(ADDRESS, &[2, 0x8e, 0, 1, 2, 3]),
            attribute(BROADCAST, &[0xff; 6]),
            attribute(ALIAS, b"to the rack's switch\0"),
            attribute(STATS, &stats(100..125)),
        ]
        .concat()
    }

    #[test]
    fn a_device_with_all_that_it_has() {
        let link = parse(&whole()).unwrap();
        let stats = link.stats.clone().unwrap();
        let expected = Link {
            index: 3,
            name: "ens5".to_owned(),
            kind: 1,
            flags: 0x1_1043,
            address: vec![2, 0x8e, 0, 1, 2, 3],
            broadcast: vec![0xff; 6],
            alias: "to the rack's switch".to_owned(),
            operation_state: Some(6),
            link_mode: Some(0),
            lower_device: Some(9),
            mtu: Some(9001),
            queue_length: Some(1000),
            group: Some(7),
            carrier: Some(1),
            carrier_changes: Some(5),
            carrier_up_count: Some(3),
            carrier_down_count: Some(2),
            stats: Some(stats.clone()),
        };
        assert_eq!(link, expected);
        assert_eq!((stats.rx_packets, stats.tx_bytes, stats.collisions), (100, 103, 109));
        assert_eq!((stats.tx_compressed, stats.rx_nohandler), (122, Some(123)));
    }

    #[test]
    fn what_is_missing_or_cut_is_nothing() {
        let short = |length| {
            [header(1, 3, 0), attribute(NAME, b"a\0"), attribute(STATS, &stats(0..length))]
        };
        assert_eq!(parse(&short(22).concat()).unwrap().stats, None);
        assert_eq!(parse(&short(23).concat()).unwrap().stats.unwrap().rx_nohandler, None);
        let odd = [header(1, 3, 0), attribute(NAME, b"a\xff"), attribute(MTU, &[1, 2])].concat();
        let link = parse(&odd).unwrap();
        assert_eq!((link.name.as_str(), link.mtu), ("a\u{fffd}", None));
        assert_eq!(parse(&header(1, 3, 0)), None);
        assert_eq!(parse(&[header(1, 3, 0), attribute(NAME, b"\0")].concat()), None);
        let bytes = whole();
        for length in 0..bytes.len() {
            let cut = parse(&bytes[..length]);
            assert_eq!(cut.is_some(), length >= HEADER_BYTES + 9, "{length}");
            assert!(cut.is_none_or(|link| link.stats.is_none()), "{length}");
        }
    }

    #[test]
    fn the_loopback_device_is_everywhere() {
        let links = Links::new().read().unwrap();
        let loopback = links.iter().find(|link| link.name == "lo").unwrap();
        assert_eq!((loopback.index, loopback.kind), (1, 772));
        assert!(loopback.stats.is_some());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let named = [header(1, 1, 0), attribute(NAME, b"lo\0"), bytes].concat();
            prop_assert!(parse(&named).is_some());
        }
    }
}
