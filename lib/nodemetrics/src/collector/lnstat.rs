//! `node_lnstat_*`: what the network's caches counted, from the tables in /proc/net/stat.
//!
//! The label cpu is the number of a table's row, as node_exporter has it: where some CPUs are not there,
//! it is not theirs. A table that cannot be read hides no other one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;
use crate::reading::number::hex;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "lnstat",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/net/stat",
    families: &[FamilyDoc::counter("node_lnstat_<field>_total", &["subsystem", "cpu"])],
    make: |host, _| Box::new(Lnstat { dir: host.paths.procfs.join("net/stat") }),
};

struct Lnstat {
    dir: PathBuf,
}

impl Collector for Lnstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = BTreeMap::new();
        for subsystem in sysfs::list(&self.dir)? {
            let mut file = KernelFile::new(self.dir.join(&subsystem));
            let table = file.read().map(parse).map(Some);
            for (row, values) in or_left_out(table).unwrap_or_default() {
                push(&mut families, &subsystem, row, &values);
            }
        }
        families.into_values().for_each(|family| page.add(family));
        Ok(())
    }
}

/// A row's number, and its values with the names of their columns.
type Row<'a> = (usize, Vec<(&'a str, u64)>);

fn push(
    families: &mut BTreeMap<String, Family>,
    subsystem: &str,
    row: usize,
    values: &[(&str, u64)],
) {
    let cpu = row.to_string();
    for (column, value) in values {
        let family = families.entry((*column).to_owned()).or_insert_with(|| {
            let help = format!("The column {column} of the tables in /proc/net/stat.");
            Family::counter(format!("node_lnstat_{column}_total"), help)
        });
        family.push(&[("subsystem", subsystem), ("cpu", &cpu)], *value);
    }
}

/// A line of names, and one of hex numbers for each CPU.
fn parse<'a>(text: Text<'a>) -> Vec<Row<'a>> {
    let mut lines = text.lines();
    let names: Vec<&str> =
        lines.next().map(|(_, line)| line.split_ascii_whitespace().collect()).unwrap_or_default();
    let mut rows = Vec::new();
    for (number, line) in lines {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        // Some tables have names that no number stands below.
        let is_row = words.len() == names.len()
            || words.len() < names.len() && words.iter().any(|word| hex(word).is_some());
        if !is_row {
            text.leave_out(number, "expected hex numbers");
            continue;
        }
        let value = |(name, word): (&&'a str, &&str)| Some((*name, text.hex(number, word)?));
        rows.push((rows.len(), names.iter().zip(&words).filter_map(value).collect()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn tables_by_column_and_row() {
        let dir = tree(&[
            ("net/stat/arp_cache", "entries  allocs\n0000000a 00000012 \n0000000a 00000003\n"),
            ("net/stat/rt_cache", "entries  in_hit in_slow_tot\nff ffffffff\n"),
            ("net/stat/synproxy", "entries\n"),
        ]);
        let page = shown(&ENTRY, dir.path()).unwrap();
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"node_lnstat_allocs_total{subsystem="arp_cache",cpu="0"} 18"#,
            r#"node_lnstat_allocs_total{subsystem="arp_cache",cpu="1"} 3"#,
            r#"node_lnstat_entries_total{subsystem="arp_cache",cpu="0"} 10"#,
            r#"node_lnstat_entries_total{subsystem="arp_cache",cpu="1"} 10"#,
            r#"node_lnstat_entries_total{subsystem="rt_cache",cpu="0"} 255"#,
            r#"node_lnstat_in_hit_total{subsystem="rt_cache",cpu="0"} 4294967295"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_is_no_row() {
        let table = "entries allocs\nx 7\nodd \u{fffd} line\n8 ffffffffffffffff\n";
        let dir = tree(&[("net/stat/arp_cache", table)]);
        let (page, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"node_lnstat_allocs_total{subsystem="arp_cache",cpu="0"} 7"#,
            r#"node_lnstat_entries_total{subsystem="arp_cache",cpu="1"} 8"#,
        ];
        assert_eq!((lines.as_slice(), errors), (expected.as_slice(), 3));
    }

    #[test]
    fn a_broken_table_hides_no_other() {
        for bad in ["entries\n0x1\n", "entries\n1 2\n", "1\n2\nmore\n", "entries\n-1\n"] {
            let dir = tree(&[("net/stat/a", bad), ("net/stat/b", "entries\n7\n")]);
            let (page, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
            assert_eq!(errors, 1, "{bad:?}");
            assert!(
                page.contains(r#"node_lnstat_entries_total{subsystem="b",cpu="0"} 7"#),
                "{page}"
            );
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
