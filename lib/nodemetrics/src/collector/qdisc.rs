//! `node_qdisc_*`: what the devices' queues have sent and dropped, from rtnetlink.
//!
//! Only what stands at a device's root is shown. Packets are counted in 64 bits where the kernel does;
//! those of node_exporter begin anew at 2^32.

use crate::options::qdisc::QdiscOptions;
use std::collections::HashMap;

use edctl_exposition::{Family, Page};
use edctl_netlink::{Client, DUMP, Protocol, Request, attributes, u32_at, u64_at};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::links::{Links, text};

const LABELS: &[&str] = &["device", "kind"];

pub(super) const ENTRY: Entry = Entry {
    name: "qdisc",
    preset: Preset::Off,
    runs: Runs::Apart,
    reads: "rtnetlink",
    families: &[
        FamilyDoc::counter("node_qdisc_bytes_total", LABELS),
        FamilyDoc::counter("node_qdisc_packets_total", LABELS),
        FamilyDoc::counter("node_qdisc_drops_total", LABELS),
        FamilyDoc::counter("node_qdisc_requeues_total", LABELS),
        FamilyDoc::counter("node_qdisc_overlimits_total", LABELS),
        FamilyDoc::gauge("node_qdisc_current_queue_length", LABELS),
        FamilyDoc::gauge("node_qdisc_backlog", LABELS),
    ],
    make: |_, options| Box::new(Qdisc::new(&options.qdisc)),
};

const GET_QDISC: u16 = 38;
const NEW_QDISC: u16 = 36;
/// `struct tcmsg`, before the attributes.
const HEADER_BYTES: usize = 20;
const ROOT: u32 = u32::MAX;
/// Queues beyond this are not looked at; each device has one for each of its hardware's queues.
const MOST_QDISCS: usize = 16_384;

const KIND: u16 = 1;
const STATS: u16 = 7;
/// Within [`STATS`].
const BASIC: u16 = 1;
const QUEUE: u16 = 3;
const PACKETS: u16 = 8;

/// A queueing discipline at the root of a device.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Discipline {
    device: u32,
    kind: String,
    bytes: u64,
    packets: u64,
    drops: u32,
    requeues: u32,
    overlimits: u32,
    queue_length: u32,
    backlog_bytes: u32,
}

struct Qdisc {
    links: Links,
    disciplines: Client,
    filter: Filter,
}

impl Qdisc {
    fn new(options: &QdiscOptions) -> Self {
        Self {
            links: Links::new(),
            disciplines: Client::new(Protocol::Route),
            filter: Filter::new(&options.device_include, &options.device_exclude),
        }
    }
}

impl Collector for Qdisc {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = self.links.names()?;
        let request = Request::new(GET_QDISC, DUMP).header(&[0; HEADER_BYTES]);
        let found = self.disciplines.dump(&request, |found: &mut Vec<Discipline>, kind, body| {
            if kind == NEW_QDISC && found.len() < MOST_QDISCS {
                found.extend(parse(body));
            }
        });
        let found = found.map_err(|source| CollectError::Netlink { what: "queues", source })?;
        expose(&found, &names, &self.filter, page);
        Ok(())
    }
}

fn expose(found: &[Discipline], names: &HashMap<u32, String>, filter: &Filter, page: &mut Page) {
    let mut families = [
        Family::counter("node_qdisc_bytes_total", "Bytes that were sent."),
        Family::counter("node_qdisc_packets_total", "Packets that were sent."),
        Family::counter("node_qdisc_drops_total", "Packets that were dropped."),
        Family::counter("node_qdisc_requeues_total", "Packets that had to go back to the queue."),
        Family::counter("node_qdisc_overlimits_total", "Packets that were over a limit."),
        Family::gauge("node_qdisc_current_queue_length", "Packets that wait."),
        Family::gauge("node_qdisc_backlog", "Bytes that wait."),
    ];
    for one in found {
        let device = names.get(&one.device).map_or("", String::as_str);
        if !filter.shows(device) {
            continue;
        }
        let values = [
            one.bytes,
            one.packets,
            one.drops.into(),
            one.requeues.into(),
            one.overlimits.into(),
            one.queue_length.into(),
            one.backlog_bytes.into(),
        ];
        for (family, value) in families.iter_mut().zip(values) {
            family.push(&[("device", device), ("kind", &one.kind)], value);
        }
    }
    families.into_iter().for_each(|family| page.add(family));
}

/// Nothing of one that is not at the root, nor of one without figures.
fn parse(body: &[u8]) -> Option<Discipline> {
    let parent = u32_at(body, 12)?;
    if parent != ROOT && parent != 0 {
        return None;
    }
    let mut found = Discipline { device: u32_at(body, 4)?, ..Discipline::default() };
    let mut has_figures = false;
    for (kind, value) in attributes(body.get(HEADER_BYTES..)?) {
        match kind {
            KIND => found.kind = text(value),
            STATS => {
                parse_stats(value, &mut found)?;
                has_figures = true;
            }
            _ => {}
        }
    }
    has_figures.then_some(found)
}

fn parse_stats(value: &[u8], found: &mut Discipline) -> Option<()> {
    let mut packets = None;
    let mut has_queue = false;
    for (kind, value) in attributes(value) {
        match kind {
            BASIC => {
                found.bytes = u64_at(value, 0)?;
                found.packets = u32_at(value, 8)?.into();
            }
            QUEUE => {
                found.queue_length = u32_at(value, 0)?;
                found.backlog_bytes = u32_at(value, 4)?;
                found.drops = u32_at(value, 8)?;
                found.requeues = u32_at(value, 12)?;
                found.overlimits = u32_at(value, 16)?;
                has_queue = true;
            }
            PACKETS => packets = u64_at(value, 0),
            _ => {}
        }
    }
    found.packets = packets.unwrap_or(found.packets);
    has_queue.then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::links::tests::attribute;

    fn header(device: u32, parent: u32) -> Vec<u8> {
        [0, device, 0x8001_0000, parent, 2].into_iter().flat_map(u32::to_ne_bytes).collect()
    }

    fn stats() -> Vec<u8> {
        let basic = [&123_456_789_012u64.to_ne_bytes()[..], &4_321u32.to_ne_bytes()].concat();
        let queue: Vec<u8> =
            [3u32, 4500, 17, 5, 29].into_iter().flat_map(u32::to_ne_bytes).collect();
        [attribute(BASIC, &basic), attribute(QUEUE, &queue)].concat()
    }

    fn whole(parent: u32) -> Vec<u8> {
        [header(2, parent), attribute(KIND, b"fq_codel\0"), attribute(STATS, &stats())].concat()
    }

    #[test]
    fn one_at_the_root_with_its_figures() {
        let expected = Discipline {
            device: 2,
            kind: "fq_codel".to_owned(),
            bytes: 123_456_789_012,
            packets: 4321,
            drops: 17,
            requeues: 5,
            overlimits: 29,
            queue_length: 3,
            backlog_bytes: 4500,
        };
        assert_eq!(parse(&whole(ROOT)), Some(expected.clone()));
        assert_eq!(parse(&whole(0)), Some(expected.clone()));
        assert_eq!(parse(&whole(0x8001_0001)), None);
        let many = [stats(), attribute(PACKETS, &(1u64 << 33).to_ne_bytes())].concat();
        let many =
            [header(2, ROOT), attribute(KIND, b"fq_codel"), attribute(STATS, &many)].concat();
        assert_eq!(parse(&many), Some(Discipline { packets: 1 << 33, ..expected }));
    }

    #[test]
    fn what_is_cut_is_nothing() {
        let bytes = whole(ROOT);
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None, "{length}");
        }
        let inner = stats();
        for length in 0..inner.len() {
            let cut = [header(2, ROOT), attribute(STATS, &inner[..length])].concat();
            assert_eq!(parse(&cut), None, "{length}");
        }
    }

    #[test]
    fn a_device_may_be_left_out() {
        let found = [parse(&whole(ROOT)).unwrap()];
        let names = HashMap::from([(2, "eth0".to_owned())]);
        for (exclude, is_shown) in [("", true), ("^eth", false)] {
            let mut page = Page::default();
            expose(&found, &names, &Filter::new("", exclude), &mut page);
            assert_eq!(page.family("node_qdisc_backlog").is_some(), is_shown, "{exclude}");
        }
        let bad = QdiscOptions { device_include: "(".to_owned(), ..QdiscOptions::default() };
        assert!(bad.validate().is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[header(2, ROOT), attribute(STATS, &bytes)].concat());
        }
    }
}
