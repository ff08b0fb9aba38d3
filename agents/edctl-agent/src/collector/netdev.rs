//! `node_network_receive_*` and `node_network_transmit_*`: what the network's devices carried, from
//! /proc/net/dev, which has the sums that node_exporter makes of netlink's figures.

use std::path::PathBuf;

use edctl_daemon::Invalid;
use edctl_exposition::{Family, Page};
use serde::Deserialize;

use super::kernel_file::{KernelFile, Text};
use super::sysfs::{self, Filter, check_regex};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "netdev",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/dev, /sys/class/net/*/statistics/rx_nohandler",
    families: &[
        FamilyDoc::counter("node_network_receive_<field>_total", &["device"]),
        FamilyDoc::counter("node_network_transmit_<field>_total", &["device"]),
    ],
    make: |host, options| Box::new(Netdev::new(host, &options.netdev)),
};

/// The columns behind a device's name.
const RECEIVE: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"];
const TRANSMIT: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"];
const COLUMNS: usize = RECEIVE.len() + TRANSMIT.len();

/// The table `[collector.netdev]`: which devices are shown, as regular expressions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetdevOptions {
    pub(crate) device_include: String,
    pub(crate) device_exclude: String,
}

impl NetdevOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netdev.device_include", &self.device_include)?;
        check_regex("collector.netdev.device_exclude", &self.device_exclude)
    }
}

pub(super) struct Netdev {
    file: KernelFile,
    class: PathBuf,
    filter: Filter,
}

impl Netdev {
    pub(super) fn new(host: &Host, options: &NetdevOptions) -> Self {
        Self {
            file: KernelFile::new(host.paths.procfs.join("net/dev")),
            class: host.paths.sysfs.join("class/net"),
            filter: Filter::new(&options.device_include, &options.device_exclude),
        }
    }
}

impl Collector for Netdev {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut devices = parse(self.file.read()?)?;
        devices.retain(|(device, _)| self.filter.shows(device));
        for (column, family) in families().into_iter().enumerate() {
            let mut family = family;
            for (device, columns) in &devices {
                family.push(&[("device", device)], columns[column]);
            }
            page.add(family);
        }
        let mut nohandler = Family::counter(
            "node_network_receive_nohandler_total",
            "Packets that came on a device that nobody listens to.",
        );
        for (device, _) in &devices {
            let path = self.class.join(device).join("statistics/rx_nohandler");
            if let Some(packets) = sysfs::or_count(sysfs::number::<u64>(&path), ENTRY.name, page) {
                nohandler.push(&[("device", device)], packets);
            }
        }
        page.add(nohandler);
        Ok(())
    }
}

fn families() -> Vec<Family> {
    let family = |direction: &str, field: &str| {
        let help = format!("The column {field} of what the device did {direction}.");
        Family::counter(format!("node_network_{direction}_{field}_total"), help)
    };
    let receive = RECEIVE.iter().map(|field| family("receive", field));
    receive.chain(TRANSMIT.iter().map(|field| family("transmit", field))).collect()
}

fn parse(text: Text<'_>) -> Result<Vec<(&str, [u64; COLUMNS])>, CollectError> {
    let mut devices = Vec::new();
    // Two lines of headings.
    for (number, line) in text.lines().skip(2) {
        let wrong = || text.wrong(number, "expected a device and sixteen numbers");
        // A device's name may hold a colon; numbers do not.
        let (device, rest) = line.rsplit_once(':').ok_or_else(wrong)?;
        let mut columns = [0; COLUMNS];
        let mut words = rest.split_ascii_whitespace();
        for column in &mut columns {
            *column = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
        }
        devices.push((device.trim(), columns));
    }
    if devices.is_empty() { Err(text.wrong(1, "expected devices")) } else { Ok(devices) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n";

    #[test]
    fn devices_and_their_columns() {
        let content = format!(
            "{HEAD}    lo: 85456154   59704    0    0    0     0          0         0 1 2 3 4 5 6 7 8\n\
             eth0:1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        );
        let devices = parse(Text::of(&content)).unwrap();
        assert_eq!((devices[0].0, devices[0].1[0], devices[0].1[15]), ("lo", 85_456_154, 8));
        assert_eq!((devices[1].0, devices[1].1[8]), ("eth0:1", 9));
        for bad in ["", "lo 1 2\n", "lo: 1 2 3\n", "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -1\n"] {
            assert!(parse(Text::of(&format!("{HEAD}{bad}"))).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&format!("{HEAD}{content}")));
        }
    }
}
