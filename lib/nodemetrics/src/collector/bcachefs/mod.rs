//! `node_bcachefs_*`: what each mounted bcachefs counted, from /sys/fs/bcachefs.
//!
//! node_exporter shows 0 for a file that the kernel does not have, and no file system at all where one
//! file has a form that it does not expect; here only what cannot be read is left out.

mod forms;

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page, Value};

use self::forms::{
    Row, parse_counter, parse_errors, parse_human, parse_io_done, parse_io_errors, parse_table,
};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

const DEVICE: &[&str] = &["uuid", "device"];

pub(super) const ENTRY: Entry = Entry {
    name: "bcachefs",
    preset: Preset::On,
    // What is compressed the kernel adds up from its trees, which it may have to read.
    runs: Runs::ApartIfAny("fs/bcachefs"),
    reads: "/sys/fs/bcachefs",
    families: &[
        FamilyDoc::gauge("node_bcachefs_info", &["uuid"]),
        FamilyDoc::gauge("node_bcachefs_btree_cache_size_bytes", &["uuid"]),
        FamilyDoc::counter("node_bcachefs_<field>_total", &["uuid"]),
        FamilyDoc::gauge("node_bcachefs_compression_compressed_bytes", &["uuid", "algorithm"]),
        FamilyDoc::gauge("node_bcachefs_compression_uncompressed_bytes", &["uuid", "algorithm"]),
        FamilyDoc::counter("node_bcachefs_errors_total", &["uuid", "error_type"]),
        FamilyDoc::counter("node_bcachefs_btree_writes_total", &["uuid", "type"]),
        FamilyDoc::gauge("node_bcachefs_btree_write_average_size_bytes", &["uuid", "type"]),
        FamilyDoc::gauge("node_bcachefs_device_info", &["uuid", "device", "label", "state"]),
        FamilyDoc::gauge("node_bcachefs_device_bucket_size_bytes", DEVICE),
        FamilyDoc::gauge("node_bcachefs_device_buckets", DEVICE),
        FamilyDoc::gauge("node_bcachefs_device_durability", DEVICE),
        FamilyDoc::counter(
            "node_bcachefs_device_io_done_bytes_total",
            &["uuid", "device", "operation", "data_type"],
        ),
        FamilyDoc::counter("node_bcachefs_device_io_errors_total", &["uuid", "device", "type"]),
    ],
    make: |host, _| Box::new(Bcachefs::new(host)),
};

pub(super) struct Bcachefs {
    dir: PathBuf,
}

impl Bcachefs {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("fs/bcachefs") }
    }
}

impl Collector for Bcachefs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let names = sysfs::list(&self.dir)?;
        let mounted: Vec<&String> =
            names.iter().filter(|name| self.dir.join(name).is_dir()).collect();
        if mounted.is_empty() {
            return Err(CollectError::Absent { path: self.dir.clone() });
        }
        for uuid in mounted {
            Filesystem { dir: &self.dir.join(uuid), uuid }.add(page);
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
        let labels = [("uuid", self.uuid)];
        page.add(Family::gauge("node_bcachefs_info", "1 for each of them.").with(&labels, 1u64));
        if let Some(bytes) = sysfs::parsed_lines(&self.dir.join("btree_cache_size"), parse_human) {
            let family = Family::gauge(
                "node_bcachefs_btree_cache_size_bytes",
                "Memory of the trees' nodes.",
            );
            page.add(family.with(&labels, bytes));
        }
        self.add_compression(page);
        self.add_errors(page);
        self.add_counters(page);
        self.add_writes(page);
        for name in list(self.dir) {
            if let Some(device) = name.strip_prefix("dev-") {
                let labels = [("uuid", self.uuid), ("device", device)];
                Device { dir: &self.dir.join(&name), labels }.add(page);
            }
        }
    }

    fn add_compression(&self, page: &mut Page) {
        for (algorithm, [compressed, uncompressed]) in self.table("compression_stats") {
            let labels = [("uuid", self.uuid), ("algorithm", algorithm.as_str())];
            let (name, help) = (
                "node_bcachefs_compression_compressed_bytes",
                "What data takes that is compressed so.",
            );
            page.add(Family::gauge(name, help).with_known(&labels, compressed));
            let (name, help) =
                ("node_bcachefs_compression_uncompressed_bytes", "How much data that is.");
            page.add(Family::gauge(name, help).with_known(&labels, uncompressed));
        }
    }

    fn add_errors(&self, page: &mut Page) {
        let errors =
            sysfs::parsed_lines(&self.dir.join("errors"), parse_errors).unwrap_or_default();
        let help = "Errors of the file system that were met.";
        let mut family = Family::counter("node_bcachefs_errors_total", help);
        for (kind, count) in errors {
            family.push_known(&[("uuid", self.uuid), ("error_type", &kind)], count);
        }
        page.add(family);
    }

    fn add_counters(&self, page: &mut Page) {
        let dir = self.dir.join("counters");
        for counter in list(&dir) {
            let Some(count) = sysfs::parsed_lines(&dir.join(&counter), parse_counter) else {
                continue;
            };
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = counter.replace(|c| !is_plain(c), "_");
            let help = format!("The counter {counter}, since the file system was made.");
            let family = Family::counter(format!("node_bcachefs_{name}_total"), help);
            page.add(family.with(&[("uuid", self.uuid)], count));
        }
    }

    fn add_writes(&self, page: &mut Page) {
        for (kind, [count, bytes]) in self.table("btree_write_stats") {
            let labels = [("uuid", self.uuid), ("type", kind.as_str())];
            let (name, help) =
                ("node_bcachefs_btree_writes_total", "Writes of the trees' nodes, by their cause.");
            page.add(Family::counter(name, help).with_known(&labels, count));
            let (name, help) =
                ("node_bcachefs_btree_write_average_size_bytes", "How large such a write is.");
            page.add(Family::gauge(name, help).with_known(&labels, bytes));
        }
    }

    fn table(&self, file: &str) -> Vec<Row> {
        sysfs::parsed_lines(&self.dir.join(file), parse_table).unwrap_or_default()
    }
}

/// One of a file system's devices.
struct Device<'a> {
    dir: &'a Path,
    labels: [(&'static str, &'a str); 2],
}

impl Device<'_> {
    fn add(&self, page: &mut Page) {
        let text = |file: &str| or_left_out(sysfs::text(&self.dir.join(file))).unwrap_or_default();
        let labels = [("label", text("label")), ("state", text("state"))];
        let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
        let family = Family::gauge("node_bcachefs_device_info", "1, and what the device is.");
        page.add(family.with(&[self.labels, labels].concat(), 1u64));
        for (file, name, help) in [
            ("bucket_size", "node_bcachefs_device_bucket_size_bytes", "The size of a bucket."),
            ("nbuckets", "node_bcachefs_device_buckets", "Buckets of the device."),
            (
                "durability",
                "node_bcachefs_device_durability",
                "How many copies one on this device counts for.",
            ),
        ] {
            if let Some(value) = sysfs::parsed_lines(&self.dir.join(file), parse_human) {
                page.add(Family::gauge(name, help).with(&self.labels, Value::F64(value)));
            }
        }
        self.add_io(page);
    }

    fn add_io(&self, page: &mut Page) {
        let help = "What was read and written, by what it was.";
        let mut family = Family::counter("node_bcachefs_device_io_done_bytes_total", help);
        let done =
            sysfs::parsed_lines(&self.dir.join("io_done"), parse_io_done).unwrap_or_default();
        for (operation, kind, bytes) in &done {
            let labels = [("operation", operation.as_str()), ("data_type", kind.as_str())];
            family.push_known(&[self.labels, labels].concat(), *bytes);
        }
        page.add(family);
        let help = "Errors of the device, since the file system was made.";
        let mut family = Family::counter("node_bcachefs_device_io_errors_total", help);
        let errors =
            sysfs::parsed_lines(&self.dir.join("io_errors"), parse_io_errors).unwrap_or_default();
        for (kind, count) in &errors {
            family.push_known(&[&self.labels[..], &[("type", kind)]].concat(), *count);
        }
        page.add(family);
    }
}

/// The names in a directory; nothing where it is absent: not every kernel has each.
fn list(dir: &Path) -> Vec<String> {
    match sysfs::list(dir) {
        Err(CollectError::Absent { .. }) => Vec::new(),
        listed => or_left_out(listed.map(Some)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
