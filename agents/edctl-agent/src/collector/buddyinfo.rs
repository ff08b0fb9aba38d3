//! `node_buddyinfo_blocks`: free blocks of memory by their size, from /proc/buddyinfo.

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

/// More sizes than any kernel has.
const MOST_SIZES: usize = 64;

pub(super) const ENTRY: Entry = Entry {
    name: "buddyinfo",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/buddyinfo",
    families: &[FamilyDoc::gauge("node_buddyinfo_blocks", &["node", "zone", "size"])],
    make: |host, _| Box::new(Buddyinfo::new(host)),
};

pub(super) struct Buddyinfo {
    file: KernelFile,
}

impl Buddyinfo {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("buddyinfo")) }
    }
}

impl Collector for Buddyinfo {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge(
            "node_buddyinfo_blocks",
            "Free blocks of two to the power of size pages that lie side by side.",
        );
        for zone in parse(self.file.read()?)? {
            for (size, blocks) in zone.blocks.iter().enumerate() {
                let labels =
                    [("node", zone.node), ("zone", zone.name), ("size", &size.to_string())];
                family.push(&labels, *blocks);
            }
        }
        page.add(family);
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Zone<'a> {
    node: &'a str,
    name: &'a str,
    blocks: Vec<u64>,
}

fn parse(text: Text<'_>) -> Result<Vec<Zone<'_>>, CollectError> {
    let wrong = |number| text.wrong(number, "expected \"Node 0, zone NAME\" and numbers");
    text.lines().map(|(number, line)| parse_line(line).ok_or_else(|| wrong(number))).collect()
}

fn parse_line(line: &str) -> Option<Zone<'_>> {
    let (node, rest) = line.strip_prefix("Node ")?.split_once(", zone ")?;
    let mut words = rest.split_ascii_whitespace();
    let name = words.next()?;
    let blocks: Vec<u64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (1..=MOST_SIZES).contains(&blocks.len()).then(|| Zone { node: node.trim(), name, blocks })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines() {
        let line = "Node 0, zone    DMA32    759    572 18446744073709551615 ";
        let zone = Zone { node: "0", name: "DMA32", blocks: vec![759, 572, u64::MAX] };
        assert_eq!(parse_line(line), Some(zone));
        for bad in ["", "Node 0", "Node 0, zone DMA", "Node 0, zone DMA x", "zone DMA 1"] {
            assert_eq!(parse_line(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
