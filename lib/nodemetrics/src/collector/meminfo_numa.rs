//! `node_memory_numa_*`: the memory of each node, from /sys/devices/system/node/nodeN/meminfo and
//! numastat. Values are bytes where the kernel says kB, although the names do not say so.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;
use crate::reading::number::Number;
use crate::reading::sysfs;

/// More fields than any kernel has.
const MAX_FIELDS: usize = 256;

pub(super) const ENTRY: Entry = Entry {
    name: "meminfo_numa",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/sys/devices/system/node",
    families: &[
        FamilyDoc::counter("node_memory_numa_<field>_total", &["node"]),
        FamilyDoc::gauge("node_memory_numa_<field>", &["node"]),
    ],
    make: |host, _| Box::new(MeminfoNuma::new(host)),
};

pub(super) struct MeminfoNuma {
    dir: PathBuf,
}

impl MeminfoNuma {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("devices/system/node") }
    }
}

impl Collector for MeminfoNuma {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for (name, node) in sysfs::list_numbered(&self.dir, "node")? {
            let dir = self.dir.join(name);
            for (field, value) in read(&dir.join("meminfo"), parse_meminfo) {
                let help = format!("The field {field} of each memory node's meminfo.");
                let family = Family::gauge(format!("node_memory_numa_{field}"), help);
                page.add(family.with_known(&[("node", &node)], value));
            }
            for (field, value) in read(&dir.join("numastat"), parse_numastat) {
                let help = format!("The field {field} of each memory node's numastat.");
                let family = Family::counter(format!("node_memory_numa_{field}_total"), help);
                page.add(family.with_known(&[("node", &node)], value));
            }
        }
        Ok(())
    }
}

type Fields = Vec<(String, Option<u64>)>;

/// A file's fields; none where it cannot be read, which is counted.
fn read(path: &Path, parse: fn(Text<'_>) -> Result<Fields, CollectError>) -> Fields {
    let fields = KernelFile::new(path.to_owned()).read().and_then(parse);
    let mut fields = or_left_out(fields.map(Some)).unwrap_or_default();
    fields.truncate(MAX_FIELDS);
    fields
}

/// Lines `Node 0 MemTotal:  4 kB`.
fn parse_meminfo(text: Text<'_>) -> Result<Fields, CollectError> {
    text.rows("expected \"Node 0 Name: number kB\"", |number, line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (name, value, factor) = match words[..] {
            ["Node", _, name, value] => (name, value, 1),
            ["Node", _, name, value, "kB"] => (name, value, 1024),
            _ => return None,
        };
        let name = name.strip_suffix(':')?.replace('(', "_").replace(')', "");
        let value = u64::take(value).and_then(|value| value.checked_mul(factor));
        Some((name, text.known(number, "expected a number", value)))
    })
}

/// Lines `numa_hit 5`.
fn parse_numastat(text: Text<'_>) -> Result<Fields, CollectError> {
    text.rows("expected a name and a number", |number, line| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), text.number(number, Some(value.trim()))))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::meminfo_numa::sysfs::tests::{put, shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn lines() {
        for (line, field) in [
            ("Node 0 MemTotal:       4 kB", Some(("MemTotal", Some(4096)))),
            ("Node 1 Active(anon):   1 kB", Some(("Active_anon", Some(1024)))),
            ("Node 0 HugePages_Free: 7", Some(("HugePages_Free", Some(7)))),
            ("Node 0 MemTotal: 18446744073709551615 kB", Some(("MemTotal", None))),
            ("Node 0 MemTotal: 9223372036854775807 kB", Some(("MemTotal", None))),
            ("Node 0 MemTotal: 4 MB", None),
            ("Node 0 MemTotal 4 kB", None),
            ("MemTotal: 4 kB", None),
        ] {
            let parsed = parse_meminfo(Text::of(line)).ok().map(|fields| fields[0].clone());
            assert_eq!(parsed, field.map(|(name, value)| (name.to_owned(), value)), "{line}");
        }
        assert!(parse_numastat(Text::of("numa_hit\n")).is_err());
    }

    #[test]
    fn an_odd_field_costs_no_other() {
        let dir =
            tree(&[("devices/system/node/node0/numastat", "numa_hit -1\nodd\nnuma_miss 6\n")]);
        let meminfo = "Node 0 MemFree: 4 kB\nodd \u{fffd} line\nNode 0 FilePages: -3 kB\n";
        put(dir.path(), "devices/system/node/node0/meminfo", meminfo.as_bytes());
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"node_memory_numa_MemFree{node="0"} 4096"#,
            r#"node_memory_numa_numa_miss_total{node="0"} 6"#,
        ];
        assert_eq!(lines, expected);
        assert_eq!(errors, 4);
    }

    #[test]
    fn a_broken_node_hides_no_other() {
        let dir = tree(&[("devices/system/node/node0/meminfo", "Node 0 MemTotal: 4 kB\n")]);
        put(dir.path(), "devices/system/node/node0/numastat", b"numa_hit 5\n");
        put(dir.path(), "devices/system/node/node1/meminfo", b"\xff\xfe");
        put(dir.path(), "devices/system/node/node1/numastat", b"numa_hit 6\n");
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_memory_numa_MemTotal{node="0"} 4096"#,
                r#"node_memory_numa_numa_hit_total{node="0"} 5"#,
                r#"node_memory_numa_numa_hit_total{node="1"} 6"#,
            ]
        );
        assert_eq!(errors, 1);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse_meminfo(Text::of(&content));
            let _ = parse_numastat(Text::of(&content));
        }
    }
}
