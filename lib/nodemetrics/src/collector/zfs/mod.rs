//! `node_zfs_*`: what ZFS counts, from /proc/spl/kstat/zfs.
//!
//! node_exporter shows nothing more where one file has a form that it does not expect; here only that
//! file is left out.

mod kstat;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use self::kstat::{Field, parse_dataset, parse_io, parse_named};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "zfs",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/spl/kstat/zfs",
    families: &[
        FamilyDoc::unknown("node_zfs_<field>", &[]),
        FamilyDoc::unknown("node_zfs_zpool_<field>", &["zpool"]),
        FamilyDoc::unknown("node_zfs_zpool_dataset_<field>", &["zpool", "dataset"]),
        FamilyDoc::gauge("node_zfs_zpool_state", &["zpool", "state"]),
    ],
    make: |host, _| Box::new(Zfs::new(host)),
};

/// The files of the whole module, and what their families' names begin with.
const FILES: [(&str, &str); 11] = [
    ("abdstats", "abd"),
    ("arcstats", "arc"),
    ("dbufstats", "dbuf"),
    ("dmu_tx", "dmu_tx"),
    ("dnodestats", "dnode"),
    ("fm", "fm"),
    ("vdev_cache_stats", "vdev_cache"),
    ("vdev_mirror_stats", "vdev_mirror"),
    ("xuio_stats", "xuio"),
    ("zfetchstats", "zfetch"),
    ("zil", "zil"),
];

const STATES: [&str; 7] =
    ["online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"];

pub(super) struct Zfs {
    dir: PathBuf,
    files: Vec<(KernelFile, &'static str)>,
}

impl Zfs {
    pub(super) fn new(host: &Host) -> Self {
        let dir = host.paths.procfs.join("spl/kstat/zfs");
        let files =
            FILES.iter().map(|(file, prefix)| (KernelFile::new(dir.join(file)), *prefix)).collect();
        Self { dir, files }
    }
}

impl Collector for Zfs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = sysfs::list(&self.dir)?;
        let mut families = Families::empty();
        for (file, prefix) in &mut self.files {
            let fields = or_nothing(file.read().and_then(parse_named));
            families.push(prefix, &[], fields.unwrap_or_default());
        }
        for name in &names {
            let dir = self.dir.join(name);
            if dir.is_dir() {
                families.push_pool(&dir, name);
            }
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    fields: BTreeMap<String, Family>,
    state: Family,
}

impl Families {
    fn empty() -> Self {
        let help = "1 for the state that the pool is in.";
        Self { fields: BTreeMap::new(), state: Family::gauge("node_zfs_zpool_state", help) }
    }

    fn push(&mut self, prefix: &str, labels: &[(&'static str, &str)], fields: Vec<Field>) {
        for (name, value) in fields {
            let full = format!("node_zfs_{prefix}_{}", name.replace('-', "_"));
            let family = self.fields.entry(full).or_insert_with_key(|full| {
                Family::unknown(full.clone(), format!("ZFS's statistic {name}."))
            });
            family.push(labels, value);
        }
    }

    fn push_pool(&mut self, dir: &Path, pool: &str) {
        let zpool = ("zpool", pool);
        let io = read(&dir.join("io"), parse_io);
        self.push("zpool", &[zpool], io.unwrap_or_default());
        let names = or_nothing(sysfs::list(dir)).unwrap_or_default();
        for name in names.iter().filter(|name| name.starts_with("objset-")) {
            if let Some((dataset, fields)) = read(&dir.join(name), parse_dataset) {
                self.push("zpool_dataset", &[zpool, ("dataset", &dataset)], fields);
            }
        }
        if let Some(found) = or_left_out(read_state(&dir.join("state"))) {
            for state in STATES {
                self.state.push(&[zpool, ("state", state)], state == found);
            }
        }
    }

    fn add_to(self, page: &mut Page) {
        self.fields.into_values().for_each(|family| page.add(family));
        page.add(self.state);
    }
}

fn read_state(path: &Path) -> Result<Option<&'static str>, CollectError> {
    let capitals = STATES.map(str::to_ascii_uppercase);
    let found = sysfs::one_of(path, &capitals.each_ref().map(String::as_str))?;
    Ok(found.and_then(|found| STATES.into_iter().find(|state| found.eq_ignore_ascii_case(state))))
}

/// A pool's file, which may come and go.
fn read<T>(path: &Path, parse: impl Fn(Text<'_>) -> Result<T, CollectError>) -> Option<T> {
    or_nothing(KernelFile::new(path.to_owned()).read().and_then(parse))
}

/// Not every version of ZFS has every file.
fn or_nothing<T>(read: Result<T, CollectError>) -> Option<T> {
    match read {
        Err(CollectError::Absent { .. }) => None,
        read => or_left_out(read.map(Some)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn the_module_and_its_pools() {
        let dir = tree(&[
            ("spl/kstat/zfs/arcstats", "9 1 0x01 2 96 1 2\nname type data\nhits 4 7\nl2-x 3 -1\n"),
            ("spl/kstat/zfs/fm", "nothing of ours\n"),
            ("spl/kstat/zfs/dbgmsg", "timestamp message\n"),
            ("spl/kstat/zfs/data/state", "DEGRADED\n"),
            ("spl/kstat/zfs/data/io", "5 3 0x00 1 80 1 2\nnread nwritten\n10 20\n"),
            (
                "spl/kstat/zfs/data/objset-0x1f",
                "31 1 0x01 7 2160 1 2\nname type data\ndataset_name 7 data/my jobs\nreads 4 5\n",
            ),
            ("spl/kstat/zfs/data/objset-0x20", "name type data\nreads 4 5\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 2);
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0")).collect();
        assert_eq!(
            lines,
            [
                "node_zfs_arc_hits 7",
                "node_zfs_arc_l2_x -1",
                r#"node_zfs_zpool_dataset_reads{zpool="data",dataset="data/my jobs"} 5"#,
                r#"node_zfs_zpool_nread{zpool="data"} 10"#,
                r#"node_zfs_zpool_nwritten{zpool="data"} 20"#,
                r#"node_zfs_zpool_state{zpool="data",state="degraded"} 1"#,
            ]
        );
        assert_eq!(text.matches("node_zfs_zpool_state{").count(), STATES.len());
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
