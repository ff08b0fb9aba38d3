//! `node_zoneinfo_*`: the pages of each zone of memory, from /proc/zoneinfo. What the kernel counts
//! for a whole node stands with the node's first zone, here as there.

use edctl_exposition::{Family, Kind, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

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
    fields: Vec<(String, Kind, u64)>,
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
        let Some(zone) = zones.last_mut() else {
            text.leave_out(number, "expected a zone before");
            continue;
        };
        if word == "protection:" {
            zone.fields.extend(parse_protection(text, number, rest));
        } else if let Some(value) = text.number(number, Some(rest.trim())) {
            zone.fields.push(((*field).to_owned(), *kind, value));
        }
    }
    if zones.is_empty() { Err(text.wrong(1, "expected zones")) } else { Ok(zones) }
}

/// `(0, 3019, 19019)`.
fn parse_protection(
    text: Text<'_>,
    line: usize,
    numbers: &str,
) -> impl Iterator<Item = (String, Kind, u64)> {
    let bare = numbers.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let numbers = text.known(line, "expected numbers in brackets", bare);
    let numbers = numbers.into_iter().flat_map(|numbers| numbers.split(','));
    numbers.take(MOST_PROTECTIONS).enumerate().filter_map(move |(index, number)| {
        let value = text.number(line, Some(number.trim()))?;
        Some((format!("protection_{index}"), Kind::Gauge, value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn zones() {
        let content = "Node 0, zone      DMA\n  per-node stats\n      nr_dirtied   14039891\n  \
                       pages free     3840\n        min      13\n        protection: (0, 3019)\n      \
                       nr_free_pages 3840\n  pagesets\n    cpu: 0\n              high:  378\n\
                       Node 1, zone   Normal\n        spanned  9223372036854775807\n";
        let zones = parse(Text::of(content)).unwrap();
        let expected = [
            ("nr_dirtied_total", 14_039_891),
            ("min_pages", 13),
            ("protection_0", 0),
            ("protection_1", 3019),
            ("nr_free_pages", 3840),
        ];
        assert_eq!(fields(&zones[0]), expected);
        assert_eq!((zones[1].node, zones[1].name), ("1", "Normal"));
        assert_eq!(zones[1].fields[0].2, i64::MAX as u64);
        for bad in ["", "min 5\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    fn fields<'a>(zone: &'a Zone<'_>) -> Vec<(&'a str, u64)> {
        zone.fields.iter().map(|(name, _, value)| (&**name, *value)).collect()
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "min 5\nNode 0, zone DMA\n  min x\n  nr_dirtied 18446744073709540830\n  \
                       low 7\n  protection: (0, -1, 9)\nNode 0, zone DMA32\n  protection: 0\n  \
                       odd\n  high 8\n";
        let (zones, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        let expected = [("low_pages", 7), ("protection_0", 0), ("protection_2", 9)];
        assert_eq!(fields(&zones[0]), expected);
        assert_eq!(fields(&zones[1]), [("high_pages", 8)]);
        let why = "test, line 1: expected a zone before (and 4 more)";
        assert_eq!(left_out.why().unwrap(), why);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("Node 0, zone DMA\n{content}")));
            let _ = parse_protection(Text::of(&content), 1, &content).count();
        }
    }
}
