//! `node_ipvs_*`: what the kernel's load balancer does, from /proc/net/ip_vs_stats and /proc/net/ip_vs.
//!
//! node_exporter takes the servers behind an SCTP service for those of the service above it; here
//! they are its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;

const BACKEND: [&str; 6] =
    ["local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark"];

pub(super) const ENTRY: Entry = Entry {
    name: "ipvs",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/net/ip_vs_stats, /proc/net/ip_vs",
    families: &[
        FamilyDoc::counter("node_ipvs_connections_total", &[]),
        FamilyDoc::counter("node_ipvs_incoming_packets_total", &[]),
        FamilyDoc::counter("node_ipvs_outgoing_packets_total", &[]),
        FamilyDoc::counter("node_ipvs_incoming_bytes_total", &[]),
        FamilyDoc::counter("node_ipvs_outgoing_bytes_total", &[]),
        FamilyDoc::gauge("node_ipvs_backend_connections_active", &BACKEND),
        FamilyDoc::gauge("node_ipvs_backend_connections_inactive", &BACKEND),
        FamilyDoc::gauge("node_ipvs_backend_weight", &BACKEND),
    ],
    make: |host, _| Box::new(Ipvs::new(host)),
};

/// The first word of the line above the sums.
const TOTALS_HEAD: &str = "Conns";
const TOTALS: usize = 5;
/// What a service listens to, as the kernel calls it; `FWM` is a mark of the firewall's.
const PROTOCOLS: [&str; 4] = ["TCP", "UDP", "SCTP", "FWM"];

pub(super) struct Ipvs {
    totals: KernelFile,
    backends: KernelFile,
}

impl Ipvs {
    pub(super) fn new(host: &Host) -> Self {
        let net = host.paths.procfs.join("net");
        Self {
            totals: KernelFile::new(net.join("ip_vs_stats")),
            backends: KernelFile::new(net.join("ip_vs")),
        }
    }
}

impl Collector for Ipvs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let totals = match self.totals.read().and_then(parse_totals) {
            // A kernel that balances nothing.
            Err(error @ CollectError::Absent { .. }) => return Err(error),
            totals => or_left_out(totals.map(Some)),
        };
        let backends = or_left_out(self.backends.read().map(parse_backends).map(Some));
        expose(totals.unwrap_or_default(), &backends.unwrap_or_default(), page);
        Ok(())
    }
}

/// A server and the service that it stands behind, as labels in the order of [`BACKEND`].
type Backend = [String; BACKEND.len()];

/// Active and inactive connections, and the weight.
type Load = [Option<u64>; 3];

fn parse_totals(text: Text<'_>) -> Result<[Option<u64>; TOTALS], CollectError> {
    let is_head = |line: &str| line.split_ascii_whitespace().next() == Some(TOTALS_HEAD);
    let mut lines = text.lines().skip_while(|(_, line)| !is_head(line)).skip(1);
    let words = lines.find_map(|(number, line)| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        Some((number, <[&str; TOTALS]>::try_from(words).ok()?))
    });
    let (number, words) = words.ok_or_else(|| text.wrong(1, "expected five hex numbers"))?;
    Ok(words.map(|word| text.hex(number, word)))
}

/// The servers; the same one twice is summed up.
fn parse_backends(text: Text<'_>) -> BTreeMap<Backend, Load> {
    let mut backends: BTreeMap<Backend, Load> = BTreeMap::new();
    let mut service = None;
    for (number, line) in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            [] | ["IP" | "Prot", ..] | ["->", "RemoteAddress:Port", ..] => {}
            ["->", remote, _forward, ref numbers @ ..] => {
                let backend = parse_backend(service.as_ref(), remote, numbers);
                let expected = "expected a server behind a service";
                let Some((backend, load)) = text.known(number, expected, backend) else { continue };
                let load = load.map(|word| text.number(number, Some(word)));
                let sums = backends.entry(backend).or_insert([Some(0); 3]);
                for (sum, value) in sums.iter_mut().zip(load) {
                    *sum = sum.zip(value).map(|(sum, value)| sum.saturating_add(value));
                }
            }
            [protocol, ref rest @ ..] => {
                let local = rest.first().copied().unwrap_or_default();
                let found = Service::parse(protocol, local);
                if found.is_none() {
                    text.leave_out(number, "expected a service");
                }
                // The servers below a service that is not known are not those of the one above it; a line that
                // is nothing of the kind does not come between.
                if found.is_some() || PROTOCOLS.contains(&protocol) || is_like_address(local) {
                    service = found;
                }
            }
        }
    }
    backends
}

fn is_like_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b"[]:".contains(&b))
}

struct Service {
    address: String,
    port: u16,
    protocol: String,
    /// Of packets that the firewall marked for the service, in place of an address.
    mark: String,
}

impl Service {
    fn parse(protocol: &str, local: &str) -> Option<Self> {
        let protocol = protocol.to_owned();
        if protocol == "FWM" {
            return Some(Self {
                address: String::new(),
                port: 0,
                protocol,
                mark: local.to_owned(),
            });
        }
        let (address, port) = parse_address(local)?;
        Some(Self { address: address.to_string(), port, protocol, mark: String::new() })
    }
}

/// The server, and the words that say its load.
fn parse_backend<'a>(
    service: Option<&Service>,
    remote: &str,
    numbers: &[&'a str],
) -> Option<(Backend, [&'a str; 3])> {
    let service = service?;
    let (address, port) = parse_address(remote)?;
    let &[weight, active, inactive] = numbers else { return None };
    let backend = [
        service.address.clone(),
        service.port.to_string(),
        address.to_string(),
        port.to_string(),
        service.protocol.clone(),
        service.mark.clone(),
    ];
    Some((backend, [active, inactive, weight]))
}

/// `C0A80016:0CEA`, or `[fd00:0000:0000:0000:0000:0000:0000:0001]:0CEA`.
fn parse_address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = match address.strip_prefix('[') {
        Some(v6) => IpAddr::V6(v6.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?),
        None if address.len() == 8 => {
            IpAddr::V4(Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?))
        }
        None => return None,
    };
    Some((address, port))
}

fn expose(totals: [Option<u64>; TOTALS], backends: &BTreeMap<Backend, Load>, page: &mut Page) {
    let names = [
        ("node_ipvs_connections_total", "Connections that were balanced."),
        ("node_ipvs_incoming_packets_total", "Packets that came in."),
        ("node_ipvs_outgoing_packets_total", "Packets that went out."),
        ("node_ipvs_incoming_bytes_total", "Bytes that came in."),
        ("node_ipvs_outgoing_bytes_total", "Bytes that went out."),
    ];
    for ((name, help), total) in names.into_iter().zip(totals) {
        page.add(Family::counter(name, help).with_known(&[], total));
    }
    let names = [
        ("node_ipvs_backend_connections_active", "The server's active connections."),
        ("node_ipvs_backend_connections_inactive", "The server's inactive connections."),
        ("node_ipvs_backend_weight", "The server's weight."),
    ];
    for (column, (name, help)) in names.into_iter().enumerate() {
        let mut family = Family::gauge(name, help);
        for (backend, load) in backends {
            let labels: Vec<(&'static str, &str)> =
                BACKEND.into_iter().zip(backend.iter().map(String::as_str)).collect();
            family.push_known(&labels, load[column]);
        }
        page.add(family);
    }
}

#[cfg(test)]
mod tests;
