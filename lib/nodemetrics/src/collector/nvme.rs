//! `node_nvme_*`: NVMe controllers and their namespaces, from /sys/class/nvme.
//!
//! node_exporter takes the size for blocks of the namespace's own size, though the kernel tells it in
//! sectors of 512 bytes; it shows nothing at all on kernels before 6.8, which do not tell how much is
//! used; and it does not see the namespaces of a controller that shares them with others
//! (`nvme0c0n1`), the only ones that have a state. The label `nsid` is the number in the namespace's
//! name, as there.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// The unit of a block device's size, whatever its blocks are.
const SECTOR_BYTES: u64 = 512;

const NAMESPACE: &[&str] = &["device", "nsid"];

pub(super) const ENTRY: Entry = Entry {
    name: "nvme",
    preset: Preset::On,
    // Asks the device how much of a namespace is used.
    runs: Runs::ApartIfAny("class/nvme"),
    reads: "/sys/class/nvme",
    families: &[
        FamilyDoc::gauge(
            "node_nvme_info",
            &["device", "firmware_revision", "model", "serial", "state", "cntlid"],
        ),
        FamilyDoc::gauge("node_nvme_namespace_info", &["device", "nsid", "ana_state"]),
        FamilyDoc::gauge("node_nvme_namespace_capacity_bytes", NAMESPACE),
        FamilyDoc::gauge("node_nvme_namespace_size_bytes", NAMESPACE),
        FamilyDoc::gauge("node_nvme_namespace_used_bytes", NAMESPACE),
        FamilyDoc::gauge("node_nvme_namespace_logical_block_size_bytes", NAMESPACE),
    ],
    make: |host, _| Box::new(Nvme::new(host)),
};

pub(super) struct Nvme {
    dir: PathBuf,
}

impl Nvme {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/nvme") }
    }
}

impl Collector for Nvme {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = Families::empty();
        for device in sysfs::list(&self.dir)? {
            families.push_device(&self.dir.join(&device), &device);
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    info: Family,
    namespace: Family,
    capacity: Family,
    size: Family,
    used: Family,
    block: Family,
}

impl Families {
    fn empty() -> Self {
        Self {
            info: Family::gauge("node_nvme_info", "1, and what the controller is."),
            namespace: Family::gauge(
                "node_nvme_namespace_info",
                "1, and whether this is a good way to the namespace.",
            ),
            capacity: Family::gauge(
                "node_nvme_namespace_capacity_bytes",
                "What the namespace can hold; the kernel tells its size only.",
            ),
            size: Family::gauge("node_nvme_namespace_size_bytes", "The namespace's size."),
            used: Family::gauge(
                "node_nvme_namespace_used_bytes",
                "What the device has given of the namespace to data.",
            ),
            block: Family::gauge(
                "node_nvme_namespace_logical_block_size_bytes",
                "The size of the namespace's blocks.",
            ),
        }
    }

    fn push_device(&mut self, dir: &Path, device: &str) {
        let text = |file: &str| or_left_out(sysfs::text(&dir.join(file))).unwrap_or_default();
        let labels = [
            ("device", device),
            ("firmware_revision", &text("firmware_rev")),
            ("model", &text("model")),
            ("serial", &text("serial")),
            ("state", &text("state")),
            ("cntlid", &text("cntlid")),
        ];
        self.info.push(&labels, 1u64);
        let names = or_left_out(sysfs::list(dir).map(Some)).unwrap_or_default();
        for name in &names {
            if let Some(nsid) = namespace_of(name) {
                self.push_namespace(&dir.join(name), device, nsid);
            }
        }
    }

    fn push_namespace(&mut self, dir: &Path, device: &str, nsid: &str) {
        let labels = [("device", device), ("nsid", nsid)];
        let state = or_left_out(sysfs::text(&dir.join("ana_state")));
        let state = ("ana_state", state.as_deref().unwrap_or("unknown"));
        self.namespace.push(&[labels[0], labels[1], state], 1u64);
        let number = |file: &str| or_left_out::<u64>(sysfs::number(&dir.join(file)));
        let size = number("size").and_then(|sectors| sectors.checked_mul(SECTOR_BYTES));
        let block = number("queue/logical_block_size");
        let used = number("nuse").zip(block).and_then(|(blocks, size)| blocks.checked_mul(size));
        for (family, bytes) in [
            (&mut self.capacity, size),
            (&mut self.size, size),
            (&mut self.used, used),
            (&mut self.block, block),
        ] {
            if let Some(bytes) = bytes {
                family.push(&labels, bytes);
            }
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [self.info, self.namespace, self.capacity, self.size, self.used, self.block] {
            page.add(family);
        }
    }
}

/// The number of a namespace: `1` of `nvme0n1`, or of `nvme0c2n1`, which is one controller's way to it.
fn namespace_of(name: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (device, number) = name.strip_prefix("nvme")?.rsplit_once('n')?;
    let (device, controller) = device.split_once('c').unwrap_or((device, "0"));
    (is_number(device) && is_number(controller) && is_number(number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn a_drive_one_with_two_ways_and_one_that_is_broken() {
        let dir = tree(&[
            ("class/nvme/nvme0/model", "ACME SSD 7        \n"),
            ("class/nvme/nvme0/serial", "A1\n"),
            ("class/nvme/nvme0/firmware_rev", "F2  \n"),
            ("class/nvme/nvme0/state", "live\n"),
            ("class/nvme/nvme0/cntlid", "5\n"),
            ("class/nvme/nvme0/nvme0n1/size", "16\n"),
            ("class/nvme/nvme0/nvme0n1/nuse", "1\n"),
            ("class/nvme/nvme0/nvme0n1/queue/logical_block_size", "4096\n"),
            ("class/nvme/nvme1/model", "Array\n"),
            ("class/nvme/nvme1/nvme1c1n2/ana_state", "optimized\n"),
            ("class/nvme/nvme1/nvme1c1n2/size", "9223372036854775807\n"),
            ("class/nvme/nvme1/nvme1c1n2/queue/logical_block_size", "big\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_nvme_info{device="nvme0",firmware_revision="F2",model="ACME SSD 7",serial="A1",state="live",cntlid="5"} 1"#,
                r#"node_nvme_info{device="nvme1",firmware_revision="",model="Array",serial="",state="",cntlid=""} 1"#,
                r#"node_nvme_namespace_capacity_bytes{device="nvme0",nsid="1"} 8192"#,
                r#"node_nvme_namespace_info{device="nvme0",nsid="1",ana_state="unknown"} 1"#,
                r#"node_nvme_namespace_info{device="nvme1",nsid="2",ana_state="optimized"} 1"#,
                r#"node_nvme_namespace_logical_block_size_bytes{device="nvme0",nsid="1"} 4096"#,
                r#"node_nvme_namespace_size_bytes{device="nvme0",nsid="1"} 8192"#,
                r#"node_nvme_namespace_used_bytes{device="nvme0",nsid="1"} 4096"#,
            ]
        );
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    #[test]
    fn which_directories_are_namespaces() {
        for (name, number) in [
            ("nvme0n1", Some("1")),
            ("nvme12c3n45", Some("45")),
            ("nvme0n1p2", None),
            ("nvme0", None),
            ("nvmen1", None),
            ("nvme0cn1", None),
            ("hwmon1", None),
            ("ng0n1", None),
        ] {
            assert_eq!(namespace_of(name), number, "{name}");
        }
    }
}
