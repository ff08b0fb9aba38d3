//! `node_arp_entries`: neighbours that each device knows, from /proc/net/arp.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "arp",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/arp",
    families: &[FamilyDoc::gauge("node_arp_entries", &["device"])],
    make: |host, _| Box::new(Arp::new(host)),
};

/// Where a line names the device.
const DEVICE_COLUMN: usize = 5;

pub(super) struct Arp {
    file: KernelFile,
}

impl Arp {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("net/arp")) }
    }
}

impl Collector for Arp {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge("node_arp_entries", "Neighbours in the device's ARP table.");
        for (device, entries) in parse(self.file.read()?)? {
            family.push(&[("device", device)], entries);
        }
        page.add(family);
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<BTreeMap<&str, u64>, CollectError> {
    let mut devices = BTreeMap::new();
    // A line of headings.
    for (number, line) in text.lines().skip(1) {
        let device = line.split_ascii_whitespace().nth(DEVICE_COLUMN);
        let device = device.ok_or_else(|| text.wrong(number, "expected six columns"))?;
        *devices.entry(device).or_default() += 1;
    }
    Ok(devices)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "IP address  HW type  Flags  HW address  Mask  Device\n";

    #[test]
    fn entries_are_counted_by_device() {
        let parsed =
            |lines: &str| parse(Text::of(&format!("{HEAD}{lines}"))).map(|d| format!("{d:?}")).ok();
        let lines = "10.0.0.1 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0\n10.0.0.2 0x1 0x0 00:00:00:00:00:00 * eth0\n\
                     10.1.0.1 0x1 0x2 aa:bb:cc:dd:ee:fe * br0\n";
        assert_eq!(parsed(lines).unwrap(), "{\"br0\": 1, \"eth0\": 2}");
        assert_eq!(parsed("").unwrap(), "{}");
        assert_eq!(parsed("10.0.0.1 0x1\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
