//! `node_slabinfo_*`: the kernel's caches of small objects, from /proc/slabinfo, which is for root.

use edctl_daemon::Invalid;
use edctl_exposition::{Family, Page};
use serde::Deserialize;

use super::filter::{Filter, check_regex};
use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

/// The families of a line's columns and their help.
const COLUMNS: [(FamilyDoc, &str); 5] = [
    (FamilyDoc::gauge("node_slabinfo_active_objects", &["slab"]), "Objects in use."),
    (FamilyDoc::gauge("node_slabinfo_objects", &["slab"]), "Objects that there are."),
    (FamilyDoc::gauge("node_slabinfo_object_size_bytes", &["slab"]), "Size of an object."),
    (FamilyDoc::gauge("node_slabinfo_objects_per_slab", &["slab"]), "Objects in a slab."),
    (FamilyDoc::gauge("node_slabinfo_pages_per_slab", &["slab"]), "Pages of a slab."),
];

pub(super) const ENTRY: Entry = Entry {
    name: "slabinfo",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/slabinfo",
    families: &[COLUMNS[0].0, COLUMNS[1].0, COLUMNS[2].0, COLUMNS[3].0, COLUMNS[4].0],
    make: |host, options| Box::new(Slabinfo::new(host, &options.slabinfo)),
};

/// The table `[collector.slabinfo]`: which caches are shown, as regular expressions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SlabinfoOptions {
    pub(crate) slabs_include: String,
    pub(crate) slabs_exclude: String,
}

impl SlabinfoOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.slabinfo.slabs_include", &self.slabs_include)?;
        check_regex("collector.slabinfo.slabs_exclude", &self.slabs_exclude)
    }
}

pub(super) struct Slabinfo {
    file: KernelFile,
    filter: Filter,
}

impl Slabinfo {
    pub(super) fn new(host: &Host, options: &SlabinfoOptions) -> Self {
        Self {
            file: KernelFile::new(host.paths.procfs.join("slabinfo")),
            filter: Filter::new(&options.slabs_include, &options.slabs_exclude),
        }
    }
}

impl Collector for Slabinfo {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let text = self.file.read().map_err(CollectError::or_denied)?;
        let mut families = COLUMNS.map(|(doc, help)| Family::gauge(doc.name, help));
        for (slab, values) in parse(text)?.into_iter().filter(|(slab, _)| self.filter.shows(slab)) {
            for (family, value) in families.iter_mut().zip(values) {
                family.push(&[("slab", slab)], value);
            }
        }
        families.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<Vec<(&str, [u64; COLUMNS.len()])>, CollectError> {
    let wrong = |number, expected| text.wrong(number, expected);
    let mut lines = text.lines();
    if !lines.next().is_some_and(|(_, line)| line.starts_with("slabinfo - version: 2.")) {
        return Err(wrong(1, "expected version 2"));
    }
    let slabs = lines.filter(|(_, line)| !line.starts_with('#'));
    let expected = "expected a name and five numbers";
    slabs.map(|(number, line)| parse_line(line).ok_or_else(|| wrong(number, expected))).collect()
}

fn parse_line(line: &str) -> Option<(&str, [u64; COLUMNS.len()])> {
    let mut words = line.split_ascii_whitespace();
    let slab = words.next()?;
    let mut values = [0; COLUMNS.len()];
    for value in &mut values {
        *value = words.next()?.parse().ok()?;
    }
    Some((slab, values))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines() {
        let content = "slabinfo - version: 2.1\n# name <active_objs>\n\
                       kmalloc-64 7040 7041 64 63 1 : tunables 0 0 0 : slabdata 110 110 0\n";
        assert_eq!(parse(Text::of(content)).unwrap(), [("kmalloc-64", [7040, 7041, 64, 63, 1])]);
        for bad in [
            "",
            "slabinfo - version: 1.1\n",
            "slabinfo - version: 2.1\nkmalloc-64 7040\n",
            "slabinfo - version: 2.1\nkmalloc-64 1 2 3 4 x\n",
            "slabinfo - version: 2.1\nkmalloc-64 1 2 3 4 18446744073709551616\n",
        ] {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("slabinfo - version: 2.1\n{content}")));
        }
    }
}
