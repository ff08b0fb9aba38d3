//! `node_nf_conntrack_*`: connections that the firewall tracks, from /proc/sys/net/netfilter and
//! /proc/net/stat/nf_conntrack.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kept::Kept;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;

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
        let entries = match self.number("nf_conntrack_count") {
            // Nothing is tracked.
            Err(error @ CollectError::Absent { .. }) => return Err(error),
            read => or_left_out(read.map(Some)),
        };
        let limit = or_left_out(self.number("nf_conntrack_max").map(Some));
        let sums = match self.stat.read().and_then(parse) {
            // Kernels may be built without this file.
            Err(CollectError::Absent { .. }) => Vec::new(),
            read => or_left_out(read.map(Some)).unwrap_or_default(),
        };
        let help = "Connections that are tracked.";
        page.add(Family::gauge("node_nf_conntrack_entries", help).with_known(&[], entries));
        let help = "The most connections that may be tracked.";
        page.add(Family::gauge("node_nf_conntrack_entries_limit", help).with_known(&[], limit));
        for (column, sum) in sums {
            let help =
                ["The column ", column, " of /proc/net/stat/nf_conntrack, of all CPUs."].concat();
            let name = ["node_nf_conntrack_stat_", column].concat();
            page.add(Family::gauge(name, help).with_known(&[], sum));
        }
        Ok(())
    }
}

/// The columns' sums over all CPUs; a line for each CPU, in hex, under a line of names. A sum is not known
/// where one CPU's number is not.
fn parse(text: Text<'_>) -> Result<Vec<(&'static str, Option<u64>)>, CollectError> {
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
    let cpus = text.rows_below(1, "expected a hex number for each name", |number, line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        (words.len() == names.len()).then_some((number, words))
    })?;
    let sum = |place: usize| {
        let mut numbers = cpus.iter().map(|(number, words)| text.hex(*number, words[place]));
        numbers.try_fold(0u64, |sum, number| Some(sum.saturating_add(number?)))
    };
    Ok(places.into_iter().map(|(column, place)| (column, sum(place))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown_with, tree};

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
        assert_eq!(sums, expected.map(|(column, sum)| (column, Some(sum))));
        for bad in ["", "a b\n1 2\n", "found new\n1\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_its_sum_and_a_broken_file_itself() {
        let dir = tree(&[
            ("sys/net/netfilter/nf_conntrack_count", "7\n"),
            ("sys/net/netfilter/nf_conntrack_max", "-1\n"),
            ("net/stat/nf_conntrack", "found drop\n1 2\nodd\n-3 4\n"),
        ]);
        let shown = |dir: &tempfile::TempDir| {
            shown_with(&ENTRY, dir.path(), &Options::default()).map(|(text, errors)| {
                let lines = text.lines().filter(|line| !line.starts_with('#'));
                (lines.map(str::to_owned).collect::<Vec<_>>(), errors)
            })
        };
        let lines = ["node_nf_conntrack_entries 7", "node_nf_conntrack_stat_drop 6"];
        assert_eq!(shown(&dir).unwrap(), (lines.map(str::to_owned).to_vec(), 3));
        std::fs::write(dir.path().join("net/stat/nf_conntrack"), "odd\n").unwrap();
        assert_eq!(shown(&dir).unwrap(), (vec![lines[0].to_owned()], 2));
        assert_eq!(shown(&tree(&[])), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
