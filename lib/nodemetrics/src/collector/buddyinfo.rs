//! `node_buddyinfo_blocks`: free blocks of memory by their size, from /proc/buddyinfo.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

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
                family.push_known(&labels, *blocks);
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
    blocks: Vec<Option<u64>>,
}

fn parse(text: Text<'_>) -> Result<Vec<Zone<'_>>, CollectError> {
    text.rows("expected \"Node 0, zone NAME\" and numbers", |number, line| {
        parse_line(text, number, line)
    })
}

fn parse_line<'a>(text: Text<'a>, number: usize, line: &'a str) -> Option<Zone<'a>> {
    let (node, rest) = line.strip_prefix("Node ")?.split_once(", zone ")?;
    let mut words = rest.split_ascii_whitespace();
    let name = words.next()?;
    let blocks = words.take(MOST_SIZES).map(|word| text.number(number, Some(word)));
    let blocks: Vec<Option<u64>> = blocks.collect();
    (!blocks.is_empty()).then(|| Zone { node: node.trim(), name, blocks })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines() {
        let content = "Node 0, zone    DMA32    759    572 x -1 18446744073709540830 5 \nodd\n";
        let blocks = vec![Some(759), Some(572), None, None, None, Some(5)];
        let zone = Zone { node: "0", name: "DMA32", blocks };
        let (zones, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        assert_eq!(zones, [zone]);
        assert_eq!(left_out.why().unwrap(), "test, line 1: expected a number (and 3 more)");
        for bad in ["", "Node 0", "Node 0, zone DMA", "zone DMA 1"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
