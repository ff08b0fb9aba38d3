//! `node_ethtool_*` and what links can do, from the drivers of the network's devices.
//!
//! As node_exporter, it asks in the old form, which knows 32 modes of links: most of those of 25 Gbit/s
//! and more are not among them.

mod answer;
mod modes;
mod names;

use crate::options::ethtool::EthtoolOptions;
use std::collections::BTreeMap;
use std::path::PathBuf;

use edctl_exposition::{Family, Page};
use edctl_sys::ethtool::Ethtool as Drivers;
use regex::Regex;
use rustix::io::Errno;

use self::answer::{Driver, Settings};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::{left_out, sysfs};

const DEVICE: &[&str] = &["device"];
const MODE: &[&str] = &["device", "duplex", "mode"];

pub(super) const ENTRY: Entry = Entry {
    name: "ethtool",
    preset: Preset::Off,
    runs: Runs::Apart,
    reads: "drivers of network devices",
    families: &[
        FamilyDoc::gauge(
            "node_ethtool_info",
            &[
                "bus_info",
                "device",
                "driver",
                "expansion_rom_version",
                "firmware_version",
                "version",
            ],
        ),
        FamilyDoc::unknown("node_ethtool_<field>", DEVICE),
        FamilyDoc::gauge("node_network_supported_port_info", &["device", "type"]),
        FamilyDoc::gauge("node_network_supported_speed_bytes", MODE),
        FamilyDoc::gauge("node_network_advertised_speed_bytes", MODE),
        FamilyDoc::gauge("node_network_autonegotiate_supported", DEVICE),
        FamilyDoc::gauge("node_network_pause_supported", DEVICE),
        FamilyDoc::gauge("node_network_asymmetricpause_supported", DEVICE),
        FamilyDoc::gauge("node_network_autonegotiate_advertised", DEVICE),
        FamilyDoc::gauge("node_network_pause_advertised", DEVICE),
        FamilyDoc::gauge("node_network_asymmetricpause_advertised", DEVICE),
        FamilyDoc::gauge("node_network_autonegotiate", DEVICE),
    ],
    make: |host, options| Box::new(Ethtool::new(host, &options.ethtool)),
};

/// The statistics that node_exporter gives a name that other drivers' have not.
const TOTALS: [(&str, &str); 7] = [
    ("rx_bytes", "node_ethtool_received_bytes_total"),
    ("rx_dropped", "node_ethtool_received_dropped_total"),
    ("rx_errors", "node_ethtool_received_errors_total"),
    ("rx_packets", "node_ethtool_received_packets_total"),
    ("tx_bytes", "node_ethtool_transmitted_bytes_total"),
    ("tx_errors", "node_ethtool_transmitted_errors_total"),
    ("tx_packets", "node_ethtool_transmitted_packets_total"),
];

/// The modes' speeds are in Mbit/s.
const BYTES_PER_MBIT: u64 = 1_000_000 / 8;

struct Ethtool {
    class: PathBuf,
    devices: Filter,
    stats: Option<Regex>,
    /// There since it was first needed.
    drivers: Option<Drivers>,
}

impl Ethtool {
    fn new(host: &Host, options: &EthtoolOptions) -> Self {
        Self {
            class: host.paths.sysfs.join("class/net"),
            devices: Filter::new(&options.device_include, &options.device_exclude),
            stats: Regex::new(&options.metrics_include).ok(),
            drivers: None,
        }
    }
}

impl Collector for Ethtool {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = sysfs::list(&self.class)?;
        let drivers = match &mut self.drivers {
            Some(drivers) => drivers,
            none => {
                let wrong = |e: Errno| CollectError::io(&self.class, e.into());
                none.insert(Drivers::open().map_err(wrong)?)
            }
        };
        let mut families = Families::default();
        for name in names.iter().filter(|name| self.devices.shows(name)) {
            if let Some(settings) = read_settings(drivers, name) {
                families.push_settings(name, &settings);
            }
            let Some(driver) = read_driver(drivers, name) else { continue };
            families.push_driver(name, &driver);
            let stats = read_stats(drivers, name, driver.stats).unwrap_or_default();
            for (family, (stat, value)) in names::by_family(stats, self.stats.as_ref()) {
                families.push_stat(name, family, &stat, value);
            }
        }
        families.0.into_values().for_each(|family| page.add(family));
        Ok(())
    }
}

fn read_settings(drivers: &mut Drivers, device: &str) -> Option<Settings> {
    let answer = answered(drivers.link_settings(device))?;
    understood(answer::parse_settings(answer))
}

fn read_driver(drivers: &mut Drivers, device: &str) -> Option<Driver> {
    let answer = answered(drivers.driver(device))?;
    understood(answer::parse_driver(answer))
}

fn read_stats(drivers: &mut Drivers, device: &str, count: u32) -> Option<Vec<(String, u64)>> {
    if count == 0 {
        return None;
    }
    let names = answered(drivers.stat_names(device, count))?.to_vec();
    let values = answered(drivers.stats(device, count))?;
    understood(answer::parse_stats(&names, values))
}

/// Many devices have no driver that could answer, and not every entry of sysfs is a device.
fn answered<T>(answer: Result<T, Errno>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Errno::OPNOTSUPP | Errno::NODEV) => None,
        Err(error) => {
            let message = format!("cannot ask the driver: {error}");
            left_out::note(CollectError::Other { reason: "io", message });
            None
        }
    }
}

fn understood<T>(parsed: Option<T>) -> Option<T> {
    if parsed.is_none() {
        let message = "a driver's answer has another form".to_owned();
        left_out::note(CollectError::Other { reason: "parse", message });
    }
    parsed
}

/// The families by their names.
#[derive(Default)]
struct Families(BTreeMap<String, Family>);

impl Families {
    fn push_driver(&mut self, device: &str, driver: &Driver) {
        let labels = [
            ("bus_info", &*driver.bus_info),
            ("device", device),
            ("driver", &driver.name),
            ("expansion_rom_version", &driver.expansion_rom_version),
            ("firmware_version", &driver.firmware_version),
            ("version", &driver.version),
        ];
        self.gauge("node_ethtool_info", "The device's driver; 1.", &labels, 1);
    }

    fn push_settings(&mut self, device: &str, settings: &Settings) {
        for port in modes::ports(settings.supported) {
            let help = "A kind of port that the device can have; 1.";
            let labels = [("device", device), ("type", port)];
            self.gauge("node_network_supported_port_info", help, &labels, 1);
        }
        self.push_modes(device, "supported", settings.supported);
        self.push_modes(device, "advertised", settings.advertised);
        let help = "Whether the device agrees with its neighbour on how the link runs.";
        let agrees = settings.autonegotiates.into();
        self.gauge("node_network_autonegotiate", help, &[("device", device)], agrees);
    }

    fn push_modes(&mut self, device: &str, word: &str, bits: u32) {
        for mode in modes::modes(bits) {
            let name = format!("node_network_{word}_speed_bytes");
            let help = format!("Bytes in a second of a mode of the link that is {word}.");
            let as_text = format!("{}base{}", mode.mbits, mode.medium);
            let labels = [("device", device), ("duplex", mode.duplex), ("mode", &*as_text)];
            self.gauge(&name, &help, &labels, u64::from(mode.mbits) * BYTES_PER_MBIT);
        }
        for (what, bit) in [
            ("autonegotiate", modes::AUTONEGOTIATION),
            ("pause", modes::PAUSE),
            ("asymmetricpause", modes::ASYMMETRIC_PAUSE),
        ] {
            let name = format!("node_network_{what}_{word}");
            let help = format!("Whether the link's {what} is {word}.");
            self.gauge(&name, &help, &[("device", device)], u64::from(bits & bit != 0));
        }
    }

    fn push_stat(&mut self, device: &str, family: String, stat: &str, value: u64) {
        let total = TOTALS.iter().find(|(name, _)| *name == stat);
        let name = total.map_or(family, |(_, name)| (*name).to_owned());
        let help = || format!("What the device's driver calls {stat}.");
        let family = self.0.entry(name.clone()).or_insert_with(|| Family::unknown(name, help()));
        family.push(&[("device", device)], value);
    }

    fn gauge(&mut self, name: &str, help: &str, labels: &[(&'static str, &str)], value: u64) {
        let make = || Family::gauge(name.to_owned(), help.to_owned());
        self.0.entry(name.to_owned()).or_insert_with(make).push(labels, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, tree};

    fn page(families: Families) -> Vec<String> {
        let mut page = Page::default();
        families.0.into_values().for_each(|family| page.add(family));
        for family in page.families() {
            assert!(ENTRY.families.iter().any(|doc| doc.is_of(family)), "{}", family.name);
        }
        page.families()
            .flat_map(|family| {
                let labels = |sample: &edctl_exposition::Sample| {
                    sample.labels.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()
                };
                family.samples.iter().map(move |sample| {
                    format!("{} {} {:?}", family.name, labels(sample).join(","), sample.value)
                })
            })
            .collect()
    }

    #[test]
    fn what_a_link_can_do_and_does() {
        let settings = Settings { supported: 0x20c8, advertised: 0x4, autonegotiates: 1 };
        let mut families = Families::default();
        families.push_settings("eth0", &settings);
        let expected = [
            "node_network_advertised_speed_bytes eth0,half,100baseT U64(12500000)",
            "node_network_asymmetricpause_advertised eth0 U64(0)",
            "node_network_asymmetricpause_supported eth0 U64(0)",
            "node_network_autonegotiate eth0 U64(1)",
            "node_network_autonegotiate_advertised eth0 U64(0)",
            "node_network_autonegotiate_supported eth0 U64(1)",
            "node_network_pause_advertised eth0 U64(0)",
            "node_network_pause_supported eth0 U64(1)",
            "node_network_supported_port_info eth0,TP U64(1)",
            "node_network_supported_speed_bytes eth0,full,100baseT U64(12500000)",
        ];
        assert_eq!(page(families), expected);
    }

    #[test]
    fn statistics_of_several_devices() {
        let mut families = Families::default();
        for (device, stat, family) in [
            ("eth0", "rx_bytes", "node_ethtool_received_bytes"),
            ("eth1", "rx_bytes", "node_ethtool_received_bytes"),
            ("eth1", "port_rx_bytes", "node_ethtool_port_received_bytes"),
        ] {
            families.push_stat(device, family.to_owned(), stat, 5);
        }
        let expected = [
            "node_ethtool_port_received_bytes eth1 U64(5)",
            "node_ethtool_received_bytes_total eth0 U64(5)",
            "node_ethtool_received_bytes_total eth1 U64(5)",
        ];
        assert_eq!(page(families), expected);
    }

    #[test]
    fn what_has_no_driver_shows_nothing() {
        let dir = tree(&[("class/net/no-such-device/mtu", "1"), ("class/net/bonding_masters", "")]);
        assert_eq!(shown(&ENTRY, dir.path()).unwrap(), "");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        let bad = EthtoolOptions { metrics_include: "(".to_owned(), ..EthtoolOptions::default() };
        assert!(bad.validate().is_err());
    }
}
