//! `node_network_route_info` and `node_network_routes`: the kernel's routes, from rtnetlink.
//!
//! Routes of several tables may have the same labels. node_exporter then shows no page at all; here they
//! are one series, and each still counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use edctl_exposition::{Family, Page};
use edctl_netlink::{Client, DUMP, Protocol, Request, attributes, u16_at, u32_at};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::reading::error::CollectError;
use crate::reading::links::Links;

const LABELS: [&str; 7] = ["device", "src", "dest", "gw", "priority", "proto", "weight"];

pub(super) const ENTRY: Entry = Entry {
    name: "network_route",
    preset: Preset::Off,
    runs: Runs::Apart,
    reads: "rtnetlink",
    families: &[
        FamilyDoc::gauge("node_network_route_info", &LABELS),
        FamilyDoc::gauge("node_network_routes", &["device"]),
    ],
    make: |_, _| Box::new(NetworkRoute::new()),
};

const GET_ROUTE: u16 = 26;
const NEW_ROUTE: u16 = 24;
/// `struct rtmsg`, before the attributes.
const HEADER_BYTES: usize = 12;
/// `RTN_UNICAST`: not to this node itself, nor to nowhere.
const UNICAST: u8 = 1;
/// Routes beyond this are not looked at; no node has the internet's full table.
const MOST_ROUTES: usize = 100_000;

const DESTINATION: u16 = 1;
const DEVICE: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const SOURCE: u16 = 7;
const HOPS: u16 = 9;
/// `struct rtnexthop`, before the attributes of one hop of several.
const HOP_HEADER_BYTES: usize = 8;

/// A way to somewhere; a route over several gateways is several.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    device: u32,
    source: String,
    destination: String,
    gateway: String,
    priority: u32,
    protocol: u8,
    /// Of one of several gateways.
    weight: Option<u32>,
}

struct NetworkRoute {
    links: Links,
    routes: Client,
}

impl NetworkRoute {
    fn new() -> Self {
        Self { links: Links::new(), routes: Client::new(Protocol::Route) }
    }
}

impl Collector for NetworkRoute {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = self.links.names()?;
        let request = Request::new(GET_ROUTE, DUMP).header(&[0; HEADER_BYTES]);
        let routes = self.routes.dump(&request, |routes: &mut Vec<Route>, kind, body| {
            if kind == NEW_ROUTE && routes.len() < MOST_ROUTES {
                routes.extend(parse(body).unwrap_or_default());
            }
        });
        let routes = routes.map_err(|source| CollectError::Netlink { what: "routes", source })?;
        expose(&routes, &names, page);
        Ok(())
    }
}

fn expose(routes: &[Route], names: &HashMap<u32, String>, page: &mut Page) {
    let mut info = Family::gauge("node_network_route_info", "A route to elsewhere; 1.");
    let mut count = Family::gauge("node_network_routes", "Routes to elsewhere over the device.");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut seen = HashSet::new();
    for route in routes {
        let device = names.get(&route.device).map_or("", String::as_str);
        *counts.entry(device).or_default() += 1;
        let priority = route.priority.to_string();
        let weight = route.weight.map(|weight| weight.to_string()).unwrap_or_default();
        let labels = [
            ("device", device),
            ("src", &route.source),
            ("dest", &route.destination),
            ("gw", &route.gateway),
            ("priority", &priority),
            ("proto", protocol(route.protocol)),
            ("weight", &weight),
        ];
        if seen.insert(labels.map(|(_, value)| value.to_owned())) {
            info.push(&labels, 1u64);
        }
    }
    for (device, routes) in counts {
        count.push(&[("device", device)], routes);
    }
    page.add(info);
    page.add(count);
}

/// The ways of a message; nothing of a route to this node or of a message that is cut.
fn parse(body: &[u8]) -> Option<Vec<Route>> {
    let (prefix, protocol, kind) = (*body.get(1)?, *body.get(5)?, *body.get(7)?);
    if kind != UNICAST {
        return None;
    }
    let mut route = Route {
        device: 0,
        source: String::new(),
        destination: String::new(),
        gateway: String::new(),
        priority: 0,
        protocol,
        weight: None,
    };
    let mut hops = Vec::new();
    for (kind, value) in attributes(body.get(HEADER_BYTES..)?) {
        match kind {
            DESTINATION => route.destination = address(value),
            DEVICE => route.device = u32_at(value, 0)?,
            GATEWAY => route.gateway = address(value),
            PRIORITY => route.priority = u32_at(value, 0)?,
            SOURCE => route.source = address(value),
            HOPS => hops = parse_hops(value),
            _ => {}
        }
    }
    route.destination = match prefix {
        0 => "default".to_owned(),
        prefix => format!("{}/{prefix}", route.destination),
    };
    if hops.is_empty() {
        return Some(vec![route]);
    }
    let way = |hop: Hop| Route {
        device: hop.device,
        gateway: hop.gateway,
        weight: Some(hop.weight),
        ..route.clone()
    };
    Some(hops.into_iter().map(way).collect())
}

struct Hop {
    device: u32,
    gateway: String,
    weight: u32,
}

/// Hops follow each other as attributes do, but with a longer header; it ends at the first that is not
/// whole.
fn parse_hops(mut bytes: &[u8]) -> Vec<Hop> {
    let mut hops = Vec::new();
    while let Some(hop) = u16_at(bytes, 0).and_then(|length| bytes.get(..usize::from(length))) {
        let (Some(inner), Some(weight), Some(device)) =
            (hop.get(HOP_HEADER_BYTES..), hop.get(3), u32_at(hop, 4))
        else {
            break;
        };
        let gateway = attributes(inner).find(|(kind, _)| *kind == GATEWAY);
        let gateway = gateway.map(|(_, value)| address(value)).unwrap_or_default();
        hops.push(Hop { device, gateway, weight: u32::from(*weight) + 1 });
        bytes = bytes.get(hop.len().next_multiple_of(4)..).unwrap_or_default();
    }
    hops
}

/// An address of either version; nothing of another length.
fn address(value: &[u8]) -> String {
    let four = <[u8; 4]>::try_from(value).map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let six = || <[u8; 16]>::try_from(value).map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
    four.or_else(|_| six()).map(|address| address.to_string()).unwrap_or_default()
}

/// Who made the route: `RTPROT_...`.
fn protocol(number: u8) -> &'static str {
    match number {
        0 => "unspec",
        1 => "redirect",
        2 => "kernel",
        3 => "boot",
        4 => "static",
        8 => "gated",
        9 => "ra",
        10 => "mrt",
        11 => "zebra",
        12 => "bird",
        13 => "dnrouted",
        14 => "xorp",
        15 => "ntk",
        16 => "dhcp",
        17 => "mrouted",
        42 => "babel",
        186 => "bgp",
        187 => "isis",
        188 => "ospf",
        189 => "rip",
        192 => "eigrp",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::links::tests::attribute;

    fn header(family: u8, prefix: u8, kind: u8) -> Vec<u8> {
        vec![family, prefix, 0, 0, 254, 16, 0, kind, 0, 0, 0, 0]
    }

    fn hop(weight: u8, device: u32, attributes: &[u8]) -> Vec<u8> {
        let length = (HOP_HEADER_BYTES + attributes.len()) as u16;
        [&length.to_ne_bytes()[..], &[0, weight - 1], &device.to_ne_bytes(), attributes].concat()
    }

    fn several() -> Vec<u8> {
        let hops = [
            hop(1, 2, &attribute(GATEWAY, &[198, 51, 100, 1])),
            hop(5, 3, &attribute(GATEWAY, &[198, 51, 100, 129])),
            hop(2, 4, &[]),
        ];
        [
            header(2, 0, UNICAST),
            attribute(PRIORITY, &20u32.to_ne_bytes()),
            attribute(HOPS, &hops.concat()),
        ]
        .concat()
    }

    #[test]
    fn a_route_of_either_version() {
        let four = [
            header(2, 22, UNICAST),
            attribute(DESTINATION, &[203, 0, 112, 0]),
            attribute(PRIORITY, &100u32.to_ne_bytes()),
            attribute(SOURCE, &[203, 0, 112, 7]),
            attribute(DEVICE, &2u32.to_ne_bytes()),
        ];
        let expected = Route {
            device: 2,
            source: "203.0.112.7".to_owned(),
            destination: "203.0.112.0/22".to_owned(),
            gateway: String::new(),
            priority: 100,
            protocol: 16,
            weight: None,
        };
        assert_eq!(parse(&four.concat()), Some(vec![expected]));
        let mut gateway = [0; 16];
        (gateway[0], gateway[1], gateway[15]) = (0xfe, 0x80, 1);
        let six = [header(10, 0, UNICAST), attribute(GATEWAY, &gateway)].concat();
        let route = parse(&six).unwrap().remove(0);
        assert_eq!((&*route.destination, &*route.gateway), ("default", "fe80::1"));
        assert_eq!(parse(&header(2, 32, 2)), None, "to this node");
    }

    #[test]
    fn a_route_over_several_gateways_is_several() {
        let routes = parse(&several()).unwrap();
        let ways: Vec<_> =
            routes.iter().map(|route| (route.device, &*route.gateway, route.weight)).collect();
        let expected =
            [(2, "198.51.100.1", Some(1)), (3, "198.51.100.129", Some(5)), (4, "", Some(2))];
        assert_eq!(ways, expected);
        assert!(routes.iter().all(|route| route.priority == 20));
    }

    #[test]
    fn what_is_cut_is_nothing_or_less() {
        let bytes = several();
        for length in 0..bytes.len() {
            let routes = parse(&bytes[..length]);
            assert_eq!(routes.is_some(), length >= HEADER_BYTES, "{length}");
            assert!(routes.is_none_or(|routes| routes.len() == 1), "{length}");
        }
        for length in 0..24u16 {
            let lies = [&length.to_ne_bytes()[..], &[0, 0], &7u32.to_ne_bytes()].concat();
            assert_eq!(parse_hops(&lies).len(), usize::from(length == 8), "{length}");
        }
    }

    #[test]
    fn routes_of_the_same_labels_are_one_series() {
        let route = parse(&[header(2, 0, UNICAST), attribute(DEVICE, &[2, 0, 0, 0])].concat());
        let routes = [route.clone().unwrap(), route.unwrap()].concat();
        let mut page = Page::default();
        expose(&routes, &HashMap::from([(2, "eth0".to_owned())]), &mut page);
        page.finish();
        assert_eq!(page.dropped().count(), 0);
        assert_eq!(page.family("node_network_route_info").unwrap().samples.len(), 1);
        let count = &page.family("node_network_routes").unwrap().samples[0];
        assert_eq!((&*count.labels[0].1, count.value), ("eth0", 2u64.into()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[header(2, 24, UNICAST), attribute(HOPS, &bytes)].concat());
        }
    }
}
