//! `node_xfs_*`: what each mounted XFS counted, from /sys/fs/xfs.
//!
//! node_exporter shows 0 for a line that the kernel does not write; here it is absent.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "xfs",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/sys/fs/xfs/*/stats/stats",
    families: &[FamilyDoc::counter("node_xfs_<field>_total", &["device"])],
    make: |host, _| Box::new(Xfs::new(host)),
};

/// A line by its first word, and the names of the numbers behind it that are shown.
struct Line {
    word: &'static str,
    prefix: &'static str,
    columns: &'static [&'static str],
}

const TREE: &[&str] = &["lookups", "compares", "records_inserted", "records_deleted"];

const LINES: [Line; 8] = [
    Line {
        word: "extent_alloc",
        prefix: "extent_allocation_",
        columns: &["extents_allocated", "blocks_allocated", "extents_freed", "blocks_freed"],
    },
    Line { word: "abt", prefix: "allocation_btree_", columns: TREE },
    Line {
        word: "blk_map",
        prefix: "block_mapping_",
        columns: &[
            "reads",
            "writes",
            "unmaps",
            "extent_list_insertions",
            "extent_list_deletions",
            "extent_list_lookups",
            "extent_list_compares",
        ],
    },
    Line { word: "bmbt", prefix: "block_map_btree_", columns: TREE },
    Line {
        word: "dir",
        prefix: "directory_operation_",
        columns: &["lookup", "create", "remove", "getdents"],
    },
    Line {
        word: "ig",
        prefix: "inode_operation_",
        columns: &[
            "attempts",
            "found",
            "recycled",
            "missed",
            "duplicates",
            "reclaims",
            "attribute_changes",
        ],
    },
    Line { word: "rw", prefix: "", columns: &["write_calls", "read_calls"] },
    Line {
        word: "vnodes",
        prefix: "vnode_",
        columns: &["active", "allocate", "get", "hold", "release", "reclaim", "remove"],
    },
];

pub(super) struct Xfs {
    dir: PathBuf,
}

impl Xfs {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("fs/xfs") }
    }
}

impl Collector for Xfs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families: Vec<Vec<Family>> = Vec::new();
        for device in sysfs::list(&self.dir)? {
            let path = self.dir.join(&device).join("stats/stats");
            // Beside the file systems' directories there are others.
            let Some(lines) = sysfs::parsed_lines(&path, parse) else { continue };
            if families.is_empty() {
                families = LINES.iter().map(Line::families).collect();
            }
            for (families, numbers) in families.iter_mut().zip(lines) {
                for (family, number) in families.iter_mut().zip(numbers) {
                    family.push_known(&[("device", &device)], number);
                }
            }
        }
        families.into_iter().flatten().for_each(|family| page.add(family));
        Ok(())
    }
}

impl Line {
    fn families(&self) -> Vec<Family> {
        let family = |column: &&str| {
            let help = format!("XFS's statistic {}, {}.", self.word, column.replace('_', " "));
            Family::counter(format!("node_xfs_{}{column}_total", self.prefix), help)
        };
        self.columns.iter().map(family).collect()
    }
}

/// The numbers of each of [`LINES`]; none of a line that this kernel does not write.
fn parse(text: Text<'_>) -> Result<Vec<Vec<Option<u64>>>, CollectError> {
    let mut found: Vec<Vec<Option<u64>>> = vec![Vec::new(); LINES.len()];
    for (number, line) in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let place = words.next().and_then(|word| LINES.iter().position(|line| line.word == word));
        let Some(place) = place else { continue };
        let columns = LINES[place].columns.len();
        if words.clone().count() < columns {
            text.leave_out(number, "expected a word and numbers");
            continue;
        }
        let words = words.take(columns);
        found[place] = words.map(|word| text.number(number, Some(word))).collect();
    }
    match found.iter().all(Vec::is_empty) {
        true => Err(text.wrong(1, "expected XFS's statistics")),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::left_out::LeftOut;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn two_file_systems_and_what_is_none() {
        let dir = tree(&[
            ("fs/xfs/sda1/stats/stats", "abt 1 2 3 4\nrw 5 6\nxpc 7 8 9\nvnodes 1 2 3 4 5 6 7 8\n"),
            ("fs/xfs/sdb1/stats/stats", "rw 4294967295 x\n"),
            ("fs/xfs/sdc1/stats/stats", "rw 4294967295 1\n"),
            ("fs/xfs/stats/stats", "rw 9 9\n"),
            ("fs/xfs/debug/bug_on_assert", "1\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let lines: Vec<&str> =
            text.lines().filter(|line| line.contains("calls") || line.contains("btree")).collect();
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_xfs_allocation_btree_compares_total{device="sda1"} 2"#,
                r#"node_xfs_allocation_btree_lookups_total{device="sda1"} 1"#,
                r#"node_xfs_allocation_btree_records_deleted_total{device="sda1"} 4"#,
                r#"node_xfs_allocation_btree_records_inserted_total{device="sda1"} 3"#,
                r#"node_xfs_read_calls_total{device="sda1"} 6"#,
                r#"node_xfs_read_calls_total{device="sdc1"} 1"#,
                r#"node_xfs_write_calls_total{device="sda1"} 5"#,
                r#"node_xfs_write_calls_total{device="sdb1"} 4294967295"#,
                r#"node_xfs_write_calls_total{device="sdc1"} 4294967295"#,
            ]
        );
        assert!(text.contains("node_xfs_vnode_remove_total{device=\"sda1\"} 7"), "{text}");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        for bad in ["", "what\n", "abt 1 2 3\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_no_other_and_a_short_line_only_itself() {
        let content = "rw 5\nabt 1 2 -3 x\nnews\n";
        let (lines, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        let found: Vec<&Vec<Option<u64>>> = lines.iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(found, [&[Some(1), Some(2), None, None]]);
        let why = "test, line 1: expected a word and numbers (and 2 more)";
        assert_eq!(left_out.why().unwrap(), why);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "((abt|rw|ig) [0-9x ]{0,30}\n|.{0,40}){0,6}") {
            let _ = parse(Text::of(&content));
        }
    }
}
