//! `node_dmmultipath_*`: disks that are reached over several paths, from /sys/block/dm-*.
//!
//! With a path whose state cannot be read there are no counts of active and of failed paths; node_exporter
//! shows no disk at all then.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

const DEVICE: &[&str] = &["device", "sysfs_name"];

pub(super) const ENTRY: Entry = Entry {
    name: "dmmultipath",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/block",
    families: &[
        FamilyDoc::gauge("node_dmmultipath_device_info", &["device", "sysfs_name", "uuid"]),
        FamilyDoc::gauge("node_dmmultipath_device_active", DEVICE),
        FamilyDoc::gauge("node_dmmultipath_device_size_bytes", DEVICE),
        FamilyDoc::gauge("node_dmmultipath_device_paths", DEVICE),
        FamilyDoc::gauge("node_dmmultipath_device_paths_active", DEVICE),
        FamilyDoc::gauge("node_dmmultipath_device_paths_failed", DEVICE),
        FamilyDoc::gauge("node_dmmultipath_path_state", &["device", "path", "state"]),
    ],
    make: |host, _| Box::new(DmMultipath::new(host)),
};

const SECTOR_BYTES: u64 = 512;
/// What the states of good paths are called: SCSI's, and NVMe's.
const ACTIVE: [&str; 2] = ["running", "live"];

pub(super) struct DmMultipath {
    block: PathBuf,
}

impl DmMultipath {
    pub(super) fn new(host: &Host) -> Self {
        Self { block: host.paths.sysfs.join("block") }
    }
}

impl Collector for DmMultipath {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = Families::empty();
        let mut has_any = false;
        for name in sysfs::list(&self.block)?.iter().filter(|name| name.starts_with("dm-")) {
            let uuid = sysfs::text(&self.block.join(name).join("dm/uuid"));
            let uuid = or_left_out(uuid);
            if let Some(uuid) = uuid.filter(|uuid| uuid.starts_with("mpath-")) {
                families.push_device(&self.block, name, &uuid);
                has_any = true;
            }
        }
        if !has_any {
            return Err(CollectError::Absent { path: self.block.join("dm-*") });
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    info: Family,
    active: Family,
    size: Family,
    paths: Family,
    paths_active: Family,
    paths_failed: Family,
    state: Family,
}

impl Families {
    fn empty() -> Self {
        let gauge = |name: &'static str, help: &'static str| Family::gauge(name, help);
        Self {
            info: gauge("node_dmmultipath_device_info", "1, and what the device is."),
            active: gauge(
                "node_dmmultipath_device_active",
                "Whether the device takes requests and is not suspended.",
            ),
            size: gauge("node_dmmultipath_device_size_bytes", "The device's size."),
            paths: gauge("node_dmmultipath_device_paths", "Paths that lead to the device."),
            paths_active: gauge("node_dmmultipath_device_paths_active", "Those that are good."),
            paths_failed: gauge("node_dmmultipath_device_paths_failed", "Those that are not."),
            state: gauge("node_dmmultipath_path_state", "1, and the state of the path's disk."),
        }
    }

    fn push_device(&mut self, block: &Path, sysfs_name: &str, uuid: &str) {
        let dir = block.join(sysfs_name);
        let Some(name) = or_left_out(sysfs::text(&dir.join("dm/name"))) else {
            return;
        };
        let labels = [("device", name.as_str()), ("sysfs_name", sysfs_name)];
        self.info.push(&[labels[0], labels[1], ("uuid", uuid)], 1u64);
        let number = |file: &str| or_left_out(sysfs::number(&dir.join(file)));
        if let Some::<u64>(suspended) = number("dm/suspended") {
            self.active.push(&labels, suspended == 0);
        }
        let bytes = number("size").and_then(|sectors| sectors.checked_mul(SECTOR_BYTES));
        if let Some(bytes) = bytes {
            self.size.push(&labels, bytes);
        }
        if let Some(paths) = or_left_out(read_paths(&dir)) {
            self.push_paths(block, &labels, &paths);
        }
    }

    fn push_paths(&mut self, block: &Path, device: &[(&'static str, &str); 2], paths: &[String]) {
        let (mut active, mut failed, mut are_known) = (0u64, 0u64, true);
        for path in paths {
            let state = sysfs::text(&block.join(path).join("device/state"));
            let state = state.map(|state| state.filter(|state| is_word(state)));
            let Some(state) = or_left_out(state) else {
                are_known = false;
                continue;
            };
            *if ACTIVE.contains(&state.as_str()) { &mut active } else { &mut failed } += 1;
            self.state.push(&[device[0], ("path", path), ("state", &state)], 1u64);
        }
        self.paths.push(device, paths.len() as u64);
        if are_known {
            self.paths_active.push(device, active);
            self.paths_failed.push(device, failed);
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.info,
            self.active,
            self.size,
            self.paths,
            self.paths_active,
            self.paths_failed,
            self.state,
        ] {
            page.add(family);
        }
    }
}

/// The disks under a device; a device without the directory has just gone.
fn read_paths(dir: &Path) -> Result<Option<Vec<String>>, CollectError> {
    match sysfs::list(&dir.join("slaves")) {
        Err(CollectError::Absent { .. }) => Ok(None),
        paths => paths.map(Some),
    }
}

/// Whether this may be a state: drivers have words of their own.
fn is_word(state: &str) -> bool {
    !state.is_empty() && state.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

    #[test]
    fn a_disk_with_a_good_a_bad_and_an_unknown_path_and_a_volume() {
        let dir = tree(&[
            ("block/dm-0/dm/uuid", "LVM-x\n"),
            ("block/dm-1/dm/uuid", "mpath-36\n"),
            ("block/dm-1/dm/name", "mpathb\n"),
            ("block/dm-1/dm/suspended", "1\n"),
            ("block/dm-1/size", "x\n"),
            ("block/dm-1/slaves/sda/size", ""),
            ("block/dm-1/slaves/sdb/size", ""),
            ("block/dm-1/slaves/sdc/size", ""),
            ("block/sda/device/state", "running\n"),
            ("block/sdb/device/state", "transport-offline\n"),
            ("block/dm-2/dm/uuid", "mpath-37\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_dmmultipath_device_active{device="mpathb",sysfs_name="dm-1"} 0"#,
                r#"node_dmmultipath_device_info{device="mpathb",sysfs_name="dm-1",uuid="mpath-36"} 1"#,
                r#"node_dmmultipath_device_paths{device="mpathb",sysfs_name="dm-1"} 3"#,
                r#"node_dmmultipath_path_state{device="mpathb",path="sda",state="running"} 1"#,
                r#"node_dmmultipath_path_state{device="mpathb",path="sdb",state="transport-offline"} 1"#,
            ]
        );
        put(dir.path(), "block/sdc/device/state", b"offline\n");
        let text = shown(&ENTRY, dir.path()).unwrap();
        for counted in [
            "paths_active{device=\"mpathb\",sysfs_name=\"dm-1\"} 1",
            "paths_failed{device=\"mpathb\",sysfs_name=\"dm-1\"} 2",
        ] {
            assert!(text.contains(counted), "{text}");
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        let volume = tree(&[("block/dm-0/dm/uuid", "LVM-x\n"), ("block/sda/size", "8\n")]);
        assert_eq!(shown(&ENTRY, volume.path()), Err(State::Absent));
    }
}
