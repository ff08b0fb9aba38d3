//! `node_slabinfo_*`: the kernel's caches of small objects, from /proc/slabinfo, which is for root.

use crate::options::slabinfo::SlabinfoOptions;
use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

/// The families of a line's columns and their help.
const COLUMNS: [(FamilyDoc, &str); 5] = [
    (FamilyDoc::gauge("node_slabinfo_active_objects", &["slab"]), "Objects in use."),
    (FamilyDoc::gauge("node_slabinfo_objects", &["slab"]), "Objects that there are."),
    (FamilyDoc::gauge("node_slabinfo_object_size_bytes", &["slab"]), "Size of an object."),
    (FamilyDoc::gauge("node_slabinfo_objects_per_slab", &["slab"]), "Objects in a slab."),
    (FamilyDoc::gauge("node_slabinfo_pages_per_slab", &["slab"]), "Pages of a slab."),
];

/// The version and the columns' names.
const HEADINGS: usize = 2;

pub(super) const ENTRY: Entry = Entry {
    name: "slabinfo",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/slabinfo",
    families: &[COLUMNS[0].0, COLUMNS[1].0, COLUMNS[2].0, COLUMNS[3].0, COLUMNS[4].0],
    make: |host, options| Box::new(Slabinfo::new(host, &options.slabinfo)),
};

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
                family.push_known(&[("slab", slab)], value);
            }
        }
        families.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

/// A cache's name and what its columns say.
type Slab<'a> = (&'a str, [Option<u64>; COLUMNS.len()]);

fn parse(text: Text<'_>) -> Result<Vec<Slab<'_>>, CollectError> {
    if !text.lines().next().is_some_and(|(_, line)| line.starts_with("slabinfo - version: 2.")) {
        return Err(text.wrong(1, "expected version 2"));
    }
    text.rows_below(HEADINGS, "expected a name and five numbers", |number, line| {
        let mut words = line.split_ascii_whitespace();
        let slab = words.next()?;
        let words: [Option<&str>; COLUMNS.len()] = std::array::from_fn(|_| words.next());
        words[COLUMNS.len() - 1]?;
        Some((slab, words.map(|word| text.number(number, word))))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines() {
        let content = "slabinfo - version: 2.1\n# name <active_objs>\n\
                       kmalloc-64 7040 7041 64 63 1 : tunables 0 0 0 : slabdata 110 110 0\n";
        let values = [7040, 7041, 64, 63, 1].map(Some);
        assert_eq!(parse(Text::of(content)).unwrap(), [("kmalloc-64", values)]);
        for bad in
            ["", "slabinfo - version: 1.1\n", "slabinfo - version: 2.1\n# name\nkmalloc-64 7040\n"]
        {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "slabinfo - version: 2.1\n# name\nodd 7040\n\
                       kmalloc-64 1 -2 3 x 18446744073709540830\n";
        let (slabs, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        assert_eq!(slabs, [("kmalloc-64", [Some(1), None, Some(3), None, None])]);
        assert_eq!(left_out.why().unwrap(), "test, line 4: expected a number (and 3 more)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("slabinfo - version: 2.1\n# name\n{content}")));
        }
    }
}
