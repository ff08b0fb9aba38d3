//! `node_dmi_info`: what the firmware says of the machine, from /sys/class/dmi/id.
//!
//! It does not change until the next boot and is therefore read once.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// The labels, each with its file where that has another name.
const LABELS: [(&str, &str); 20] = [
    ("bios_date", "bios_date"),
    ("bios_release", "bios_release"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("product_family", "product_family"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_sku", "product_sku"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

pub(super) const ENTRY: Entry = Entry {
    name: "dmi",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/class/dmi/id",
    families: &[FamilyDoc::gauge(
        "node_dmi_info",
        &[
            "bios_date?",
            "bios_release?",
            "bios_vendor?",
            "bios_version?",
            "board_asset_tag?",
            "board_name?",
            "board_serial?",
            "board_vendor?",
            "board_version?",
            "chassis_asset_tag?",
            "chassis_serial?",
            "chassis_vendor?",
            "chassis_version?",
            "product_family?",
            "product_name?",
            "product_serial?",
            "product_sku?",
            "product_uuid?",
            "product_version?",
            "system_vendor?",
        ],
    )],
    make: |host, _| Box::new(Dmi::new(host)),
};

pub(super) struct Dmi {
    dir: PathBuf,
    known: Vec<(&'static str, String)>,
}

impl Dmi {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/dmi/id"), known: Vec::new() }
    }
}

impl Collector for Dmi {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        if self.known.is_empty() {
            self.known = read(&self.dir)?;
        }
        if self.known.is_empty() {
            return Err(CollectError::Absent { path: self.dir.join("*") });
        }
        let labels: Vec<(&str, &str)> =
            self.known.iter().map(|(label, value)| (*label, value.as_str())).collect();
        page.add(Family::gauge("node_dmi_info", "What the firmware says.").with(&labels, 1u64));
        Ok(())
    }
}

/// The labels that have a value; serial numbers are for root only.
fn read(dir: &Path) -> Result<Vec<(&'static str, String)>, CollectError> {
    sysfs::list(dir)?;
    let read_one = |(label, file): (&'static str, &str)| {
        let value = or_left_out(sysfs::text(&dir.join(file)))?;
        Some((label, value))
    };
    Ok(LABELS.into_iter().filter_map(read_one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::dmi::sysfs::tests::{put, shown, tree};
    use crate::reading::error::State;

    #[test]
    fn what_is_there_is_a_label() {
        let dir = tree(&[
            ("class/dmi/id/sys_vendor", "Dell Inc.\n"),
            ("class/dmi/id/product_name", "PowerEdge R6515\n"),
            ("class/dmi/id/board_serial", "\n"),
            ("class/dmi/id/chassis_type", "23\n"),
        ]);
        let labels =
            r#"{board_serial="",product_name="PowerEdge R6515",system_vendor="Dell Inc."}"#;
        assert_eq!(
            shown(&ENTRY, dir.path()).unwrap(),
            format!("# TYPE node_dmi_info gauge\nnode_dmi_info{labels} 1\n")
        );
        put(dir.path(), "class/dmi/id/product_name", b"\xff\xfe\"x\n");
        assert!(
            shown(&ENTRY, dir.path()).unwrap().contains("product_name=\"\u{fffd}\u{fffd}\\\"x\"")
        );
    }

    #[test]
    fn a_machine_without_dmi_is_no_error() {
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        assert_eq!(shown(&ENTRY, tree(&[("class/dmi/id/uevent", "")]).path()), Err(State::Absent));
    }
}
