//! `node_vmstat_*`: page faults, paging, swapping and OOM kills, from /proc/vmstat.

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "vmstat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/vmstat",
    families: &[FamilyDoc::unknown("node_vmstat_<field>", &[])],
    make: |host, _| Box::new(Vmstat::new(host)),
};

pub(super) struct Vmstat {
    file: KernelFile,
}

impl Vmstat {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("vmstat")) }
    }
}

impl Collector for Vmstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for (name, value) in parse(self.file.read()?)? {
            let help = format!("The field {name} of /proc/vmstat.");
            page.add(Family::unknown(format!("node_vmstat_{name}"), help).with(&[], value));
        }
        Ok(())
    }
}

/// node_exporter's choice of some 200 fields, those of a virtual machine's balloon beside them.
fn is_shown(name: &str) -> bool {
    let is_fault = || name.strip_prefix("pg").is_some_and(|rest| rest.contains("fault"));
    ["oom_kill", "pgpg", "pswp", "balloon_"].iter().any(|prefix| name.starts_with(prefix))
        || is_fault()
}

fn parse(text: Text<'_>) -> Result<Vec<(&str, u64)>, CollectError> {
    let mut fields = Vec::with_capacity(16);
    for (number, line) in text.lines() {
        let wrong = || text.wrong(number, "expected a name and a number");
        let (name, value) = line.split_once(' ').ok_or_else(wrong)?;
        if is_shown(name) {
            fields.push((name, value.parse().map_err(|_| wrong())?));
        }
    }
    if fields.is_empty() {
        return Err(text.wrong(1, "expected fields"));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fields_that_node_exporter_shows() {
        let content = "nr_free_pages 5\npgpgin 1\npgpgout 2\npswpin 0\npgfault 3\npgmajfault 4\n\
                       oom_kill 6\nnuma_pages_migrated 1\npgmigrate_success 9\nballoon_inflate 8\n";
        let expected = [
            ("pgpgin", 1),
            ("pgpgout", 2),
            ("pswpin", 0),
            ("pgfault", 3),
            ("pgmajfault", 4),
            ("oom_kill", 6),
            ("balloon_inflate", 8),
        ];
        assert_eq!(parse(Text::of(content)).unwrap(), expected);
        for bad in ["", "nr_free_pages 5\n", "pgfault\n", "pgfault x\n", "pgfault 1 2\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
