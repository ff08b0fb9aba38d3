//! `node_pcidevice_*`: what sits on the PCI bus and how wide and fast its links are, from
//! /sys/bus/pci/devices.
//!
//! node_exporter shows 0 or -1 for an attribute that a device does not have; here it is left out.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page, Value};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{left_out, sysfs};

const LOCATION: &[&str] = &["segment", "bus", "device", "function"];
const POWER_STATES: [&str; 7] = ["D0", "D1", "D2", "D3hot", "D3cold", "unknown", "error"];

/// File, family, help; -1 stands for an unknown NUMA node.
const NUMBERS: [(&str, &str, &str); 8] = [
    ("max_link_width", "node_pcidevice_max_link_width", "Lanes that the device has."),
    ("current_link_width", "node_pcidevice_current_link_width", "Lanes in use."),
    ("numa_node", "node_pcidevice_numa_node", "The NUMA node that the device is at."),
    ("d3cold_allowed", "node_pcidevice_d3cold_allowed", "Whether it may lose all power."),
    (
        "sriov_drivers_autoprobe",
        "node_pcidevice_sriov_drivers_autoprobe",
        "Whether drivers take virtual functions by themselves.",
    ),
    ("sriov_numvfs", "node_pcidevice_sriov_numvfs", "Virtual functions that are there."),
    ("sriov_totalvfs", "node_pcidevice_sriov_totalvfs", "Virtual functions that there may be."),
    (
        "sriov_vf_total_msix",
        "node_pcidevice_sriov_vf_total_msix",
        "Interrupts that virtual functions share.",
    ),
];

/// The same for links' speeds.
const SPEEDS: [(&str, &str, &str); 2] = [
    (
        "max_link_speed",
        "node_pcidevice_max_link_transfers_per_second",
        "Transfers per second that the device can.",
    ),
    (
        "current_link_speed",
        "node_pcidevice_current_link_transfers_per_second",
        "Transfers per second that the link does.",
    ),
];

pub(super) const ENTRY: Entry = Entry {
    name: "pcidevice",
    preset: Preset::Off,
    runs: Runs::Apart,
    reads: "/sys/bus/pci/devices",
    families: &[
        FamilyDoc::gauge(
            "node_pcidevice_info",
            &[
                "segment",
                "bus",
                "device",
                "function",
                "parent_segment",
                "parent_bus",
                "parent_device",
                "parent_function",
                "class_id",
                "vendor_id",
                "device_id",
                "subsystem_vendor_id",
                "subsystem_device_id",
                "revision",
            ],
        ),
        FamilyDoc::gauge("node_pcidevice_max_link_transfers_per_second", LOCATION),
        FamilyDoc::gauge("node_pcidevice_max_link_width", LOCATION),
        FamilyDoc::gauge("node_pcidevice_current_link_transfers_per_second", LOCATION),
        FamilyDoc::gauge("node_pcidevice_current_link_width", LOCATION),
        FamilyDoc::gauge(
            "node_pcidevice_power_state",
            &["segment", "bus", "device", "function", "state"],
        ),
        FamilyDoc::gauge("node_pcidevice_d3cold_allowed", LOCATION),
        FamilyDoc::gauge("node_pcidevice_sriov_drivers_autoprobe", LOCATION),
        FamilyDoc::gauge("node_pcidevice_sriov_numvfs", LOCATION),
        FamilyDoc::gauge("node_pcidevice_sriov_totalvfs", LOCATION),
        FamilyDoc::gauge("node_pcidevice_sriov_vf_total_msix", LOCATION),
        FamilyDoc::gauge("node_pcidevice_numa_node", LOCATION),
    ],
    make: |host, _| Box::new(PciDevices::new(host)),
};

pub(super) struct PciDevices {
    dir: PathBuf,
}

impl PciDevices {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("bus/pci/devices") }
    }
}

impl Collector for PciDevices {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for name in sysfs::list(&self.dir)? {
            let dir = self.dir.join(&name);
            match Location::parse(&name) {
                Some(location) => expose(&dir, &location, page),
                None => left_out::note_attribute(dir, "expected a device's place as its name"),
            }
        }
        Ok(())
    }
}

/// Where a device is: segment, bus, device and function, as "0000:03:00.0" has them.
#[derive(Debug, PartialEq, Eq)]
struct Location([String; 4]);

impl Location {
    fn parse(name: &str) -> Option<Self> {
        let (rest, function) = name.split_once('.')?;
        let mut parts = rest.split(':').chain([function]);
        let mut next = || u32::from_str_radix(parts.next()?, 16).ok();
        let (segment, bus, device, function) = (next()?, next()?, next()?, next()?);
        parts.next().is_none().then(|| {
            Self([
                format!("{segment:04x}"),
                format!("{bus:02x}"),
                format!("{device:02x}"),
                format!("{function:x}"),
            ])
        })
    }

    fn labels(&self) -> Vec<(&'static str, &str)> {
        LOCATION.iter().copied().zip(self.0.iter().map(String::as_str)).collect()
    }
}

fn expose(dir: &Path, location: &Location, page: &mut Page) {
    let labels = location.labels();
    if let Some(info) = info(dir, location) {
        page.add(info);
    }
    for (file, family, help) in NUMBERS {
        let number: Result<Option<i64>, _> = sysfs::number(&dir.join(file));
        let Some(number) = or_left_out(number) else { continue };
        if file != "numa_node" || number != -1 {
            page.add(Family::gauge(family, help).with(&labels, number));
        }
    }
    for (file, family, help) in SPEEDS {
        let text = or_left_out(sysfs::text(&dir.join(file)));
        match text.as_deref().map(parse_speed) {
            Some(Some(Speed::Known(speed))) => {
                page.add(Family::gauge(family, help).with(&labels, Value::F64(speed)));
            }
            Some(Some(Speed::Unknown)) | None => {}
            Some(None) => left_out::note_attribute(dir.join(file), "expected a speed"),
        }
    }
    let power = sysfs::one_of(&dir.join("power_state"), &POWER_STATES);
    if let Some(now) = or_left_out(power) {
        let mut family = Family::gauge("node_pcidevice_power_state", "1 for the device's state.");
        for state in POWER_STATES {
            let labels: Vec<_> = labels.iter().copied().chain([("state", state)]).collect();
            family.push(&labels, state == now);
        }
        page.add(family);
    }
}

/// What the device is; none where it does not say.
fn info(dir: &Path, location: &Location) -> Option<Family> {
    let parent = dir.canonicalize().ok().and_then(|path| {
        let name = path.parent()?.file_name()?.to_str()?.to_owned();
        Location::parse(&name)
    });
    // A device at the root has none.
    let parent = parent.unwrap_or_else(|| Location(["*", "*", "*", "*"].map(str::to_owned)));
    let hex = |file: &str, width: usize| {
        let text = or_left_out(sysfs::text(&dir.join(file)))?;
        let number = u32::from_str_radix(text.trim_start_matches("0x"), 16).ok();
        if number.is_none() {
            left_out::note_attribute(dir.join(file), "expected a hexadecimal number");
        }
        number.map(|number| format!("0x{number:0width$x}"))
    };
    let ids = [
        ("class_id", hex("class", 6)?),
        ("vendor_id", hex("vendor", 4)?),
        ("device_id", hex("device", 4)?),
        ("subsystem_vendor_id", hex("subsystem_vendor", 4)?),
        ("subsystem_device_id", hex("subsystem_device", 4)?),
        ("revision", hex("revision", 2)?),
    ];
    let parents = ["parent_segment", "parent_bus", "parent_device", "parent_function"];
    let mut labels = location.labels();
    labels.extend(parents.into_iter().zip(parent.0.iter().map(String::as_str)));
    labels.extend(ids.iter().map(|(label, id)| (*label, id.as_str())));
    Some(Family::gauge("node_pcidevice_info", "What a PCI device is.").with(&labels, 1u64))
}

#[derive(Debug, PartialEq)]
enum Speed {
    Known(f64),
    /// The link is down, or the device has none.
    Unknown,
}

/// "8.0 GT/s PCIe", or without the bus in older kernels, in transfers per second.
fn parse_speed(text: &str) -> Option<Speed> {
    if text.is_empty() || text.starts_with("Unknown") {
        return Some(Speed::Unknown);
    }
    let (number, unit) = text.split_once(' ')?;
    let speed: f64 = number.parse().ok().filter(|speed: &f64| speed.is_finite())?;
    matches!(unit, "GT/s PCIe" | "GT/s").then_some(Speed::Known(speed * 1e9))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;
    use crate::collector::pcidevice::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn locations_and_speeds() {
        let location = Location::parse("10000:e1:1f.7").unwrap();
        assert_eq!(location.0, ["10000", "e1", "1f", "7"]);
        for wrong in ["", "pci0000:00", "0000:00:00", "0000:00.0", "0:0:0:0.0", "x:0:0.0"] {
            assert_eq!(Location::parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse_speed("2.5 GT/s PCIe"), Some(Speed::Known(2.5e9)));
        assert_eq!(parse_speed("8 GT/s"), Some(Speed::Known(8e9)));
        assert_eq!(parse_speed("Unknown speed"), Some(Speed::Unknown));
        for wrong in ["8", "8.0 MT/s", "inf GT/s"] {
            assert_eq!(parse_speed(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".*") {
            Location::parse(&text);
            parse_speed(&text);
        }
    }

    #[test]
    fn a_device_behind_a_bridge() {
        const AT: &str = "devices/pci0000:00/0000:00:02.1/0000:01:00.0";
        let dir = tree(&[("bus/pci/devices/broken/class", "")]);
        for (file, content) in [
            ("class", "0x010802\n"),
            ("vendor", "0xc0a9\n"),
            ("device", "0x540a\n"),
            ("subsystem_vendor", "0xc0a9\n"),
            ("subsystem_device", "0x5021\n"),
            ("revision", "0x01\n"),
            ("current_link_speed", "8.0 GT/s PCIe\n"),
            ("current_link_width", "4\n"),
            ("numa_node", "-1\n"),
        ] {
            super::sysfs::tests::put(dir.path(), &format!("{AT}/{file}"), content.as_bytes());
        }
        let link = dir.path().join("bus/pci/devices/0000:01:00.0");
        symlink(dir.path().join(AT), link).unwrap();
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let at = r#"segment="0000",bus="01",device="00",function="0""#;
        let info = concat!(
            r#"parent_segment="0000",parent_bus="00",parent_device="02",parent_function="1","#,
            r#"class_id="0x010802",vendor_id="0xc0a9",device_id="0x540a","#,
            r#"subsystem_vendor_id="0xc0a9",subsystem_device_id="0x5021",revision="0x01""#,
        );
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let speed = "node_pcidevice_current_link_transfers_per_second";
        assert_eq!(
            lines,
            [
                format!("{speed}{{{at}}} 8000000000"),
                format!("node_pcidevice_current_link_width{{{at}}} 4"),
                format!("node_pcidevice_info{{{at},{info}}} 1"),
            ]
        );
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
