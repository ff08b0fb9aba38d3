//! What udev knows of a disk, from its own file of each device, and whether the disk turns.

use std::collections::HashMap;
use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::collector::diskstats::disk::Disk;
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// Where a disk's number is printed, the best first; the last is all that virtual disks have.
const SERIALS: [&str; 3] = ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"];

/// A family, what it says, and the property that it shows of an ATA disk.
const ATA: [(&str, &str, &str); 3] = [
    ("node_disk_ata_write_cache", "Whether the disk has a write cache.", "ID_ATA_WRITE_CACHE"),
    (
        "node_disk_ata_write_cache_enabled",
        "Whether its write cache is in use.",
        "ID_ATA_WRITE_CACHE_ENABLED",
    ),
    (
        "node_disk_ata_rotation_rate_rpm",
        "How often it turns in a minute; 0 where it does not.",
        "ID_ATA_ROTATION_RATE_RPM",
    ),
];

pub(super) struct Udev {
    data: PathBuf,
    block: PathBuf,
    class: PathBuf,
}

impl Udev {
    pub(super) fn new(host: &Host) -> Self {
        let sysfs = &host.paths.sysfs;
        Self {
            data: host.paths.udev_data.clone(),
            block: sysfs.join("block"),
            class: sysfs.join("class/block"),
        }
    }

    /// Whether it turns; a partition is as its disk, in whose directory its own is. What the kernel does not
    /// say of is taken for one that does not, as node_exporter does.
    fn is_rotational(&self, device: &str) -> bool {
        let read = |path: PathBuf| or_left_out::<u64>(sysfs::number(&path));
        let of_disk = read(self.block.join(device).join("queue/rotational"));
        let of_partition = || read(self.class.join(device).join("../queue/rotational"));
        of_disk.or_else(of_partition) == Some(1)
    }

    /// Adds the families of what these disks are.
    pub(super) fn add(&self, disks: &[Disk<'_>], page: &mut Page) {
        let mut families = Families::empty();
        for disk in disks {
            let Some((major, minor)) = disk.number else { continue };
            let path = self.data.join(format!("b{major}:{minor}"));
            let mut file = KernelFile::new(path);
            let text = match file.read().map_err(CollectError::or_denied) {
                // A machine without udev, or a container.
                Err(CollectError::Absent { .. } | CollectError::Denied { .. }) => None,
                read => or_left_out(read.map(Some)),
            };
            let properties = text.map(Properties::parse).unwrap_or_default();
            let disk_labels = [
                ("device", disk.device),
                ("major", &*major.to_string()),
                ("minor", &*minor.to_string()),
            ];
            families.push_info(disk_labels, &properties, self.is_rotational(disk.device));
            families.push_layers(disk.device, &properties);
            families.push_ata(disk.device, &properties);
        }
        families.add_to(page);
    }
}

/// A device's properties by their names.
#[derive(Default)]
struct Properties<'a> {
    text: Option<Text<'a>>,
    /// The line that each stands in, and its value.
    by_name: HashMap<&'a str, (usize, &'a str)>,
}

impl<'a> Properties<'a> {
    /// Lines such as `E:ID_MODEL=QEMU_DISK`; others are not properties.
    fn parse(text: Text<'a>) -> Self {
        let property = |(number, line): (usize, &'a str)| {
            let (name, value) = line.strip_prefix("E:")?.split_once('=')?;
            Some((name, (number, value)))
        };
        Self { text: Some(text), by_name: text.lines().filter_map(property).collect() }
    }

    /// One property; empty where the device does not have it.
    fn get(&self, name: &str) -> &'a str {
        self.by_name.get(name).map_or("", |(_, value)| *value)
    }

    /// One that is a number.
    fn number(&self, name: &str) -> Option<u64> {
        let (line, value) = self.by_name.get(name)?;
        self.text?.number(*line, Some(value))
    }
}

struct Families {
    info: Family,
    filesystem: Family,
    mapper: Family,
    ata: Vec<Family>,
}

impl Families {
    fn empty() -> Self {
        Self {
            info: Family::gauge("node_disk_info", "1, and what the disk is."),
            filesystem: Family::gauge(
                "node_disk_filesystem_info",
                "1, and the file system or other content that was found on the disk.",
            ),
            mapper: Family::gauge(
                "node_disk_device_mapper_info",
                "1, and what the device mapper's device is.",
            ),
            ata: ATA.iter().map(|(name, help, _)| Family::gauge(*name, *help)).collect(),
        }
    }

    fn push_info(
        &mut self,
        [device, major, minor]: [(&'static str, &str); 3],
        properties: &Properties<'_>,
        is_rotational: bool,
    ) {
        let serials = SERIALS.iter().map(|name| properties.get(name));
        let serial = serials.into_iter().find(|serial| !serial.is_empty()).unwrap_or_default();
        let labels = [
            device,
            major,
            minor,
            ("path", properties.get("ID_PATH")),
            ("wwn", properties.get("ID_WWN")),
            ("model", properties.get("ID_MODEL")),
            ("serial", serial),
            ("revision", properties.get("ID_REVISION")),
            ("rotational", if is_rotational { "1" } else { "0" }),
        ];
        self.info.push(&labels, 1u64);
    }

    /// What lies on the device, and what it lies on.
    fn push_layers(&mut self, device: &str, properties: &Properties<'_>) {
        let get = |name| properties.get(name);
        if !get("ID_FS_TYPE").is_empty() {
            let labels = [
                ("device", device),
                ("type", get("ID_FS_TYPE")),
                ("usage", get("ID_FS_USAGE")),
                ("uuid", get("ID_FS_UUID")),
                ("version", get("ID_FS_VERSION")),
            ];
            self.filesystem.push(&labels, 1u64);
        }
        if !get("DM_NAME").is_empty() {
            let labels = [
                ("device", device),
                ("name", get("DM_NAME")),
                ("uuid", get("DM_UUID")),
                ("vg_name", get("DM_VG_NAME")),
                ("lv_name", get("DM_LV_NAME")),
                ("lv_layer", get("DM_LV_LAYER")),
            ];
            self.mapper.push(&labels, 1u64);
        }
    }

    fn push_ata(&mut self, device: &str, properties: &Properties<'_>) {
        if properties.get("ID_ATA").is_empty() {
            return;
        }
        for (family, (_, _, name)) in self.ata.iter_mut().zip(ATA) {
            family.push_known(&[("device", device)], properties.number(name));
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [self.info, self.filesystem, self.mapper].into_iter().chain(self.ata) {
            page.add(family);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::diskstats::ENTRY;
    use crate::options::Options;
    use crate::reading::sysfs::tests::{shown_with, tree};

    const DISKS: &str = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n253 1 dm-1 1 2 3 4 5 6 7 8 9 10 11\n\
                         254 0 vda 1 2 3 4 5 6 7 8 9 10 11\n";

    #[test]
    fn a_disk_a_volume_and_one_that_udev_does_not_know() {
        let dir = tree(&[
            ("diskstats", DISKS),
            ("block/sda/queue/rotational", "1\n"),
            ("block/vda/queue/rotational", "no\n"),
            (
                "b8:0",
                "S:disk/by-id/x\nE:ID_ATA=1\nE:ID_MODEL=M 1\nE:ID_SERIAL=long\n\
                 E:ID_SERIAL_SHORT=short\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_ROTATION_RATE_RPM=fast\n",
            ),
            ("b253:1", "E:DM_NAME=vg-a=b\nE:DM_VG_NAME=vg\nE:ID_FS_TYPE=xfs\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 2);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("_info{") || line.starts_with("node_disk_ata"))
            .collect();
        assert_eq!(
            lines,
            [
                r#"node_disk_ata_write_cache{device="sda"} 1"#,
                r#"node_disk_device_mapper_info{device="dm-1",name="vg-a=b",uuid="",vg_name="vg",lv_name="",lv_layer=""} 1"#,
                r#"node_disk_filesystem_info{device="dm-1",type="xfs",usage="",uuid="",version=""} 1"#,
                r#"node_disk_info{device="sda",major="8",minor="0",path="",wwn="",model="M 1",serial="short",revision="",rotational="1"} 1"#,
                r#"node_disk_info{device="dm-1",major="253",minor="1",path="",wwn="",model="",serial="",revision="",rotational="0"} 1"#,
                r#"node_disk_info{device="vda",major="254",minor="0",path="",wwn="",model="",serial="",revision="",rotational="0"} 1"#,
            ]
        );
    }

    #[test]
    fn a_partition_turns_as_its_disk_does() {
        let disks = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n179 1 mmcblk0p1 1 2 3 4 5 6 7 8 9 10 11\n";
        let dir = tree(&[
            ("diskstats", disks),
            ("block/sda/queue/rotational", "0\n"),
            ("block/mmcblk0/queue/rotational", "1\n"),
            ("block/mmcblk0/mmcblk0p1/size", "8\n"),
        ]);
        std::fs::create_dir_all(dir.path().join("class/block")).unwrap();
        let link = dir.path().join("class/block/mmcblk0p1");
        std::os::unix::fs::symlink("../../block/mmcblk0/mmcblk0p1", link).unwrap();
        let (text, _) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        for (device, turns) in [("sda", 0), ("mmcblk0p1", 1)] {
            let mut lines = text.lines().filter(|line| line.starts_with("node_disk_info{"));
            let line = lines.find(|line| line.contains(&format!("\"{device}\""))).unwrap();
            assert!(line.contains(&format!("rotational=\"{turns}\"")), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "((E:)?[A-Z_=]{0,20}\n|.{0,40}){0,6}") {
            let _ = Properties::parse(Text::of(&content)).get("ID_ATA");
        }
    }
}
