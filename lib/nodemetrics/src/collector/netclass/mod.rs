//! `node_network_up`, `node_network_info` and their kin: what the network's devices are, from
//! /sys/class/net, and from rtnetlink where that tells the same: all devices at once cost the kernel less
//! than opening one file.

mod asked;
mod device;
mod files;

use crate::options::netclass::NetclassOptions;
use std::path::PathBuf;

use edctl_exposition::{Family, Page, Value};

use self::asked::Asked;
use self::device::{Device, IS_UP, NUMBERS, OPERATION_STATES};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::hotplug::Found;
use crate::reading::sysfs;

const INFO_LABELS: [&str; 7] =
    ["device", "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias"];

pub(super) const ENTRY: Entry = Entry {
    name: "netclass",
    preset: Preset::On,
    // Some drivers ask their device for the speed, and wait.
    runs: Runs::Apart,
    reads: "/sys/class/net, rtnetlink",
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

/// `speed` is in Mbit/s.
const BYTES_PER_MBIT: i64 = 1_000_000 / 8;

pub(super) struct Netclass {
    dir: PathBuf,
    names: Found<Vec<String>>,
    filter: Filter,
    /// Where the kernel may be asked instead of the files.
    asked: Option<Asked>,
}

impl Netclass {
    pub(super) fn new(host: &Host, options: &NetclassOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/net"),
            names: Found::new(&host.paths),
            filter: Filter::new("", &options.ignored_devices),
            asked: host.is_where_we_run().then(|| Asked::new(&host.paths)),
        }
    }

    fn read(&mut self, names: &[String]) -> Vec<Device> {
        let asked = self.asked.as_mut().and_then(|asked| asked.read(&self.dir, names));
        let devices = asked.unwrap_or_else(|| files::read(&self.dir, names));
        devices.into_iter().filter(|device| self.filter.shows(&device.name)).collect()
    }
}

impl Collector for Netclass {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = self.names.get(|| sysfs::list(&self.dir))?.clone();
        let mut families = Families::new();
        for device in self.read(&names) {
            families.push(&device);
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

    fn push(&mut self, device: &Device) {
        let label = ("device", device.name.as_str());
        for (family, number) in self.numbers.iter_mut().zip(device.numbers) {
            if let Some(number) = number {
                family.push(&[label], Value::I64(number));
            }
        }
        if let Some(speed) = device.speed {
            self.speed.push(&[label], Value::I64(speed.saturating_mul(BYTES_PER_MBIT)));
        }
        let adminstate = match device.number("flags") {
            Some(flags) if flags & IS_UP != 0 => "up",
            Some(_) => "down",
            None => "unknown",
        };
        if OPERATION_STATES.contains(&device.operstate.as_str()) {
            self.up.push(&[label], device.operstate == "up");
        }
        let values = [
            label.1,
            &device.address,
            &device.broadcast,
            &device.duplex,
            &device.operstate,
            adminstate,
            &device.ifalias,
        ];
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

#[cfg(test)]
mod tests;
