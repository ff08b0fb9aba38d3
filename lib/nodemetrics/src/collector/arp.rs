//! `node_arp_entries`: neighbours that each device knows, from /proc/net/arp.

use crate::options::arp::ArpOptions;
use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "arp",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/arp",
    families: &[FamilyDoc::gauge("node_arp_entries", &["device"])],
    make: |host, options| Box::new(Arp::new(host, &options.arp)),
};

/// Where a line names the device.
const DEVICE_COLUMN: usize = 5;

pub(super) struct Arp {
    file: KernelFile,
    filter: Filter,
}

impl Arp {
    pub(super) fn new(host: &Host, options: &ArpOptions) -> Self {
        Self {
            file: KernelFile::of_short_records(host.paths.procfs.join("net/arp")),
            filter: Filter::new(&options.device_include, &options.device_exclude),
        }
    }
}

impl Collector for Arp {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge("node_arp_entries", "Neighbours in the device's ARP table.");
        let devices = parse(self.file.read()?)?.into_iter();
        for (device, entries) in devices.filter(|(device, _)| self.filter.shows(device)) {
            family.push(&[("device", device)], entries);
        }
        page.add(family);
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<BTreeMap<&str, u64>, CollectError> {
    if !text.lines().next().is_some_and(|(_, head)| head.starts_with("IP address")) {
        return Err(text.wrong(1, "expected the columns' names"));
    }
    let mut devices = BTreeMap::new();
    text.rows_below(1, "expected six columns", |_, line| {
        let device = line.split_ascii_whitespace().nth(DEVICE_COLUMN)?;
        *devices.entry(device).or_default() += 1;
        Some(())
    })?;
    Ok(devices)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::left_out::LeftOut;
    use crate::reading::sysfs::tests::{shown_with, tree};

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
        assert!(parse(Text::of("")).is_err());
        let odd = format!("{lines}odd \u{fffd} line\n");
        let (devices, left_out) = LeftOut::during(|| parsed(&odd));
        assert_eq!(devices, parsed(lines));
        assert_eq!(left_out.why().unwrap(), "test, line 5: expected six columns");
    }

    #[test]
    fn devices_are_chosen() {
        let content = format!("{HEAD}10.0.0.1 1 2 aa * eth0\n10.1.0.1 1 2 bb * br0\n");
        let dir = tree(&[("net/arp", &content)]);
        for (device_include, device_exclude, expected) in
            [("eth", "", "eth0"), ("", "eth", "br0"), (".*", "br", "eth0")]
        {
            let (device_include, device_exclude) = (device_include.into(), device_exclude.into());
            let arp = ArpOptions { device_include, device_exclude };
            let options = Options { arp, ..Options::default() };
            let (text, _) = shown_with(&ENTRY, dir.path(), &options).unwrap();
            let series = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
            assert_eq!(series, [format!("node_arp_entries{{device=\"{expected}\"}} 1")]);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
