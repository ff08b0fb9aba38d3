//! `node_thermal_zone_temp`, `node_cooling_device_*`: from /sys/class/thermal.
//!
//! node_exporter shows 0 degrees for a zone that cannot be read; here it is left out.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "thermal_zone",
    preset: Preset::On,
    runs: Runs::ApartIfAny("class/thermal"),
    reads: "/sys/class/thermal",
    families: &[
        FamilyDoc::gauge("node_thermal_zone_temp", &["zone", "type"]),
        FamilyDoc::gauge("node_cooling_device_cur_state", &["name", "type"]),
        FamilyDoc::gauge("node_cooling_device_max_state", &["name", "type"]),
    ],
    make: |host, _| Box::new(ThermalZone::new(host)),
};

pub(super) struct ThermalZone {
    dir: PathBuf,
}

impl ThermalZone {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/thermal") }
    }
}

impl Collector for ThermalZone {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let zones = sysfs::list_numbered(&self.dir, "thermal_zone")?;
        let devices = sysfs::list_numbered(&self.dir, "cooling_device")?;
        self.add_zones(&zones, page);
        self.add_cooling_devices(&devices, page);
        Ok(())
    }
}

impl ThermalZone {
    fn add_zones(&self, zones: &[(String, String)], page: &mut Page) {
        let mut family = Family::gauge("node_thermal_zone_temp", "The zone's degrees Celsius.");
        for (dir, zone) in zones {
            let dir = self.dir.join(dir);
            let Some(kind) = or_left_out(sysfs::text(&dir.join("type"))) else {
                continue;
            };
            if let Some(milli) = number(&dir, "temp") {
                family.push(&[("zone", zone), ("type", &kind)], milli as f64 / 1000.0);
            }
        }
        page.add(family);
    }

    fn add_cooling_devices(&self, devices: &[(String, String)], page: &mut Page) {
        let mut current = Family::gauge(
            "node_cooling_device_cur_state",
            "How much the device cools now, in steps; -1 where it cannot say.",
        );
        let mut most = Family::gauge(
            "node_cooling_device_max_state",
            "How much the device can cool, in steps.",
        );
        for (dir, name) in devices {
            let dir = self.dir.join(dir);
            let Some(kind) = or_left_out(sysfs::text(&dir.join("type"))) else {
                continue;
            };
            let labels = [("name", name.as_str()), ("type", &kind)];
            if let Some(state) = number(&dir, "cur_state") {
                current.push(&labels, state);
            }
            if let Some(state) = number(&dir, "max_state") {
                most.push(&labels, state);
            }
        }
        page.add(current);
        page.add(most);
    }
}

fn number(dir: &Path, attribute: &str) -> Option<i64> {
    or_left_out(sysfs::number(&dir.join(attribute)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::thermal_zone::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn zones_and_devices() {
        let dir = tree(&[
            ("class/thermal/thermal_zone0/type", "x86_pkg_temp\n"),
            ("class/thermal/thermal_zone0/temp", "-5500\n"),
            ("class/thermal/cooling_device0/type", "intel_powerclamp\n"),
            ("class/thermal/cooling_device0/cur_state", "-1\n"),
            ("class/thermal/cooling_device0/max_state", "50\n"),
        ]);
        assert_eq!(
            shown(&ENTRY, dir.path()).unwrap(),
            "# TYPE node_cooling_device_cur_state gauge\n\
             node_cooling_device_cur_state{name=\"0\",type=\"intel_powerclamp\"} -1\n\
             # TYPE node_cooling_device_max_state gauge\n\
             node_cooling_device_max_state{name=\"0\",type=\"intel_powerclamp\"} 50\n\
             # TYPE node_thermal_zone_temp gauge\n\
             node_thermal_zone_temp{zone=\"0\",type=\"x86_pkg_temp\"} -5.5\n"
        );
    }

    #[test]
    fn a_bad_zone_is_left_out_and_counted() {
        let dir = tree(&[
            ("class/thermal/thermal_zone0/type", "acpitz\n"),
            ("class/thermal/thermal_zone0/temp", "hot\n"),
            ("class/thermal/thermal_zone1/type", "acpitz\n"),
            ("class/thermal/thermal_zone1/temp", "27800\n"),
            ("class/thermal/thermal_zone2/temp", "1\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        assert_eq!(text.matches("node_thermal_zone_temp{").count(), 1, "{text}");
        assert!(text.contains("{zone=\"1\",type=\"acpitz\"} 27.8"), "{text}");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
