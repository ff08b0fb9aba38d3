//! `node_power_supply_*`: batteries and mains, from /sys/class/power_supply.

use crate::options::powersupplyclass::PowersupplyclassOptions;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page, Value};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{left_out, sysfs};

/// The attributes shown as they are: file, and the family's name after the prefix.
const PLAIN: [(&str, &str); 10] = [
    ("authentic", "authentic"),
    ("calibrate", "calibrate"),
    ("capacity", "capacity"),
    ("capacity_alert_max", "capacity_alert_max"),
    ("capacity_alert_min", "capacity_alert_min"),
    ("cycle_count", "cyclecount"),
    ("online", "online"),
    ("present", "present"),
    ("time_to_empty_now", "time_to_empty_seconds"),
    ("time_to_full_now", "time_to_full_seconds"),
];

/// Those in millionths of their unit.
const MICRO: [(&str, &str); 31] = [
    ("charge_control_limit", "charge_control_limit"),
    ("charge_control_limit_max", "charge_control_limit_max"),
    ("charge_counter", "charge_counter"),
    ("charge_empty", "charge_empty"),
    ("charge_empty_design", "charge_empty_design"),
    ("charge_full", "charge_full"),
    ("charge_full_design", "charge_full_design"),
    ("charge_now", "charge_ampere"),
    ("charge_term_current", "charge_term_current"),
    ("constant_charge_current", "constant_charge_current"),
    ("constant_charge_current_max", "constant_charge_current_max"),
    ("constant_charge_voltage", "constant_charge_voltage"),
    ("constant_charge_voltage_max", "constant_charge_voltage_max"),
    ("current_boot", "current_boot"),
    ("current_max", "current_max"),
    ("current_now", "current_ampere"),
    ("energy_empty", "energy_empty"),
    ("energy_empty_design", "energy_empty_design"),
    ("energy_full", "energy_full"),
    ("energy_full_design", "energy_full_design"),
    ("energy_now", "energy_watthour"),
    ("input_current_limit", "input_current_limit"),
    ("power_now", "power_watt"),
    ("precharge_current", "precharge_current"),
    ("voltage_boot", "voltage_boot"),
    ("voltage_max", "voltage_max"),
    ("voltage_max_design", "voltage_max_design"),
    ("voltage_min", "voltage_min"),
    ("voltage_min_design", "voltage_min_design"),
    ("voltage_now", "voltage_volt"),
    ("voltage_ocv", "voltage_ocv"),
];

/// Those in tenths of a degree.
const TENTHS: [(&str, &str); 8] = [
    ("temp", "temp_celsius"),
    ("temp_alert_max", "temp_alert_max_celsius"),
    ("temp_alert_min", "temp_alert_min_celsius"),
    ("temp_ambient", "temp_ambient_celsius"),
    ("temp_ambient_alert_max", "temp_ambient_max_celsius"),
    ("temp_ambient_alert_min", "temp_ambient_min_celsius"),
    ("temp_max", "temp_max_celsius"),
    ("temp_min", "temp_min_celsius"),
];

const INFO: [&str; 11] = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
];

pub(super) const ENTRY: Entry = Entry {
    name: "powersupplyclass",
    preset: Preset::On,
    runs: Runs::ApartIfAny("class/power_supply"),
    reads: "/sys/class/power_supply",
    families: &[
        FamilyDoc::gauge("node_power_supply_<field>", &["power_supply"]),
        FamilyDoc::gauge(
            "node_power_supply_info",
            &[
                "power_supply",
                "capacity_level?",
                "charge_type?",
                "health?",
                "manufacturer?",
                "model_name?",
                "scope?",
                "serial_number?",
                "status?",
                "technology?",
                "type?",
                "usb_type?",
            ],
        ),
    ],
    make: |host, options| Box::new(PowerSupplies::new(host, &options.powersupplyclass)),
};

pub(super) struct PowerSupplies {
    dir: PathBuf,
    filter: Filter,
}

impl PowerSupplies {
    pub(super) fn new(host: &Host, ignored: &PowersupplyclassOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/power_supply"),
            filter: Filter::new("", &ignored.ignored_supplies),
        }
    }
}

impl Collector for PowerSupplies {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for name in sysfs::list(&self.dir)? {
            if !self.filter.shows(&name) {
                continue;
            }
            // A supply may be unplugged in the middle.
            let attributes = read(&self.dir.join(&name));
            expose(&self.dir.join(&name), &name, &attributes, page);
        }
        Ok(())
    }
}

type Attributes = BTreeMap<String, String>;

fn read(dir: &Path) -> Attributes {
    let is_known = |file: &str| {
        let mut numbers = PLAIN.iter().chain(&MICRO).chain(&TENTHS);
        INFO.contains(&file) || numbers.any(|(known, _)| *known == file)
    };
    let files = or_left_out(sysfs::list(dir).map(Some)).unwrap_or_default();
    let read_one = |file: String| {
        let value = or_left_out(sysfs::text(&dir.join(&file)))?;
        Some((file, value))
    };
    files.into_iter().filter(|file| is_known(file)).filter_map(read_one).collect()
}

fn expose(dir: &Path, name: &str, attributes: &Attributes, page: &mut Page) {
    let supply = ("power_supply", name);
    let mut numbers = |table: &[(&str, &str)], scale: fn(i64) -> Value| {
        for (file, family) in table {
            let Some(text) = attributes.get(*file) else { continue };
            let Some(value) = parse(text) else {
                left_out::note_attribute(dir.join(file), "expected a number");
                continue;
            };
            let help = "An attribute of the power supply, in the unit of its name.";
            let family = Family::gauge(format!("node_power_supply_{family}"), help);
            page.add(family.with(&[supply], scale(value)));
        }
    };
    numbers(&PLAIN, Value::I64);
    numbers(&MICRO, |value| Value::F64(value as f64 / 1e6));
    numbers(&TENTHS, |value| Value::F64(value as f64 / 10.0));

    let known = |label: &'static str| Some((label, attributes.get(label)?.as_str()));
    let said = INFO.into_iter().filter_map(known).filter(|(_, value)| !value.is_empty());
    let labels: Vec<(&str, &str)> = [supply].into_iter().chain(said).collect();
    page.add(Family::gauge("node_power_supply_info", "What the supply is.").with(&labels, 1u64));
}

/// A number as drivers write it, some in hexadecimal digits.
fn parse(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::powersupplyclass::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn a_battery_and_its_bad_attribute() {
        let dir = tree(&[
            ("class/power_supply/AC/online", "0\n"),
            ("class/power_supply/AC/type", "Mains\n"),
            ("class/power_supply/BAT0/temp", "315\n"),
            ("class/power_supply/BAT0/voltage_now", "11862000\n"),
            ("class/power_supply/BAT0/capacity", "full\n"),
            ("class/power_supply/BAT0/health", "\n"),
            ("class/power_supply/BAT0/uevent", "POWER_SUPPLY_NAME=BAT0\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_power_supply_info{power_supply="AC",type="Mains"} 1"#,
                r#"node_power_supply_info{power_supply="BAT0"} 1"#,
                r#"node_power_supply_online{power_supply="AC"} 0"#,
                r#"node_power_supply_temp_celsius{power_supply="BAT0"} 31.5"#,
                r#"node_power_supply_voltage_volt{power_supply="BAT0"} 11.862"#,
            ]
        );
        let ignored = PowersupplyclassOptions { ignored_supplies: "^BAT".to_owned() };
        let options = Options { powersupplyclass: ignored, ..Options::default() };
        assert!(!shown_with(&ENTRY, dir.path(), &options).unwrap().0.contains("BAT0"));
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_or_none(text in ".*") {
            parse(&text);
        }
    }
}
