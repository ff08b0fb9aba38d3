//! `node_ipvs_*`: what the kernel's load balancer does, from /proc/net/ip_vs_stats and /proc/net/ip_vs.
//!
//! node_exporter takes the servers behind an SCTP service for those of the service above it; here
//! they are its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

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

/// Two lines of headings stand above the sums.
const TOTALS_LINE: usize = 3;

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
        let totals = parse_totals(self.totals.read()?)?;
        let backends = parse_backends(self.backends.read()?)?;
        expose(totals, &backends, page);
        Ok(())
    }
}

/// A server and the service that it stands behind, as labels in the order of [`BACKEND`].
type Backend = [String; BACKEND.len()];

/// Active and inactive connections, and the weight.
type Load = [u64; 3];

fn parse_totals(text: Text<'_>) -> Result<[u64; 5], CollectError> {
    let wrong = || text.wrong(TOTALS_LINE, "expected five hex numbers");
    let (_, line) = text.lines().find(|(number, _)| *number == TOTALS_LINE).ok_or_else(wrong)?;
    let numbers: Option<Vec<u64>> =
        line.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16).ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(wrong)
}

/// The servers; the same one twice is summed up.
fn parse_backends(text: Text<'_>) -> Result<BTreeMap<Backend, Load>, CollectError> {
    let mut backends: BTreeMap<Backend, Load> = BTreeMap::new();
    let mut service = None;
    for (number, line) in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            [] | ["IP" | "Prot", ..] | ["->", "RemoteAddress:Port", ..] => {}
            ["->", remote, _forward, ref numbers @ ..] => {
                let wrong = || text.wrong(number, "expected a server behind a service");
                let (backend, load) =
                    parse_backend(service.as_ref(), remote, numbers).ok_or_else(wrong)?;
                let sums = backends.entry(backend).or_default();
                for (sum, value) in sums.iter_mut().zip(load) {
                    *sum = sum.saturating_add(value);
                }
            }
            [protocol, local, ..] => {
                let wrong = || text.wrong(number, "expected a service");
                service = Some(Service::parse(protocol, local).ok_or_else(wrong)?);
            }
            [_] => return Err(text.wrong(number, "expected a service")),
        }
    }
    Ok(backends)
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

fn parse_backend(
    service: Option<&Service>,
    remote: &str,
    numbers: &[&str],
) -> Option<(Backend, Load)> {
    let service = service?;
    let (address, port) = parse_address(remote)?;
    let [weight, active, inactive] = numbers else { return None };
    let load = [active.parse().ok()?, inactive.parse().ok()?, weight.parse().ok()?];
    let backend = [
        service.address.clone(),
        service.port.to_string(),
        address.to_string(),
        port.to_string(),
        service.protocol.clone(),
        service.mark.clone(),
    ];
    Some((backend, load))
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

fn expose(totals: [u64; 5], backends: &BTreeMap<Backend, Load>, page: &mut Page) {
    let names = [
        ("node_ipvs_connections_total", "Connections that were balanced."),
        ("node_ipvs_incoming_packets_total", "Packets that came in."),
        ("node_ipvs_outgoing_packets_total", "Packets that went out."),
        ("node_ipvs_incoming_bytes_total", "Bytes that came in."),
        ("node_ipvs_outgoing_bytes_total", "Bytes that went out."),
    ];
    for ((name, help), total) in names.into_iter().zip(totals) {
        page.add(Family::counter(name, help).with(&[], total));
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
            family.push(&labels, load[column]);
        }
        page.add(family);
    }
}

#[cfg(test)]
mod tests;
