//! `node_hwmon_*`: temperatures, fans, voltages and power, from /sys/class/hwmon.
//!
//! Where node_exporter shows nothing because one chip cannot be read, here the other chips are
//! shown. A sensor's frequency in MHz has, as there, the sensor's own label as `sensor`.

mod chip;
mod sensor;

use crate::options::hwmon::HwmonOptions;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use self::chip::Chip;
use self::sensor::{Metric, NoNumber, Sensor, metric};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{left_out, sysfs};

pub(super) const ENTRY: Entry = Entry {
    name: "hwmon",
    preset: Preset::On,
    runs: Runs::ApartIfAny("class/hwmon"),
    reads: "/sys/class/hwmon",
    families: &[
        FamilyDoc::gauge("node_hwmon_chip_names", &["chip", "chip_name"]),
        FamilyDoc::gauge("node_hwmon_sensor_label", &["chip", "sensor", "label"]),
        FamilyDoc::gauge("node_hwmon_<field>", &["chip", "sensor"]),
        FamilyDoc::counter("node_hwmon_<field>_joule_total", &["chip", "sensor"]),
    ],
    make: |host, options| Box::new(Hwmon::new(host, &options.hwmon)),
};

pub(super) struct Hwmon {
    dir: PathBuf,
    chips: Filter,
    sensors: Filter,
}

impl Hwmon {
    pub(super) fn new(host: &Host, shown: &HwmonOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/hwmon"),
            chips: Filter::new(&shown.chip_include, &shown.chip_exclude),
            sensors: Filter::new(&shown.sensor_include, &shown.sensor_exclude),
        }
    }
}

impl Collector for Hwmon {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for chip in chip::find(&self.dir)? {
            if self.chips.shows(&chip.name) {
                let sensors = read_sensors(&chip);
                self.expose(&chip, &sensors, page);
            }
        }
        Ok(())
    }
}

/// The chip's sensors by their names. Older drivers have the attributes with the device.
fn read_sensors(chip: &Chip) -> BTreeMap<String, Sensor> {
    let mut sensors = BTreeMap::new();
    read_dir(&chip.dir, &mut sensors);
    let device = chip.dir.join("device");
    if device.exists() {
        read_dir(&device, &mut sensors);
    }
    sensors
}

fn read_dir(dir: &Path, sensors: &mut BTreeMap<String, Sensor>) {
    let files = or_left_out(sysfs::list(dir).map(Some)).unwrap_or_default();
    for file in files {
        let Some(attribute) = sensor::parse_file_name(&file) else { continue };
        let Some(value) = or_left_out(sysfs::line(&dir.join(&file))) else {
            continue;
        };
        let sensor = sensors
            .entry(format!("{}{}", attribute.kind, attribute.number))
            .or_insert_with(|| Sensor::new(attribute.kind));
        sensor.elements.insert(attribute.element.to_owned(), value);
    }
}

impl Hwmon {
    fn expose(&self, chip: &Chip, sensors: &BTreeMap<String, Sensor>, page: &mut Page) {
        let label = ("chip", chip.name.as_str());
        if let Some(name) = &chip.own_name {
            let family = Family::gauge("node_hwmon_chip_names", "What a chip calls itself.");
            page.add(family.with(&[label, ("chip_name", name)], 1u64));
        }
        for (name, sensor) in sensors {
            if !self.sensors.shows(&format!("{};{name}", chip.name)) {
                continue;
            }
            if let Some(text) = sensor.elements.get("label") {
                let labels = [label, ("sensor", name.as_str()), ("label", text)];
                let family = Family::gauge("node_hwmon_sensor_label", "What a sensor measures.");
                page.add(family.with(&labels, 1u64));
            }
            for element in sensor.elements.keys() {
                match metric(sensor, element) {
                    Ok(Some(Metric { family, sensor: own, value })) => {
                        let sensor = own.as_deref().unwrap_or(name);
                        page.add(family.with(&[label, ("sensor", sensor)], value));
                    }
                    Ok(None) => {}
                    Err(NoNumber) => {
                        let path = chip.dir.join(format!("{name}_{element}"));
                        left_out::note_attribute(path, "expected a number");
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
