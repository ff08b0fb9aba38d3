//! Devices as the kernel tells of them all at once, with those of their attributes that only sysfs
//! has.
//!
//! Sysfs may be of another network than this process is in, as in a container with the host's: the
//! devices of both must be the same, or only the files tell.

use std::collections::HashMap;
use std::path::Path;

use edctl_daemon::Paths;

use crate::collector::netclass::device::IS_UP;
use crate::collector::netclass::device::{Device, NUMBERS, OPERATION_STATES};
use crate::collector::netclass::files;
use crate::reading::hotplug::Found;
use crate::reading::kept::Kept;
use crate::reading::left_out::or_left_out;
use crate::reading::links::{Link, Links};
use crate::reading::sysfs;

/// Three files of each of 40 devices; those of others are opened each time.
const MOST_KEPT: usize = 120;

/// What sysfs alone tells, and what changes only with a device's name, its address or an event.
const OWN: [&str; 3] = ["addr_assign_type", "dev_id", "name_assign_type"];

/// In a device's flags.
const IS_DORMANT: u32 = 1 << 17;

/// Asks the kernel.
pub(super) struct Asked {
    links: Links,
    kept: Kept,
    /// The devices that were found to be those of sysfs: number, name, address.
    known: Vec<(u32, String, Vec<u8>)>,
    /// Their [`OWN`].
    own: Found<Vec<[Option<String>; 3]>>,
    /// What sysfs had when it was found to be of another network.
    others: Vec<String>,
}

impl Asked {
    pub(super) fn new(paths: &Paths) -> Self {
        Self {
            links: Links::new(),
            kept: Kept::new(MOST_KEPT),
            known: Vec::new(),
            own: Found::new(paths),
            others: Vec::new(),
        }
    }

    /// The devices of these names, which are all that are in `class`; nothing where the kernel does not
    /// tell or tells of others.
    pub(super) fn read(&mut self, class: &Path, names: &[String]) -> Option<Vec<Device>> {
        if names == self.others {
            return None;
        }
        let links = self.links.read();
        let links = links
            .inspect_err(|error| tracing::debug!(collector = "netclass", "{error}; reads files"))
            .ok()?;
        let Some(links) = self.of_sysfs(links, class, names) else {
            self.others = names.to_vec();
            return None;
        };
        let own = or_left_out(self.own.get(|| Ok(read_own(&links, class))).map(Some))?;
        let devices = links.into_iter().zip(own);
        let devices = devices.map(|(link, own)| device(link, own, class, &mut self.kept));
        let devices = devices.collect();
        self.kept.forget_unused();
        Some(devices)
    }

    /// The devices in the order of their names, if they are those that sysfs has.
    fn of_sysfs(&mut self, links: Vec<Link>, class: &Path, names: &[String]) -> Option<Vec<Link>> {
        let mut by_name: HashMap<String, Link> =
            links.into_iter().map(|link| (link.name.clone(), link)).collect();
        let mut found = Vec::with_capacity(by_name.len());
        for name in names {
            match by_name.remove(name) {
                Some(link) => found.push(link),
                None if class.join(name).is_dir() => return None,
                None => {}
            }
        }
        if !by_name.is_empty() {
            return None;
        }
        let seen = |link: &Link| (link.index, link.name.clone(), link.address.clone());
        let seen: Vec<_> = found.iter().map(seen).collect();
        if seen != self.known {
            // What is open may be a device's that has another name now.
            self.kept.forget();
            self.own.forget();
            self.known.clear();
            if !found.iter().all(|link| is_of_sysfs(link, class)) {
                return None;
            }
            self.known = seen;
        }
        Some(found)
    }
}

fn read_own(links: &[Link], class: &Path) -> Vec<[Option<String>; 3]> {
    let own = |link: &Link| {
        let dir = class.join(&link.name);
        OWN.map(|file| or_left_out(sysfs::text(&dir.join(file))))
    };
    links.iter().map(own).collect()
}

fn device(link: Link, own: &[Option<String>; 3], class: &Path, kept: &mut Kept) -> Device {
    let dir = class.join(&link.name);
    let mut text = |file: &str| or_left_out(kept.text(&dir.join(file)));
    let flags = text("flags");
    // Of a device that is off sysfs does not tell these.
    let (speed, duplex) = match link.flags & IS_UP as u32 {
        0 => (None, None),
        _ => (text("speed"), text("duplex")),
    };
    let mut device = of_link(link);
    device.duplex = duplex.unwrap_or_default();
    device.speed = files::number(&device.name, speed);
    for (file, text) in OWN.into_iter().zip(own.iter().cloned()).chain([("flags", flags)]) {
        let number = files::number(&device.name, text);
        device.set(file, number);
    }
    device
}

fn is_of_sysfs(link: &Link, class: &Path) -> bool {
    let dir = class.join(&link.name);
    let says = |file: &str, text: &str| {
        sysfs::text(&dir.join(file)).is_ok_and(|found| found.as_deref() == Some(text))
    };
    says("ifindex", &link.index.to_string()) && says("address", &address(&link.address))
}

fn of_link(link: Link) -> Device {
    let is_up = link.flags & IS_UP as u32 != 0;
    // The kernel's files show its unsigned numbers as signed ones.
    let signed = |number: Option<u32>| number.map(|number| i64::from(number.cast_signed()));
    let number = |(file, _): (&str, &str)| match file {
        "carrier" => link.carrier.filter(|_| is_up).map(i64::from),
        "carrier_changes" => signed(link.carrier_changes),
        "carrier_up_count" => signed(link.carrier_up_count),
        "carrier_down_count" => signed(link.carrier_down_count),
        "dormant" => is_up.then_some(i64::from(link.flags & IS_DORMANT != 0)),
        "ifindex" => Some(link.index.into()),
        "iflink" => Some(link.lower_device.unwrap_or(link.index).into()),
        "link_mode" => link.link_mode.map(i64::from),
        "mtu" => signed(link.mtu),
        "netdev_group" => signed(link.group),
        "type" => Some(link.kind.into()),
        "tx_queue_len" => signed(link.queue_length),
        _ => None,
    };
    let state = link.operation_state.and_then(|state| OPERATION_STATES.get(usize::from(state)));
    Device {
        numbers: NUMBERS.map(number),
        address: address(&link.address),
        broadcast: address(&link.broadcast),
        operstate: state.copied().unwrap_or_default().to_owned(),
        ifalias: link.alias.trim().to_owned(),
        name: link.name,
        ..Device::default()
    }
}

/// As sysfs writes it: `01:23:45:67:89:ab`.
fn address(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            index: 7,
            name: "eth1".to_owned(),
            kind: 1,
            flags: 0x2_1003,
            address: vec![2, 0xfe, 0, 0, 0, 1],
            alias: " uplink\n".to_owned(),
            operation_state: Some(5),
            link_mode: Some(1),
            mtu: Some(9000),
            group: Some(u32::MAX),
            carrier: Some(1),
            carrier_changes: Some(3),
            ..Link::default()
        }
    }

    #[test]
    fn numbers_are_those_of_the_files() {
        let device = of_link(link());
        for (file, number) in [
            ("carrier", Some(1)),
            ("carrier_changes", Some(3)),
            ("carrier_up_count", None),
            ("dormant", Some(1)),
            ("ifindex", Some(7)),
            ("iflink", Some(7)),
            ("link_mode", Some(1)),
            ("mtu", Some(9000)),
            ("netdev_group", Some(-1)),
            ("type", Some(1)),
            ("tx_queue_len", None),
            ("flags", None),
        ] {
            assert_eq!(device.number(file), number, "{file}");
        }
        assert_eq!((&*device.address, &*device.broadcast), ("02:fe:00:00:00:01", ""));
        assert_eq!((&*device.operstate, &*device.ifalias), ("dormant", "uplink"));
    }

    #[test]
    fn a_device_that_is_off_has_no_carrier_and_one_over_another_names_it() {
        let off = of_link(Link { flags: 0x1002, operation_state: Some(9), ..link() });
        assert_eq!((off.number("carrier"), off.number("dormant")), (None, None));
        assert_eq!(off.operstate, "");
        let over = of_link(Link { lower_device: Some(3), ..link() });
        assert_eq!(over.number("iflink"), Some(3));
    }
}
