//! `node_ksmd_*`: pages of memory that were found to be the same and merged, from
//! /sys/kernel/mm/ksm.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// The file, the family and its help.
const GAUGES: [(&str, FamilyDoc, &str); 7] = [
    (
        "merge_across_nodes",
        FamilyDoc::gauge("node_ksmd_merge_across_nodes", &[]),
        "Whether pages of several memory nodes are merged.",
    ),
    ("pages_shared", FamilyDoc::gauge("node_ksmd_pages_shared", &[]), "Merged pages in use."),
    (
        "pages_sharing",
        FamilyDoc::gauge("node_ksmd_pages_sharing", &[]),
        "Pages saved by sharing the merged ones.",
    ),
    (
        "pages_to_scan",
        FamilyDoc::gauge("node_ksmd_pages_to_scan", &[]),
        "Pages looked at between two rests.",
    ),
    (
        "pages_unshared",
        FamilyDoc::gauge("node_ksmd_pages_unshared", &[]),
        "Pages that were looked at and have no twin.",
    ),
    (
        "pages_volatile",
        FamilyDoc::gauge("node_ksmd_pages_volatile", &[]),
        "Pages that change too often.",
    ),
    ("run", FamilyDoc::gauge("node_ksmd_run", &[]), "Whether it runs: 0 no, 1 yes, 2 undoes."),
];

pub(super) const ENTRY: Entry = Entry {
    name: "ksmd",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/sys/kernel/mm/ksm",
    families: &[
        GAUGES[0].1,
        GAUGES[1].1,
        GAUGES[2].1,
        GAUGES[3].1,
        GAUGES[4].1,
        GAUGES[5].1,
        GAUGES[6].1,
        FamilyDoc::counter("node_ksmd_full_scans_total", &[]),
        FamilyDoc::gauge("node_ksmd_general_profit_bytes", &[]),
        FamilyDoc::gauge("node_ksmd_sleep_seconds", &[]),
    ],
    make: |host, _| Box::new(Ksmd::new(host)),
};

pub(super) struct Ksmd {
    dir: PathBuf,
}

impl Ksmd {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("kernel/mm/ksm") }
    }
}

impl Collector for Ksmd {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        sysfs::list(&self.dir)?;
        for (file, doc, help) in GAUGES {
            let value = sysfs::number::<u64>(&self.dir.join(file));
            if let Some(value) = or_left_out(value) {
                page.add(Family::gauge(doc.name, help).with(&[], value));
            }
        }
        let scans = sysfs::number::<u64>(&self.dir.join("full_scans"));
        if let Some(scans) = or_left_out(scans) {
            let help = "How often all memory was looked through.";
            page.add(Family::counter("node_ksmd_full_scans_total", help).with(&[], scans));
        }
        // Below zero where the bookkeeping costs more than it saves.
        let profit = sysfs::number::<i64>(&self.dir.join("general_profit"));
        if let Some(profit) = or_left_out(profit) {
            let help = "Bytes saved, less those for the bookkeeping.";
            page.add(Family::gauge("node_ksmd_general_profit_bytes", help).with(&[], profit));
        }
        let sleep_ms = sysfs::number::<u64>(&self.dir.join("sleep_millisecs"));
        if let Some(sleep_ms) = or_left_out(sleep_ms) {
            let family = Family::gauge("node_ksmd_sleep_seconds", "How long it rests.");
            page.add(family.with(&[], sleep_ms as f64 / 1000.0));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::ksmd::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn what_is_there() {
        let dir = tree(&[
            ("kernel/mm/ksm/full_scans", "323\n"),
            ("kernel/mm/ksm/general_profit", "-5\n"),
            ("kernel/mm/ksm/sleep_millisecs", "20\n"),
            ("kernel/mm/ksm/run", "yes\n"),
            ("kernel/mm/ksm/pages_shared", "9223372036854775807\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                "node_ksmd_full_scans_total 323",
                "node_ksmd_general_profit_bytes -5",
                "node_ksmd_pages_shared 9223372036854775807",
                "node_ksmd_sleep_seconds 0.02",
            ]
        );
        assert_eq!(errors, 1);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
