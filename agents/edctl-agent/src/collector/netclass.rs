//! `node_network_up`, `node_network_info` and their kin: what the network's devices are, from
//! /sys/class/net.

use std::path::PathBuf;

use edctl_daemon::Invalid;
use edctl_exposition::{Family, Page, Value};
use serde::Deserialize;

use super::sysfs::{self, Dir, Filter, check_regex, or_count};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

const INFO_LABELS: [&str; 7] =
    ["device", "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias"];

pub(super) const ENTRY: Entry = Entry {
    name: "netclass",
    preset: Preset::On,
    // Some drivers ask their device for the speed, and wait.
    runs: Runs::Apart,
    reads: "/sys/class/net",
    families: &[
        FamilyDoc::gauge("node_network_up", &["device"]),
        FamilyDoc::gauge("node_network_info", &INFO_LABELS),
        FamilyDoc::gauge("node_network_address_assign_type", &["device"]),
        FamilyDoc::gauge("node_network_carrier", &["device"]),
        FamilyDoc::counter("node_network_carrier_changes_total", &["device"]),
        FamilyDoc::counter("node_network_carrier_up_changes_total", &["device"]),
        FamilyDoc::counter("node_network_carrier_down_changes_total", &["device"]),
        FamilyDoc::gauge("node_network_device_id", &["device"]),
        FamilyDoc::gauge("node_network_dormant", &["device"]),
        FamilyDoc::gauge("node_network_flags", &["device"]),
        FamilyDoc::gauge("node_network_iface_id", &["device"]),
        FamilyDoc::gauge("node_network_iface_link", &["device"]),
        FamilyDoc::gauge("node_network_iface_link_mode", &["device"]),
        FamilyDoc::gauge("node_network_mtu_bytes", &["device"]),
        FamilyDoc::gauge("node_network_name_assign_type", &["device"]),
        FamilyDoc::gauge("node_network_net_dev_group", &["device"]),
        FamilyDoc::gauge("node_network_protocol_type", &["device"]),
        FamilyDoc::gauge("node_network_speed_bytes", &["device"]),
        FamilyDoc::gauge("node_network_transmit_queue_length", &["device"]),
    ],
    make: |host, options| Box::new(Netclass::new(host, &options.netclass)),
};

/// The attributes that are numbers: the file, and the family that shows it.
const NUMBERS: [(&str, &str); 16] = [
    ("addr_assign_type", "address_assign_type"),
    ("carrier", "carrier"),
    ("carrier_changes", "carrier_changes_total"),
    ("carrier_up_count", "carrier_up_changes_total"),
    ("carrier_down_count", "carrier_down_changes_total"),
    ("dev_id", "device_id"),
    ("dormant", "dormant"),
    ("flags", "flags"),
    ("ifindex", "iface_id"),
    ("iflink", "iface_link"),
    ("link_mode", "iface_link_mode"),
    ("mtu", "mtu_bytes"),
    ("name_assign_type", "name_assign_type"),
    ("netdev_group", "net_dev_group"),
    ("type", "protocol_type"),
    ("tx_queue_len", "transmit_queue_length"),
];

/// In `flags`: an administrator has switched the device on.
const IS_UP: i64 = 1;
/// `speed` is in Mbit/s.
const BYTES_PER_MBIT: i64 = 1_000_000 / 8;

/// The table `[collector.netclass]`: which devices are not shown, as a regular expression.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetclassOptions {
    pub(crate) ignored_devices: String,
}

impl NetclassOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netclass.ignored_devices", &self.ignored_devices)
    }
}

pub(super) struct Netclass {
    dir: PathBuf,
    filter: Filter,
}

impl Netclass {
    pub(super) fn new(host: &Host, options: &NetclassOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/net"),
            filter: Filter::new("", &options.ignored_devices),
        }
    }
}

impl Collector for Netclass {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut devices = sysfs::list(&self.dir)?;
        // Beside the devices' links there may be files, such as bonding_masters.
        devices.retain(|device| self.filter.shows(device));
        let mut families = Families::new();
        for device in &devices {
            let path = self.dir.join(device);
            match Dir::open(&path) {
                Ok(dir) => families.push(device, &dir, page),
                Err(_) if !path.is_dir() => {}
                Err(error) => page.error(ENTRY.name, error.reason()),
            }
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    up: Family,
    info: Family,
    speed: Family,
    /// In the order of [`NUMBERS`].
    numbers: Vec<Family>,
}

impl Families {
    fn new() -> Self {
        let number = |(file, name): &(&str, &str)| {
            let (name, help) =
                (format!("node_network_{name}"), format!("The device's attribute {file}."));
            match name.ends_with("_total") {
                true => Family::counter(name, help),
                false => Family::gauge(name, help),
            }
        };
        Self {
            up: Family::gauge("node_network_up", "Whether the device can carry packets."),
            info: Family::gauge("node_network_info", "What the device is; 1."),
            speed: Family::gauge(
                "node_network_speed_bytes",
                "Bytes that the device can carry in a second; below zero where it does not know.",
            ),
            numbers: NUMBERS.iter().map(number).collect(),
        }
    }

    fn push(&mut self, device: &str, dir: &Dir<'_>, page: &mut Page) {
        let mut text = |file: &str| or_count(dir.text(file), ENTRY.name, page).unwrap_or_default();
        let (address, broadcast, duplex) = (text("address"), text("broadcast"), text("duplex"));
        let (operstate, ifalias) = (text("operstate"), text("ifalias"));
        let mut number = |file: &str| {
            let text = or_count(dir.text(file), ENTRY.name, page)?;
            let number = parse(&text);
            if number.is_none() {
                page.error(ENTRY.name, "parse");
            }
            number
        };
        let label = ("device", device);
        for (family, (file, _)) in self.numbers.iter_mut().zip(NUMBERS) {
            if let Some(value) = number(file) {
                family.push(&[label], Value::I64(value));
            }
        }
        if let Some(speed) = number("speed") {
            self.speed.push(&[label], Value::I64(speed.saturating_mul(BYTES_PER_MBIT)));
        }
        let adminstate = match number("flags") {
            Some(flags) if flags & IS_UP != 0 => "up",
            Some(_) => "down",
            None => "unknown",
        };
        self.up.push(&[label], operstate == "up");
        let values = [device, &address, &broadcast, &duplex, &operstate, adminstate, &ifalias];
        let labels: Vec<(&'static str, &str)> = INFO_LABELS.into_iter().zip(values).collect();
        self.info.push(&labels, 1u64);
    }

    fn add_to(self, page: &mut Page) {
        page.add(self.up);
        page.add(self.info);
        page.add(self.speed);
        self.numbers.into_iter().for_each(|family| page.add(family));
    }
}

/// A number as sysfs writes it: decimal, or hex behind `0x`.
fn parse(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            i64::from_str_radix(hex, 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sysfs::tests::{put, shown, tree};
    use super::*;

    #[test]
    fn devices_with_what_they_have() {
        let tree = tree(&[
            ("class/net/eth0/address", "01:02:03:04:05:06\n"),
            ("class/net/eth0/operstate", "up\n"),
            ("class/net/eth0/duplex", "full\n"),
            ("class/net/eth0/flags", "0x1303\n"),
            ("class/net/eth0/mtu", "1500\n"),
            ("class/net/eth0/speed", "1000\n"),
            ("class/net/eth0/carrier_changes", "2\n"),
            ("class/net/veth1/operstate", "down\n"),
            ("class/net/veth1/flags", "0x1002\n"),
            ("class/net/veth1/speed", "-1\n"),
            ("class/net/bonding_masters", "bond0\n"),
        ]);
        put(tree.path(), "class/net/veth1/mtu", b"many\n");
        let page = shown(&ENTRY, tree.path()).unwrap();
        for line in [
            "node_network_up{device=\"eth0\"} 1",
            "node_network_up{device=\"veth1\"} 0",
            "node_network_info{device=\"eth0\",address=\"01:02:03:04:05:06\",broadcast=\"\",\
             duplex=\"full\",operstate=\"up\",adminstate=\"up\",ifalias=\"\"} 1",
            "node_network_flags{device=\"eth0\"} 4867",
            "node_network_speed_bytes{device=\"eth0\"} 125000000",
            "node_network_speed_bytes{device=\"veth1\"} -125000",
            "node_network_carrier_changes_total{device=\"eth0\"} 2",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        assert!(!page.contains("bonding_masters"), "{page}");
        assert!(!page.contains("node_network_mtu_bytes{device=\"veth1\"}"), "{page}");
        assert!(!page.contains("node_network_carrier{device"), "{page}");
    }

    #[test]
    fn numbers_of_both_forms() {
        for (text, number) in [
            ("0x1003", Some(4099)),
            ("-1", Some(-1)),
            ("0x", None),
            ("0x+1", None),
            ("", None),
            ("1 2", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse(text), number, "{text}");
        }
    }
}
