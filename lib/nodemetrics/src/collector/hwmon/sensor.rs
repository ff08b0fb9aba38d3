//! A chip's sensors: files become attributes, attributes become metrics.

use std::collections::BTreeMap;

use edctl_exposition::Family;

use crate::collector::hwmon::chip::clean;

/// The kinds of sensors that are shown.
const KINDS: [&str; 14] = [
    "vrm",
    "beep_enable",
    "update_interval",
    "in",
    "cpu",
    "fan",
    "pwm",
    "temp",
    "curr",
    "power",
    "energy",
    "humidity",
    "intrusion",
    "freq",
];

/// What a file's name says: `temp1_crit_alarm` is the element `crit_alarm` of the first `temp`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) kind: &'static str,
    pub(super) number: i64,
    /// Empty for a file such as `pwm1`.
    pub(super) element: &'a str,
}

/// None for a file that is no sensor's.
pub(super) fn parse_file_name(name: &str) -> Option<Attribute<'_>> {
    let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let (kind, rest) = name.split_at(digits);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    let (kind, number, element) = match rest.strip_prefix('_') {
        Some(element) if !element.is_empty() => (kind, number, element),
        _ if rest.is_empty() => (kind, number, ""),
        // What stood before the digits was a kind without a number, and an element.
        _ => {
            let (kind, _) = kind.rsplit_once('_')?;
            (kind, "", &name[kind.len() + 1..])
        }
    };
    let kind = KINDS.into_iter().find(|known| *known == kind)?;
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    Some(Attribute { kind, number, element })
}

/// All that a sensor says.
pub(super) struct Sensor {
    pub(super) kind: &'static str,
    pub(super) elements: BTreeMap<String, String>,
}

impl Sensor {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, elements: BTreeMap::new() }
    }
}

/// One element as it is shown.
pub(super) struct Metric {
    /// Without series.
    pub(super) family: Family,
    /// What stands for the sensor's name, if something does.
    pub(super) sensor: Option<String>,
    pub(super) value: f64,
}

/// An element's text is not the number that it should be.
#[derive(Debug)]
pub(super) struct NoNumber;

/// The element's metric; none for one that is not shown.
pub(super) fn metric(sensor: &Sensor, element: &str) -> Result<Option<Metric>, NoNumber> {
    let Some(text) = sensor.elements.get(element) else { return Ok(None) };
    let raw = || text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or(NoNumber);
    let gauge = |name: &str, value: f64| {
        let family = Family::gauge(name.to_owned(), "What a sensor says, in the name's unit.");
        Ok(Some(Metric { family, sensor: None, value }))
    };
    match (sensor.kind, element) {
        (_, "label") => return Ok(None),
        ("beep_enable", "") => {
            return gauge("node_hwmon_beep_enabled", f64::from(u8::from(text == "1")));
        }
        ("vrm", "") => return gauge("node_hwmon_voltage_regulator_version", raw()?),
        ("update_interval", "") => {
            return gauge("node_hwmon_update_interval_seconds", raw()? * 0.001);
        }
        ("beep_enable" | "vrm" | "update_interval", _) => return Ok(None),
        _ => {}
    }
    let name = name_of(sensor, element);
    let value = raw()?;
    match (sensor.kind, element) {
        (_, "fault" | "alarm") => gauge(&name, value),
        (_, "beep") => gauge(&format!("{name}_enabled"), value),
        ("in" | "cpu", _) => gauge(&format!("{name}_volts"), value * 0.001),
        ("temp", "type") => gauge(&name, value),
        ("temp", _) => gauge(&format!("{name}_celsius"), value * 0.001),
        ("curr", _) => gauge(&format!("{name}_amps"), value * 0.001),
        ("energy", _) => {
            let help = "Energy that a sensor counted, in joules.";
            let family = Family::counter(format!("{name}_joule_total"), help);
            Ok(Some(Metric { family, sensor: None, value: value / 1_000_000.0 }))
        }
        ("power", "accuracy") => gauge(&name, value / 1_000_000.0),
        ("power", "average_interval" | "average_interval_min" | "average_interval_max") => {
            gauge(&format!("{name}_seconds"), value * 0.001)
        }
        ("power", _) => gauge(&format!("{name}_watt"), value / 1_000_000.0),
        ("humidity", _) => gauge(&name, value / 1_000_000.0),
        ("fan", "input" | "min" | "max" | "target") => gauge(&format!("{name}_rpm"), value),
        ("freq", "input") => {
            // node_exporter shows a frequency by its label only.
            let label = sensor.elements.get("label").map(|label| clean(label));
            let metric = gauge(&format!("{name}_freq_mhz"), value / 1_000_000.0)?;
            Ok(metric.zip(label).map(|(metric, label)| Metric { sensor: Some(label), ..metric }))
        }
        _ => gauge(&name, value),
    }
}

/// The family's name without a unit. The input is the sensor's value, unless it has a plainer one.
fn name_of(sensor: &Sensor, element: &str) -> String {
    let kind = sensor.kind;
    match element {
        "" => format!("node_hwmon_{kind}"),
        "input" if sensor.elements.contains_key("") => format!("node_hwmon_{kind}_input"),
        "input" => format!("node_hwmon_{kind}"),
        _ => format!("node_hwmon_{kind}_{}", clean(element)),
    }
}
