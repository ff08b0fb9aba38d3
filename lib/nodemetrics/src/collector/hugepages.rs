//! `edctl_node_numa_hugepages`: huge pages of each size on each memory node, which node_exporter
//! shows for the default size only, from /sys/devices/system/node.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kept::Kept;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// Eight memory nodes with two sizes each.
const MOST_KEPT: usize = 48;

/// The file, and what it counts.
const STATES: [(&str, &str); 3] =
    [("nr_hugepages", "total"), ("free_hugepages", "free"), ("surplus_hugepages", "surplus")];

pub(super) const ENTRY: Entry = Entry {
    name: "hugepages",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/sys/devices/system/node",
    families: &[FamilyDoc::gauge("edctl_node_numa_hugepages", &["node", "size", "state"])],
    make: |host, _| Box::new(Hugepages::new(host)),
};

pub(super) struct Hugepages {
    dir: PathBuf,
    kept: Kept,
}

impl Hugepages {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("devices/system/node"), kept: Kept::new(MOST_KEPT) }
    }
}

impl Collector for Hugepages {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge(
            "edctl_node_numa_hugepages",
            "Huge pages of a size on a memory node: all, those that are free, and those beyond \
             what is configured.",
        );
        for (name, node) in sysfs::list_numbered(&self.dir, "node")? {
            let dir = self.dir.join(name).join("hugepages");
            let sizes = match sysfs::list(&dir) {
                // A kernel without huge pages.
                Err(CollectError::Absent { .. }) => continue,
                other => or_left_out(other.map(Some)).unwrap_or_default(),
            };
            for entry in &sizes {
                let Some(size) = entry.strip_prefix("hugepages-") else { continue };
                for (file, state) in STATES {
                    let pages = self.kept.number_if_any::<u64>(&dir.join(entry).join(file));
                    if let Some(pages) = or_left_out(pages) {
                        family.push(&[("node", &node), ("size", size), ("state", state)], pages);
                    }
                }
            }
        }
        self.kept.forget_unused();
        page.add(family);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::hugepages::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn each_size_of_each_node() {
        let dir = tree(&[
            ("devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "512\n"),
            ("devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "500\n"),
            ("devices/system/node/node0/hugepages/hugepages-2048kB/surplus_hugepages", "many\n"),
            ("devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "4\n"),
            ("devices/system/node/node2/cpulist", "\n"),
            ("devices/system/node/has_cpu", "0\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"edctl_node_numa_hugepages{node="0",size="2048kB",state="total"} 512"#,
                r#"edctl_node_numa_hugepages{node="0",size="2048kB",state="free"} 500"#,
                r#"edctl_node_numa_hugepages{node="1",size="1048576kB",state="total"} 4"#,
            ]
        );
        assert_eq!(errors, 1);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
