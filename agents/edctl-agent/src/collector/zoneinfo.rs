//! `node_zoneinfo_*`: the pages of each zone of memory, from /proc/zoneinfo. What the kernel counts
//! for a whole node stands with the node's first zone, here as there.

use edctl_exposition::{Family, Kind, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

/// More entries of `protection` than any kernel has.
const MOST_PROTECTIONS: usize = 16;

/// The first word of a line and what it is shown as.
const FIELDS: [(&str, Kind, &str); 35] = [
    ("high", Kind::Gauge, "high_pages"),
    ("low", Kind::Gauge, "low_pages"),
    ("managed", Kind::Gauge, "managed_pages"),
    ("min", Kind::Gauge, "min_pages"),
    ("nr_active_anon", Kind::Gauge, "nr_active_anon_pages"),
    ("nr_active_file", Kind::Gauge, "nr_active_file_pages"),
    ("nr_anon_pages", Kind::Gauge, "nr_anon_pages"),
    ("nr_anon_transparent_hugepages", Kind::Gauge, "nr_anon_transparent_hugepages"),
    ("nr_dirtied", Kind::Counter, "nr_dirtied_total"),
    ("nr_dirty", Kind::Gauge, "nr_dirty_pages"),
    ("nr_file_pages", Kind::Gauge, "nr_file_pages"),
    ("nr_free_pages", Kind::Gauge, "nr_free_pages"),
    ("nr_inactive_anon", Kind::Gauge, "nr_inactive_anon_pages"),
    ("nr_inactive_file", Kind::Gauge, "nr_inactive_file_pages"),
    ("nr_isolated_anon", Kind::Gauge, "nr_isolated_anon_pages"),
    ("nr_isolated_file", Kind::Gauge, "nr_isolated_file_pages"),
    ("nr_kernel_stack", Kind::Gauge, "nr_kernel_stacks"),
    ("nr_mapped", Kind::Gauge, "nr_mapped_pages"),
    ("nr_mlock_stack", Kind::Gauge, "nr_mlock_stack_pages"),
    ("nr_shmem", Kind::Gauge, "nr_shmem_pages"),
    ("nr_slab_reclaimable", Kind::Gauge, "nr_slab_reclaimable_pages"),
    ("nr_slab_unreclaimable", Kind::Gauge, "nr_slab_unreclaimable_pages"),
    ("nr_unevictable", Kind::Gauge, "nr_unevictable_pages"),
    ("nr_writeback", Kind::Gauge, "nr_writeback_pages"),
    ("nr_written", Kind::Counter, "nr_written_total"),
    ("numa_foreign", Kind::Counter, "numa_foreign_total"),
    ("numa_hit", Kind::Counter, "numa_hit_total"),
    ("numa_interleave", Kind::Counter, "numa_interleave_total"),
    ("numa_local", Kind::Counter, "numa_local_total"),
    ("numa_miss", Kind::Counter, "numa_miss_total"),
    ("numa_other", Kind::Counter, "numa_other_total"),
    ("present", Kind::Gauge, "present_pages"),
    ("scanned", Kind::Gauge, "scanned_pages"),
    ("spanned", Kind::Gauge, "spanned_pages"),
    ("protection:", Kind::Gauge, "protection"),
];

pub(super) const ENTRY: Entry = Entry {
    name: "zoneinfo",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/zoneinfo",
    families: &[
        FamilyDoc::counter("node_zoneinfo_<field>_total", &["node", "zone"]),
        FamilyDoc::gauge("node_zoneinfo_<field>", &["node", "zone"]),
    ],
    make: |host, _| Box::new(Zoneinfo::new(host)),
};

pub(super) struct Zoneinfo {
    file: KernelFile,
}

impl Zoneinfo {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("zoneinfo")) }
    }
}

impl Collector for Zoneinfo {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for zone in parse(self.file.read()?)? {
            let labels = [("node", zone.node), ("zone", zone.name)];
            for (field, kind, value) in zone.fields {
                let name = format!("node_zoneinfo_{field}");
                let help = format!("The field {field} of each zone of memory.");
                let family = match kind {
                    Kind::Counter => Family::counter(name, help),
                    _ => Family::gauge(name, help),
                };
                page.add(family.with(&labels, value));
            }
        }
        Ok(())
    }
}

struct Zone<'a> {
    node: &'a str,
    name: &'a str,
    fields: Vec<(String, Kind, i64)>,
}

fn parse(text: Text<'_>) -> Result<Vec<Zone<'_>>, CollectError> {
    let mut zones: Vec<Zone<'_>> = Vec::new();
    for (number, line) in text.lines() {
        if let Some((node, name)) =
            line.strip_prefix("Node ").and_then(|rest| rest.split_once(", zone "))
        {
            zones.push(Zone { node: node.trim(), name: name.trim(), fields: Vec::new() });
            continue;
        }
        let (word, rest) = line.trim().split_once([' ', '\t']).unwrap_or_default();
        let Some((_, kind, field)) = FIELDS.iter().find(|(name, ..)| *name == word) else {
            continue;
        };
        let zone = zones.last_mut().ok_or_else(|| text.wrong(number, "expected a zone before"))?;
        let wrong = || text.wrong(number, "expected a number");
        if word == "protection:" {
            zone.fields.extend(parse_protection(rest).ok_or_else(wrong)?);
        } else {
            let value = rest.trim().parse().map_err(|_| wrong())?;
            zone.fields.push(((*field).to_owned(), *kind, value));
        }
    }
    if zones.is_empty() { Err(text.wrong(1, "expected zones")) } else { Ok(zones) }
}

/// `(0, 3019, 19019)`.
fn parse_protection(text: &str) -> Option<Vec<(String, Kind, i64)>> {
    let numbers = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let field = |(index, number): (usize, &str)| {
        let value = number.trim().parse().ok()?;
        Some((format!("protection_{index}"), Kind::Gauge, value))
    };
    numbers.split(',').take(MOST_PROTECTIONS).enumerate().map(field).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zones() {
        let content = "Node 0, zone      DMA\n  per-node stats\n      nr_dirtied   14039891\n  \
                       pages free     3840\n        min      13\n        protection: (0, 3019)\n      \
                       nr_free_pages 3840\n  pagesets\n    cpu: 0\n              high:  378\n\
                       Node 1, zone   Normal\n        spanned  9223372036854775807\n";
        let zones = parse(Text::of(content)).unwrap();
        let fields: Vec<(&str, i64)> =
            zones[0].fields.iter().map(|(name, _, value)| (&**name, *value)).collect();
        let expected = [
            ("nr_dirtied_total", 14_039_891),
            ("min_pages", 13),
            ("protection_0", 0),
            ("protection_1", 3019),
            ("nr_free_pages", 3840),
        ];
        assert_eq!(fields, expected);
        assert_eq!((zones[1].node, zones[1].name), ("1", "Normal"));
        assert_eq!(zones[1].fields[0].2, i64::MAX);
        for bad in [
            "",
            "min 5\n",
            "Node 0, zone DMA\nmin x\n",
            "Node 0, zone DMA\nprotection: (0, x)\n",
            "Node 0, zone DMA\nprotection: 0\n",
        ] {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("Node 0, zone DMA\n{content}")));
            let _ = parse_protection(&content);
        }
    }
}
