//! `node_md_*`: Linux's software RAIDs, from /proc/mdstat and /sys/block/md*/md.
//!
//! node_exporter shows no array at all where one has a form that it does not expect; here only that one
//! is left out. Of an array that is not running it says that it needs 0 disks; the kernel does not say
//! how many, and neither do we.

mod mdstat;

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use self::mdstat::{Array, RESHAPING, parse};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::KernelFile;
use crate::reading::left_out::or_left_out;
use crate::reading::number::Number;
use crate::reading::{left_out, sysfs};

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

/// The states that are shown of every array, as node_exporter does; one that is being reshaped, which has 0 in
/// each of them there, has its own here.
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
        match self.mdstat.read() {
            Ok(text) => parse(text).iter().for_each(|array| families.push_array(array)),
            // A kernel without software RAIDs.
            Err(error @ CollectError::Absent { .. }) => return Err(error),
            Err(error) => left_out::note(error),
        }
        let devices = sysfs::list(&self.block).map(Some);
        for device in or_left_out(devices).unwrap_or_default() {
            if device.starts_with("md") {
                families.push_device(&self.block.join(&device).join("md"), &device);
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
        if let Some(now) = array.state {
            let reshaping = (now == RESHAPING).then_some(RESHAPING);
            for state in STATES.into_iter().chain(reshaping) {
                self.state.push(&[device, ("state", state)], now == state);
            }
        }
        let disks = &array.disks;
        for (state, count) in
            [("active", disks.active), ("failed", Some(disks.failed)), ("spare", Some(disks.spare))]
        {
            self.disks.push_known(&[device, ("state", state)], count);
        }
        for (family, value) in [
            (&mut self.required, disks.required),
            (&mut self.blocks, array.blocks),
            (&mut self.synced, array.synced),
        ] {
            family.push_known(&[device], value);
        }
    }

    fn push_device(&mut self, dir: &Path, device: &str) {
        let level = or_left_out(sysfs::text(&dir.join("level")));
        let Some(level) = level.filter(|level| !level.is_empty()) else { return };
        let is_in = |levels: &[&str]| levels.contains(&level.as_str());
        let raid_disks = match is_in(&CONTAINERS) {
            true => None,
            false => read_raid_disks(&dir.join("raid_disks")),
        };
        let degraded = match sysfs::number(&dir.join("degraded")) {
            // At another level the kernel has no such file.
            Ok(None) if !is_in(&REDUNDANT) => Some(0),
            degraded => or_left_out(degraded),
        };
        for (family, value) in [(&mut self.raid_disks, raid_disks), (&mut self.degraded, degraded)]
        {
            family.push_known(&[("device", device)], value);
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
fn read_raid_disks(path: &Path) -> Option<u64> {
    let disks = sysfs::parsed(path, "expected a number of disks", |text| {
        let now = text.split(' ').next().filter(|now| !now.is_empty());
        now.map_or(Some(None), |now| u64::take(now).map(Some))
    });
    disks.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

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
    fn an_array_that_is_reshaped_is_in_that_state_and_one_of_an_unknown_state_in_none() {
        let mdstat = "md4 : active raid5 sdb[1] sda[0]\n  1000 blocks [2/2] [UU]\n  \
                      [>...]  reshape =  0.1% (1/1000) finish=1.0min speed=1K/sec\n\
                      md5 : clean raid1 sdc[0]\n  9 blocks [1/1] [U]\n";
        let dir = tree(&[("mdstat", mdstat), ("block/x", "")]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let at_1: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("node_md_state{") && line.ends_with(" 1"))
            .collect();
        assert_eq!(at_1, [r#"node_md_state{device="md4",state="reshaping"} 1"#]);
        assert!(text.contains("node_md_blocks{device=\"md5\"} 9\n"), "{text}");
        assert!(!text.contains("node_md_state{device=\"md5\""), "{text}");
        assert_eq!(errors, 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_hides_not_the_other() {
        let dir = tree(&[
            ("mdstat/is_no_file", ""),
            ("block/md4/md/level", "raid1\n"),
            ("block/md4/md/degraded", "1\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert!(text.contains("node_md_degraded{device=\"md4\"} 1\n"), "{text}");
        assert_eq!(errors, 1);
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
