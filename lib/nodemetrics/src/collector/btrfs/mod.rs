//! `node_btrfs_*`: what each mounted btrfs has allocated, committed and lost, from /sys/fs/btrfs.
//!
//! As root node_exporter asks btrfs itself, by ioctl; here sysfs only is read. So a device's size is the
//! whole block device's, as there for other users, how much of it is unused is absent, and its errors
//! have the label `devid`: sysfs does not say which device it is unless there is only one. The kernel
//! tells of errors since 5.14 and of commits since 6.0; node_exporter shows 0 commits before.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page, Value};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{left_out, sysfs};

const UUID: &[&str] = &["uuid"];
const PROFILE: &[&str] = &["uuid", "block_group_type", "mode"];

pub(super) const ENTRY: Entry = Entry {
    name: "btrfs",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/sys/fs/btrfs",
    families: &[
        FamilyDoc::gauge("node_btrfs_info", &["uuid", "label"]),
        FamilyDoc::gauge("node_btrfs_global_rsv_size_bytes", UUID),
        FamilyDoc::counter("node_btrfs_commits_total", UUID),
        FamilyDoc::gauge("node_btrfs_last_commit_seconds", UUID),
        FamilyDoc::gauge("node_btrfs_max_commit_seconds", UUID),
        FamilyDoc::counter("node_btrfs_commit_seconds_total", UUID),
        FamilyDoc::gauge("node_btrfs_reserved_bytes", &["uuid", "block_group_type"]),
        FamilyDoc::gauge("node_btrfs_used_bytes", PROFILE),
        FamilyDoc::gauge("node_btrfs_size_bytes", PROFILE),
        FamilyDoc::gauge("node_btrfs_allocation_ratio", PROFILE),
        FamilyDoc::gauge("node_btrfs_device_size_bytes", &["uuid", "device"]),
        FamilyDoc::counter("node_btrfs_device_errors_total", &["uuid", "device?", "devid", "type"]),
    ],
    make: |host, _| Box::new(Btrfs::new(host)),
};

const SECTOR_BYTES: u64 = 512;
const GROUPS: [&str; 3] = ["data", "metadata", "system"];

pub(super) struct Btrfs {
    dir: PathBuf,
}

impl Btrfs {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("fs/btrfs") }
    }
}

impl Collector for Btrfs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        // Beside the file systems, which have the names of their UUIDs, is what btrfs can do.
        for name in sysfs::list(&self.dir)?.iter().filter(|name| name.contains('-')) {
            let dir = self.dir.join(name);
            let uuid = or_left_out(sysfs::text(&dir.join("metadata_uuid")));
            let uuid = uuid.filter(|uuid| !uuid.is_empty());
            Filesystem { dir: &dir, uuid: uuid.as_deref().unwrap_or(name) }.add(page);
        }
        Ok(())
    }
}

/// One of the mounted file systems.
struct Filesystem<'a> {
    dir: &'a Path,
    uuid: &'a str,
}

impl Filesystem<'_> {
    fn add(&self, page: &mut Page) {
        let uuid = ("uuid", self.uuid);
        let label = or_left_out(sysfs::text(&self.dir.join("label")));
        let labels = [uuid, ("label", &label.unwrap_or_default())];
        page.add(Family::gauge("node_btrfs_info", "1, and what it is called.").with(&labels, 1u64));
        if let Some(size) = self.number("allocation/global_rsv_size") {
            let help = "What is kept for emergencies.";
            page.add(Family::gauge("node_btrfs_global_rsv_size_bytes", help).with(&[uuid], size));
        }
        self.add_commits(page);
        let devices = self.list("devices");
        for group in GROUPS {
            self.add_group(group, devices.len(), page);
        }
        self.add_devices(&devices, page);
        self.add_errors(&devices, page);
    }

    fn add_commits(&self, page: &mut Page) {
        for (name, value) in self.fields("commit_stats") {
            let seconds = Value::F64(value as f64 / 1000.0);
            let (family, value) = match name.as_str() {
                "commits" => {
                    let help = "Transactions that were committed.";
                    (Family::counter("node_btrfs_commits_total", help), Value::U64(value))
                }
                "last_commit_ms" => {
                    let help = "How long the last commit took.";
                    (Family::gauge("node_btrfs_last_commit_seconds", help), seconds)
                }
                "max_commit_ms" => {
                    let help = "How long the longest commit took.";
                    (Family::gauge("node_btrfs_max_commit_seconds", help), seconds)
                }
                "total_commit_ms" => {
                    let help = "How long all commits took.";
                    (Family::counter("node_btrfs_commit_seconds_total", help), seconds)
                }
                _ => continue,
            };
            page.add(family.with(&[("uuid", self.uuid)], value));
        }
    }

    fn add_group(&self, group: &str, devices: usize, page: &mut Page) {
        let dir = format!("allocation/{group}");
        let labels = [("uuid", self.uuid), ("block_group_type", group)];
        if let Some(bytes) = self.number(&format!("{dir}/bytes_reserved")) {
            let help = "What is reserved for writes that are under way.";
            page.add(Family::gauge("node_btrfs_reserved_bytes", help).with(&labels, bytes));
        }
        for mode in self.list(&dir) {
            // Beside the modes' directories there are files.
            let path = self.dir.join(&dir).join(&mode);
            if !path.is_dir() {
                continue;
            }
            let ratio = ratio(&mode, devices);
            if ratio.is_none() {
                let expected = "expected a mode of allocation that is known, and its devices";
                left_out::note_attribute(path, expected);
            }
            let labels = [labels[0], labels[1], ("mode", &mode)];
            let help = "How many bytes of disk one byte takes.";
            page.add(Family::gauge("node_btrfs_allocation_ratio", help).with_known(&labels, ratio));
            for (file, name, help) in [
                ("used_bytes", "node_btrfs_used_bytes", "What is used of the allocated space."),
                ("total_bytes", "node_btrfs_size_bytes", "The allocated space."),
            ] {
                if let Some(bytes) = self.number(&format!("{dir}/{mode}/{file}")) {
                    page.add(Family::gauge(name, help).with(&labels, bytes));
                }
            }
        }
    }

    fn add_devices(&self, devices: &[String], page: &mut Page) {
        let mut family = Family::gauge("node_btrfs_device_size_bytes", "The device's size.");
        for device in devices {
            let sectors = self.number(&format!("devices/{device}/size"));
            let bytes = sectors.map(|sectors| sectors.saturating_mul(SECTOR_BYTES));
            family.push_known(&[("uuid", self.uuid), ("device", device)], bytes);
        }
        page.add(family);
    }

    fn add_errors(&self, devices: &[String], page: &mut Page) {
        let help = "Errors of the device that btrfs met; the kernel keeps them over reboots.";
        let mut family = Family::counter("node_btrfs_device_errors_total", help);
        let ids = self.list("devinfo");
        for id in &ids {
            let mut labels = vec![("uuid", self.uuid)];
            if let ([device], [_]) = (devices, ids.as_slice()) {
                labels.push(("device", device));
            }
            labels.push(("devid", id));
            // `invalid` where they were not read from the disk yet.
            for (name, value) in self.fields(&format!("devinfo/{id}/error_stats")) {
                let kind = name.strip_suffix("_errs").unwrap_or(&name);
                family.push(&[&labels[..], &[("type", kind)]].concat(), value);
            }
        }
        page.add(family);
    }

    fn number(&self, file: &str) -> Option<u64> {
        or_left_out(sysfs::number(&self.dir.join(file)))
    }

    /// A file's lines of a name and a number; a line of one word is passed over.
    fn fields(&self, file: &str) -> Vec<(String, u64)> {
        let fields = sysfs::parsed_lines(&self.dir.join(file), |text| {
            let field = |(number, line): (usize, &str)| {
                let (name, value) = line.trim().split_once(' ')?;
                Some((name.to_owned(), text.number(number, Some(value.trim()))?))
            };
            Ok(text.lines().filter_map(field).collect())
        });
        fields.unwrap_or_default()
    }

    /// The names in a directory; nothing where it is absent: not every kernel has each.
    fn list(&self, dir: &str) -> Vec<String> {
        match sysfs::list(&self.dir.join(dir)) {
            Err(CollectError::Absent { .. }) => Vec::new(),
            listed => or_left_out(listed.map(Some)).unwrap_or_default(),
        }
    }
}

/// How many bytes of disk one byte takes; none where it is not a mode of allocation, or one that so few
/// devices cannot have.
fn ratio(mode: &str, devices: usize) -> Option<f64> {
    let without = |parity: usize| {
        let data = devices.checked_sub(parity).filter(|data| *data > 0)?;
        Some(devices as f64 / data as f64)
    };
    match mode {
        "single" | "raid0" => Some(1.0),
        "dup" | "raid1" | "raid10" => Some(2.0),
        "raid1c3" => Some(3.0),
        "raid1c4" => Some(4.0),
        "raid5" => without(1),
        "raid6" => without(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
