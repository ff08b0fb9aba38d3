use std::os::unix::fs::symlink;

use crate::options::hwmon::HwmonOptions;
use proptest::prelude::*;

use super::*;
use crate::collector::hwmon::sensor::{Attribute, parse_file_name};
use crate::options::Options;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

fn of<'a>(kind: &'static str, number: i64, element: &'a str) -> Option<Attribute<'a>> {
    Some(Attribute { kind, number, element })
}

#[test]
fn file_names() {
    for (name, expected) in [
        ("temp1_input", of("temp", 1, "input")),
        ("temp12_crit_alarm", of("temp", 12, "crit_alarm")),
        ("pwm1", of("pwm", 1, "")),
        ("pwm1_auto_point1_pwm", of("pwm", 1, "auto_point1_pwm")),
        ("beep_enable", of("beep_enable", 0, "")),
        ("update_interval", of("update_interval", 0, "")),
        ("in_1_", of("in", 0, "1_")),
        ("fan_x1y", of("fan", 0, "x1y")),
        ("temp", of("temp", 0, "")),
        ("temp1_", None),
        ("temp1x", None),
        ("temp9223372036854775808_input", None),
        ("name", None),
        ("1temp", None),
        ("", None),
        ("temp_reset_history", None),
    ] {
        assert_eq!(parse_file_name(name), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn any_name_and_value(name in "(temp|in|power|freq|energy)?[0-9]{0,20}_?.*", value in ".*") {
        if let Some(attribute) = parse_file_name(&name) {
            let mut sensor = Sensor::new(attribute.kind);
            sensor.elements.insert(attribute.element.to_owned(), value);
            let _shown = metric(&sensor, attribute.element);
        }
    }
}

/// Chips with and without devices, two of one device, and attributes at the device.
fn chips() -> tempfile::TempDir {
    let dir = tree(&[
        ("devices/platform/coretemp.0/hwmon/hwmon0/name", "coretemp\n"),
        ("devices/platform/coretemp.0/hwmon/hwmon0/temp1_input", "55000\n"),
        ("devices/platform/coretemp.0/hwmon/hwmon0/temp1_label", "Package id 0 \n"),
        ("devices/platform/coretemp.0/hwmon/hwmon0/temp1_crit_alarm", "0\n"),
        ("devices/platform/coretemp.0/hwmon/hwmon0/temp2_input", "\n"),
        ("devices/platform/nct6775.656/hwmon/hwmon1/name", "nct6779\n"),
        ("devices/platform/nct6775.656/hwmon/hwmon1/in0_input", "888\n"),
        ("devices/platform/nct6775.656/hwmon/hwmon1/in0_beep", "0\n"),
        ("devices/platform/nct6775.656/fan1_input", "1098\n"),
        ("devices/platform/nct6775.656/fan1_alarm", "1\n"),
        ("devices/platform/nct6775.656/pwm1", "255\n"),
        ("devices/platform/nct6775.656/beep_enable", "1\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon2/name", "amdgpu\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon2/freq1_input", "1500000000\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon2/freq1_label", "sclk\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon2/power1_average", "31000000\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon2/energy1_input", "2500000\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon3/name", "other\n"),
        ("devices/pci0000:00/0000:03:00.0/hwmon/hwmon3/curr1_input", "1500\n"),
        ("devices/virtual/hwmon/hwmon4/name", "acpitz\n"),
        ("devices/virtual/hwmon/hwmon4/temp1_input", "x\n"),
        ("class/hwmon/file", ""),
    ]);
    for chip in [
        "platform/coretemp.0/hwmon/hwmon0",
        "platform/nct6775.656/hwmon/hwmon1",
        "pci0000:00/0000:03:00.0/hwmon/hwmon2",
        "pci0000:00/0000:03:00.0/hwmon/hwmon3",
        "virtual/hwmon/hwmon4",
    ] {
        let path = dir.path().join("devices").join(chip);
        if !chip.starts_with("virtual") {
            symlink("../..", path.join("device")).unwrap();
        }
        let link = dir.path().join("class/hwmon").join(path.file_name().unwrap());
        symlink(&path, link).unwrap();
    }
    dir
}

#[test]
fn chips_and_their_sensors() {
    let (text, errors) = shown_with(&ENTRY, chips().path(), &Options::default()).unwrap();
    assert_eq!(errors, 2, "a temperature that is empty, one that is none");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            r#"node_hwmon_beep_enabled{chip="platform_nct6775_656",sensor="beep_enable0"} 1"#,
            r#"node_hwmon_chip_names{chip="platform_coretemp_0",chip_name="coretemp"} 1"#,
            r#"node_hwmon_chip_names{chip="platform_nct6775_656",chip_name="nct6779"} 1"#,
            r#"node_hwmon_chip_names{chip="pci0000:00_0000:03:00_0_amdgpu",chip_name="amdgpu"} 1"#,
            r#"node_hwmon_chip_names{chip="pci0000:00_0000:03:00_0_other",chip_name="other"} 1"#,
            r#"node_hwmon_chip_names{chip="acpitz",chip_name="acpitz"} 1"#,
            r#"node_hwmon_curr_amps{chip="pci0000:00_0000:03:00_0_other",sensor="curr1"} 1.5"#,
            r#"node_hwmon_energy_joule_total{chip="pci0000:00_0000:03:00_0_amdgpu",sensor="energy1"} 2.5"#,
            r#"node_hwmon_fan_alarm{chip="platform_nct6775_656",sensor="fan1"} 1"#,
            r#"node_hwmon_fan_rpm{chip="platform_nct6775_656",sensor="fan1"} 1098"#,
            r#"node_hwmon_freq_freq_mhz{chip="pci0000:00_0000:03:00_0_amdgpu",sensor="sclk"} 1500"#,
            r#"node_hwmon_in_beep_enabled{chip="platform_nct6775_656",sensor="in0"} 0"#,
            r#"node_hwmon_in_volts{chip="platform_nct6775_656",sensor="in0"} 0.888"#,
            r#"node_hwmon_power_average_watt{chip="pci0000:00_0000:03:00_0_amdgpu",sensor="power1"} 31"#,
            r#"node_hwmon_pwm{chip="platform_nct6775_656",sensor="pwm1"} 255"#,
            r#"node_hwmon_sensor_label{chip="platform_coretemp_0",sensor="temp1",label="Package id 0 "} 1"#,
            r#"node_hwmon_sensor_label{chip="pci0000:00_0000:03:00_0_amdgpu",sensor="freq1",label="sclk"} 1"#,
            r#"node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 55"#,
            r#"node_hwmon_temp_crit_alarm_celsius{chip="platform_coretemp_0",sensor="temp1"} 0"#,
        ]
    );
}

#[test]
fn chips_and_sensors_can_be_left_out() {
    let dir = chips();
    let with = |shown: HwmonOptions| {
        let options = Options { hwmon: shown, ..Options::default() };
        shown_with(&ENTRY, dir.path(), &options).unwrap().0
    };
    let only = with(HwmonOptions { chip_include: "coretemp".into(), ..HwmonOptions::default() });
    assert!(only.contains("coretemp") && !only.contains("nct6775"), "{only}");
    let without =
        with(HwmonOptions { chip_exclude: "^platform_".into(), ..HwmonOptions::default() });
    assert!(!without.contains("coretemp") && without.contains("amdgpu"), "{without}");
    let sensors = with(HwmonOptions {
        sensor_exclude: "nct6775_656;fan1$".into(),
        ..HwmonOptions::default()
    });
    assert!(!sensors.contains("node_hwmon_fan") && sensors.contains("node_hwmon_pwm"), "{sensors}");
    let bad = HwmonOptions { sensor_include: "(".into(), ..HwmonOptions::default() };
    assert!(bad.validate().unwrap_err().to_string().contains("collector.hwmon.sensor_include"));
}

#[test]
fn two_chips_of_one_name_are_told_apart_by_their_directories() {
    let dir = chips();
    put(dir.path(), "devices/pci0000:00/0000:03:00.0/hwmon/hwmon3/name", b"amdgpu\n");
    let text = shown(&ENTRY, dir.path()).unwrap();
    assert!(text.contains("_0_hwmon2\"") && text.contains("_0_hwmon3\""), "{text}");
    assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
}
