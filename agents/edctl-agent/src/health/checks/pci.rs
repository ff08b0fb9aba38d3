//! PCI devices that the inventory names, such as GPUs: as many as there should be.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Pci as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "pci",
    about: "how many PCI devices of the inventory's kinds are on the bus",
    codes: &[Code {
        code: "missing",
        means: "fewer devices are on the bus than the inventory names",
        clear: "reboot; if it stays away, replace it or attach it to the VM",
    }],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Pci::new(ground)),
};

struct Pci {
    wanted: Vec<Wanted>,
    dir: PathBuf,
}

impl Pci {
    fn new(ground: &Ground) -> Self {
        let dir = ground.paths.sysfs.join("bus/pci/devices");
        Self { wanted: ground.expected.pci.clone(), dir }
    }
}

impl Check for Pci {
    fn look(&mut self) -> Finding {
        if self.wanted.is_empty() {
            return Finding::not_applicable("the inventory names no PCI device");
        }
        let devices = match reading::list(&self.dir) {
            Ok(paths) => paths,
            Err(error) => return Finding::unknown(error),
        };
        let kinds: Vec<(String, String)> = devices
            .iter()
            .filter_map(|path| {
                let id = |file| reading::text(&path.join(file)).ok().flatten();
                Some((id("vendor")?, id("device")?))
            })
            .collect();
        let missing = self.wanted.iter().filter_map(|wanted| {
            let is_one = |(vendor, device): &&(String, String)| {
                *vendor == wanted.vendor && wanted.device.as_ref().is_none_or(|id| id == device)
            };
            let found = kinds.iter().filter(is_one).count() as u64;
            let kind = format!("{}:{}", wanted.vendor, wanted.device.as_deref().unwrap_or("*"));
            (found < wanted.count).then(|| {
                Finding::fail("missing", format!("{found} of {} devices {kind}", wanted.count))
            })
        });
        Finding::worst(missing).unwrap_or_else(|| Finding::pass("all are on the bus"))
    }
}
