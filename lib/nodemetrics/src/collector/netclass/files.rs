//! Devices as their files describe them.

use std::path::Path;

use crate::collector::netclass::device::{Device, NUMBERS, parse};
use crate::reading::error::CollectError;
use crate::reading::left_out;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs::Dir;

/// The devices of these names; beside the links to devices there may be files, such as
/// bonding_masters.
pub(super) fn read(class: &Path, names: &[String]) -> Vec<Device> {
    let mut devices = Vec::with_capacity(names.len());
    for name in names {
        let path = class.join(name);
        match Dir::open(&path) {
            Ok(dir) => devices.push(read_device(name, &dir)),
            Err(_) if !path.is_dir() => {}
            Err(error) => left_out::note(error),
        }
    }
    devices
}

fn read_device(name: &str, dir: &Dir<'_>) -> Device {
    let text = |file: &str| or_left_out(dir.text(file));
    let mut device = Device {
        name: name.to_owned(),
        address: text("address").unwrap_or_default(),
        broadcast: text("broadcast").unwrap_or_default(),
        duplex: text("duplex").unwrap_or_default(),
        operstate: text("operstate").unwrap_or_default(),
        ifalias: text("ifalias").unwrap_or_default(),
        ..Device::default()
    };
    let speed = text("speed");
    let numbers = NUMBERS.map(|(file, _)| text(file));
    device.speed = number(name, speed);
    device.numbers = numbers.map(|text| number(name, text));
    device
}

/// An attribute that is a number, if it has a value; a value that is not a number is counted.
pub(super) fn number(device: &str, text: Option<String>) -> Option<i64> {
    let text = text?;
    let number = parse(&text);
    if number.is_none() {
        let message = format!("{device}: expected a number, not {text:?}");
        left_out::note(CollectError::Other { reason: "parse", message });
    }
    number
}
