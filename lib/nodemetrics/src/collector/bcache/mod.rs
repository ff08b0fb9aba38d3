//! `node_bcache_*`: disks that a faster one caches, from /sys/fs/bcache.
//!
//! The kernel writes most of these numbers as `1.5M`: tenths behind the point, which node_exporter takes
//! for parts of 10.24, and so shows up to two per cent less. How long reads take it shows a thousandth
//! of: it takes microseconds for nanoseconds.

mod forms;

use crate::options::bcache::BcacheOptions;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Kind, Page, Value};

use self::forms::{Unit, parse_percent, parse_rate};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{human_number, sysfs};

const SET: &[&str] = &["uuid"];
const BACKING: &[&str] = &["uuid", "backing_device"];
const CACHE: &[&str] = &["uuid", "cache_device"];

pub(super) const ENTRY: Entry = Entry {
    name: "bcache",
    preset: Preset::On,
    // Reading waits for a lock that is held while devices come and go.
    runs: Runs::ApartIfAny("fs/bcache"),
    reads: "/sys/fs/bcache",
    families: &[
        FamilyDoc::gauge("node_bcache_<field>", SET),
        FamilyDoc::counter("node_bcache_cache_read_races_total", SET),
        FamilyDoc::gauge("node_bcache_<field>", BACKING),
        FamilyDoc::counter("node_bcache_<field>_total", BACKING),
        FamilyDoc::gauge("node_bcache_<field>", CACHE),
        FamilyDoc::counter("node_bcache_<field>_total", CACHE),
    ],
    make: |host, options| Box::new(Bcache::new(host, &options.bcache)),
};

/// A file: its family's name and type, what it says, and its unit.
struct File {
    path: &'static str,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    unit: Unit,
}

const fn gauge(path: &'static str, name: &'static str, help: &'static str) -> File {
    File { path, name, kind: Kind::Gauge, help, unit: Unit::One }
}

const fn counter(path: &'static str, name: &'static str, help: &'static str) -> File {
    File { path, name, kind: Kind::Counter, help, unit: Unit::One }
}

/// Of a set of caches.
const OF_SET: [File; 10] = [
    gauge("average_key_size", "node_bcache_average_key_size_sectors", "Sectors that a key is for."),
    gauge("btree_cache_size", "node_bcache_btree_cache_size_bytes", "Memory of the tree's nodes."),
    gauge(
        "cache_available_percent",
        "node_bcache_cache_available_percent",
        "What of the cache is not waiting to be written back.",
    ),
    gauge("congested", "node_bcache_congested", "How much the cache keeps requests waiting."),
    gauge(
        "root_usage_percent",
        "node_bcache_root_usage_percent",
        "What of the tree's root is used.",
    ),
    gauge("tree_depth", "node_bcache_tree_depth", "How deep the tree is."),
    gauge(
        "internal/active_journal_entries",
        "node_bcache_active_journal_entries",
        "Entries of the journal that are not in the tree yet.",
    ),
    gauge("internal/btree_nodes", "node_bcache_btree_nodes", "Nodes of the tree."),
    File {
        unit: Unit::Microseconds,
        ..gauge(
            "internal/btree_read_average_duration_us",
            "node_bcache_btree_read_average_duration_seconds",
            "How long it takes to read a node of the tree.",
        )
    },
    counter(
        "internal/cache_read_races",
        "node_bcache_cache_read_races_total",
        "How often what was read from the cache was gone before the read ended.",
    ),
];

/// Of a disk that is cached.
const OF_BACKING: [File; 8] = [
    gauge("dirty_data", "node_bcache_dirty_data_bytes", "What is to be written back to the disk."),
    counter(
        "stats_total/bypassed",
        "node_bcache_bypassed_bytes_total",
        "What went past the cache.",
    ),
    counter("stats_total/cache_hits", "node_bcache_cache_hits_total", "Requests that it had."),
    counter("stats_total/cache_misses", "node_bcache_cache_misses_total", "Those that it had not."),
    counter(
        "stats_total/cache_bypass_hits",
        "node_bcache_cache_bypass_hits_total",
        "Requests that it had, though they were to go past it.",
    ),
    counter(
        "stats_total/cache_bypass_misses",
        "node_bcache_cache_bypass_misses_total",
        "Requests that it had not, and that were to go past it.",
    ),
    counter(
        "stats_total/cache_miss_collisions",
        "node_bcache_cache_miss_collisions_total",
        "How often a write came before what was read could be kept.",
    ),
    counter(
        "stats_total/cache_readaheads",
        "node_bcache_cache_readaheads_total",
        "Reads ahead of what was asked for.",
    ),
];

/// Of a disk that is a cache.
const OF_CACHE: [File; 3] = [
    gauge("io_errors", "node_bcache_io_errors", "Errors of the disk, which are forgotten in time."),
    counter(
        "metadata_written",
        "node_bcache_metadata_written_bytes_total",
        "What was written beside data.",
    ),
    counter("written", "node_bcache_written_bytes_total", "Data that was written."),
];

/// A line of a file by what stands before its colon, its family, and what that says.
type Line = (&'static str, &'static str, &'static str);

/// Of `writeback_rate_debug` of a disk that is cached.
const WRITEBACK: [Line; 5] = [
    ("rate", "node_bcache_writeback_rate", "Bytes per second that are written back."),
    ("target", "node_bcache_dirty_target_bytes", "What may wait to be written back."),
    (
        "proportional",
        "node_bcache_writeback_rate_proportional_term",
        "The part of the rate that follows what waits.",
    ),
    (
        "integral",
        "node_bcache_writeback_rate_integral_term",
        "The part of the rate that follows how long it waited.",
    ),
    ("change", "node_bcache_writeback_change", "By how much the rate changed last."),
];

/// Of `priority_stats` of a disk that is a cache.
const PRIORITIES: [Line; 2] = [
    ("Unused", "node_bcache_priority_stats_unused_percent", "What of the cache holds no data."),
    ("Metadata", "node_bcache_priority_stats_metadata_percent", "What holds bcache's own data."),
];

pub(super) struct Bcache {
    dir: PathBuf,
    shows_priorities: bool,
}

impl Bcache {
    pub(super) fn new(host: &Host, options: &BcacheOptions) -> Self {
        let dir = host.paths.sysfs.join("fs/bcache");
        Self { dir, shows_priorities: options.priority_stats }
    }

    fn add_set(&self, name: &str, page: &mut Page) {
        let dir = self.dir.join(name);
        let uuid = ("uuid", name);
        add_files(&dir, &OF_SET, &[uuid], page);
        let devices = or_left_out(sysfs::list(&dir).map(Some)).unwrap_or_default();
        for device in &devices {
            let dir = dir.join(device);
            if is_numbered(device, "bdev") {
                let labels = [uuid, ("backing_device", device)];
                add_files(&dir, &OF_BACKING, &labels, page);
                add_lines(&dir.join("writeback_rate_debug"), &WRITEBACK, parse_rate, &labels, page);
            } else if is_numbered(device, "cache") {
                let labels = [uuid, ("cache_device", device)];
                add_files(&dir, &OF_CACHE, &labels, page);
                if self.shows_priorities {
                    let path = dir.join("priority_stats");
                    add_lines(&path, &PRIORITIES, parse_percent, &labels, page);
                }
            }
        }
    }
}

impl Collector for Bcache {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        // Beside the sets, which have the names of their UUIDs, is where devices are made known.
        for name in sysfs::list(&self.dir)?.iter().filter(|name| name.contains('-')) {
            self.add_set(name, page);
        }
        Ok(())
    }
}

fn is_numbered(device: &str, prefix: &str) -> bool {
    let number = device.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn add_files(dir: &Path, files: &[File], labels: &[(&'static str, &str)], page: &mut Page) {
    for file in files {
        let expected = "expected a number such as 1.5M";
        let number = sysfs::parsed(&dir.join(file.path), expected, human_number::parse_count);
        let value = number.map(|number| Value::F64(file.unit.of(number)));
        page.add(Family::new(file.name, file.help, file.kind).with_known(labels, value));
    }
}

fn add_lines<T: Into<Value>>(
    path: &Path,
    shown: &[Line],
    parse: fn(&str) -> Option<T>,
    labels: &[(&'static str, &str)],
    page: &mut Page,
) {
    sysfs::parsed_lines(path, |text| {
        for (number, line) in text.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let shown = shown.iter().find(|(shown, ..)| *shown == name.trim());
            if let Some((_, family, help)) = shown {
                let value = text.known(number, "expected a number", parse(value.trim()));
                page.add(Family::gauge(*family, *help).with_known(labels, value));
            }
        }
        Ok(())
    });
}

#[cfg(test)]
mod tests;
