//! `node_md_*`: Linux's software RAIDs, from /proc/mdstat and /sys/block/md*/md.
//!
//! node_exporter shows no array at all where one has a form that it does not expect; here only that one
//! is left out. Of an array that is not running it says that it needs 0 disks; the kernel does not say
//! how many, and neither do we.

mod mdstat;

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use self::mdstat::{Array, parse};
use super::kernel_file::KernelFile;
use super::left_out::or_left_out;
use super::sysfs;
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "mdadm",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/mdstat, /sys/block/md*/md",
    families: &[
        FamilyDoc::gauge("node_md_state", &["device", "state"]),
        FamilyDoc::gauge("node_md_disks", &["device", "state"]),
        FamilyDoc::gauge("node_md_disks_required", &["device"]),
        FamilyDoc::gauge("node_md_blocks", &["device"]),
        FamilyDoc::gauge("node_md_blocks_synced", &["device"]),
        FamilyDoc::gauge("node_md_raid_disks", &["device"]),
        FamilyDoc::gauge("node_md_degraded", &["device"]),
    ],
    make: |host, _| Box::new(Mdadm::new(host)),
};

/// The states that are shown; an array that is in another has 0 in each.
const STATES: [&str; 5] = ["active", "inactive", "recovering", "resync", "check"];
/// The levels at which an array goes on without a disk; at the others none can be missing.
const REDUNDANT: [&str; 5] = ["raid1", "raid4", "raid5", "raid6", "raid10"];
/// What holds the disks of other arrays, and has no number of its own.
const CONTAINERS: [&str; 3] = ["container", "imsm", "ddf"];

pub(super) struct Mdadm {
    mdstat: KernelFile,
    block: PathBuf,
}

impl Mdadm {
    pub(super) fn new(host: &Host) -> Self {
        Self {
            mdstat: KernelFile::new(host.paths.procfs.join("mdstat")),
            block: host.paths.sysfs.join("block"),
        }
    }
}

impl Collector for Mdadm {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = Families::empty();
        for array in parse(self.mdstat.read()?) {
            if let Some(array) = or_left_out(array.map(Some)) {
                families.push_array(&array);
            }
        }
        let devices = sysfs::list(&self.block).map(Some);
        for device in or_left_out(devices).unwrap_or_default() {
            if device.starts_with("md") {
                families.push_device(&self.block.join(&device).join("md"), &device, page);
            }
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    state: Family,
    disks: Family,
    required: Family,
    blocks: Family,
    synced: Family,
    raid_disks: Family,
    degraded: Family,
}

impl Families {
    fn empty() -> Self {
        Self {
            state: Family::gauge("node_md_state", "1 for the state that the array is in."),
            disks: Family::gauge("node_md_disks", "The array's disks, by what they do."),
            required: Family::gauge("node_md_disks_required", "Disks that the array should have."),
            blocks: Family::gauge("node_md_blocks", "The array's size in blocks of 1 KiB."),
            synced: Family::gauge(
                "node_md_blocks_synced",
                "Blocks that are in sync; while that is being done, those of one disk.",
            ),
            raid_disks: Family::gauge(
                "node_md_raid_disks",
                "Disks of the array when it is complete.",
            ),
            degraded: Family::gauge("node_md_degraded", "Disks by which the array is incomplete."),
        }
    }

    fn push_array(&mut self, array: &Array<'_>) {
        let device = ("device", array.name);
        for state in STATES {
            self.state.push(&[device, ("state", state)], array.state == state);
        }
        let disks = &array.disks;
        for (state, count) in
            [("active", disks.active), ("failed", Some(disks.failed)), ("spare", Some(disks.spare))]
        {
            if let Some(count) = count {
                self.disks.push(&[device, ("state", state)], count);
            }
        }
        for (family, value) in [
            (&mut self.required, disks.required),
            (&mut self.blocks, Some(array.blocks)),
            (&mut self.synced, array.synced),
        ] {
            if let Some(value) = value {
                family.push(&[device], value);
            }
        }
    }

    fn push_device(&mut self, dir: &Path, device: &str, page: &mut Page) {
        let level = or_left_out(sysfs::text(&dir.join("level")));
        let Some(level) = level.filter(|level| !level.is_empty()) else { return };
        // The name of the kernel's module for it.
        if !level.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return page.error(ENTRY.name, "parse");
        }
        let is_in = |levels: &[&str]| levels.contains(&level.as_str());
        let raid_disks = match is_in(&CONTAINERS) {
            true => None,
            false => or_left_out(read_raid_disks(&dir.join("raid_disks"))),
        };
        let degraded = match is_in(&REDUNDANT) {
            true => or_left_out(sysfs::number(&dir.join("degraded"))),
            false => Some(0),
        };
        for (family, value) in [(&mut self.raid_disks, raid_disks), (&mut self.degraded, degraded)]
        {
            if let Some::<u64>(value) = value {
                family.push(&[("device", device)], value);
            }
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.state,
            self.disks,
            self.required,
            self.blocks,
            self.synced,
            self.raid_disks,
            self.degraded,
        ] {
            page.add(family);
        }
    }
}

/// While the number changes, the old one stands behind the new: `11 (10)`.
fn read_raid_disks(path: &Path) -> Result<Option<u64>, CollectError> {
    let text = sysfs::text(path)?.filter(|text| !text.is_empty());
    let wrong =
        || CollectError::Parse { path: path.to_owned(), line: 1, expected: "expected disks" };
    text.map(|text| text.split(' ').next().and_then(|now| now.parse().ok()).ok_or_else(wrong))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::super::sysfs::tests::{shown, shown_with, tree};
    use super::super::{Options, State};
    use super::*;

    const MDSTAT: &str = "md4 : active raid1 sdb[1](F) sda[0]\n      1000 blocks [2/1] [U_]\n\n";

    #[test]
    fn an_array_in_proc_and_in_sys() {
        let dir = tree(&[
            ("mdstat", MDSTAT),
            ("block/sda/size", "8"),
            ("block/md4/md/level", "raid1\n"),
            ("block/md4/md/raid_disks", "3 (2)\n"),
            ("block/md4/md/degraded", "1\n"),
            ("block/md5/md/level", "raid0\n"),
            ("block/md5/md/raid_disks", "4\n"),
            ("block/md127/md/level", "container\n"),
            ("block/md127/md/raid_disks", "0\n"),
            ("block/md6/md/level", "raid5\n"),
            ("block/md6/md/raid_disks", "three\n"),
            ("block/md6/md/degraded", "many\n"),
            ("block/md7/md/level", "\n"),
            ("block/md7/md/raid_disks", "0\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 2);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_md_blocks{device="md4"} 1000"#,
                r#"node_md_blocks_synced{device="md4"} 1000"#,
                r#"node_md_degraded{device="md127"} 0"#,
                r#"node_md_degraded{device="md4"} 1"#,
                r#"node_md_degraded{device="md5"} 0"#,
                r#"node_md_disks{device="md4",state="active"} 1"#,
                r#"node_md_disks{device="md4",state="failed"} 1"#,
                r#"node_md_disks{device="md4",state="spare"} 0"#,
                r#"node_md_disks_required{device="md4"} 2"#,
                r#"node_md_raid_disks{device="md4"} 3"#,
                r#"node_md_raid_disks{device="md5"} 4"#,
                r#"node_md_state{device="md4",state="active"} 1"#,
                r#"node_md_state{device="md4",state="inactive"} 0"#,
                r#"node_md_state{device="md4",state="recovering"} 0"#,
                r#"node_md_state{device="md4",state="resync"} 0"#,
                r#"node_md_state{device="md4",state="check"} 0"#,
            ]
        );
    }

    #[test]
    fn no_arrays_and_none_that_can_be() {
        let dir =
            tree(&[("mdstat", "Personalities : \nunused devices: <none>\n"), ("block/x", "")]);
        assert_eq!(shown(&ENTRY, dir.path()).unwrap(), "");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        let dir = tree(&[("mdstat", "\u{0}\u{1}"), ("block/x", "")]);
        assert_eq!(shown_with(&ENTRY, dir.path(), &Options::default()).unwrap().1, 1);
    }
}
