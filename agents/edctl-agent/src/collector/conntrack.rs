//! `node_nf_conntrack_*`: connections that the firewall tracks, from /proc/sys/net/netfilter and
//! /proc/net/stat/nf_conntrack.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use super::kept::Kept;
use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "conntrack",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/sys/net/netfilter, /proc/net/stat/nf_conntrack",
    families: &[
        FamilyDoc::gauge("node_nf_conntrack_entries", &[]),
        FamilyDoc::gauge("node_nf_conntrack_entries_limit", &[]),
        FamilyDoc::gauge("node_nf_conntrack_stat_<field>", &[]),
    ],
    make: |host, _| Box::new(Conntrack::new(host)),
};

/// The columns that are shown, under the kernel's names.
const COLUMNS: [&str; 8] = [
    "found",
    "invalid",
    "ignore",
    "insert",
    "insert_failed",
    "drop",
    "early_drop",
    "search_restart",
];

pub(super) struct Conntrack {
    sysctl: PathBuf,
    kept: Kept,
    stat: KernelFile,
}

impl Conntrack {
    pub(super) fn new(host: &Host) -> Self {
        let procfs = &host.paths.procfs;
        Self {
            sysctl: procfs.join("sys/net/netfilter"),
            kept: Kept::new(2),
            stat: KernelFile::of_short_records(procfs.join("net/stat/nf_conntrack")),
        }
    }

    fn number(&mut self, name: &str) -> Result<u64, CollectError> {
        self.kept.number(&self.sysctl.join(name))
    }
}

impl Collector for Conntrack {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let entries = self.number("nf_conntrack_count")?;
        let limit = self.number("nf_conntrack_max")?;
        let sums = match self.stat.read() {
            Ok(text) => parse(text)?,
            // Kernels may be built without this file.
            Err(CollectError::Absent { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let help = "Connections that are tracked.";
        page.add(Family::gauge("node_nf_conntrack_entries", help).with(&[], entries));
        let help = "The most connections that may be tracked.";
        page.add(Family::gauge("node_nf_conntrack_entries_limit", help).with(&[], limit));
        for (column, sum) in sums {
            let help =
                ["The column ", column, " of /proc/net/stat/nf_conntrack, of all CPUs."].concat();
            let name = ["node_nf_conntrack_stat_", column].concat();
            page.add(Family::gauge(name, help).with(&[], sum));
        }
        Ok(())
    }
}

/// The columns' sums over all CPUs; a line for each CPU, in hex, under a line of names.
fn parse(text: Text<'_>) -> Result<Vec<(&'static str, u64)>, CollectError> {
    let mut lines = text.lines();
    let names: Vec<&str> =
        lines.next().map(|(_, line)| line.split_ascii_whitespace().collect()).unwrap_or_default();
    let places: Vec<(&str, usize)> = COLUMNS
        .iter()
        .filter_map(|column| Some((*column, names.iter().position(|name| name == column)?)))
        .collect();
    if places.is_empty() {
        return Err(text.wrong(1, "expected the columns' names"));
    }
    let mut sums: Vec<(&str, u64)> = places.iter().map(|(column, _)| (*column, 0)).collect();
    for (number, line) in lines {
        let columns: Option<Vec<u64>> =
            line.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16).ok()).collect();
        let columns = columns.filter(|columns| columns.len() == names.len());
        let columns = columns.ok_or_else(|| text.wrong(number, "expected hex numbers"))?;
        for ((_, place), (_, sum)) in places.iter().zip(&mut sums) {
            *sum = sum.saturating_add(columns[*place]);
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_summed_over_cpus_by_their_names() {
        let content = "entries  searched found new invalid ignore delete insert drop\n\
                       00000021  00000000 00000001 0 00000003 0000588a 0 00000000 00000002\n\
                       00000021  00000000 00000010 0 00000002 000056a4 0 00000000 00000001\n";
        let sums = parse(Text::of(content)).unwrap();
        let expected = [
            ("found", 17),
            ("invalid", 5),
            ("ignore", 0x588a + 0x56a4),
            ("insert", 0),
            ("drop", 3),
        ];
        assert_eq!(sums, expected);
        for bad in ["", "a b\n1 2\n", "found\nx\n", "found new\n1\n"] {
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
