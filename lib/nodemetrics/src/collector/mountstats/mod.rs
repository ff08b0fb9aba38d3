//! `node_mountstats_nfs_*`: what each NFS mount has done, from /proc/self/mountstats, and its server's
//! address from /proc/self/mountinfo.
//!
//! Several mounts of one export share their figures and are shown once. Names with blanks are shown as
//! they are, where node_exporter leaves the kernel's `\040`; what a transport does not count is absent,
//! where it shows 0. A number that went below zero is left out, where it shows what that comes to.

mod parse;

use std::collections::{HashMap, HashSet};

use edctl_exposition::{Family, Page, Value};

use self::parse::{BYTES, EVENTS, Mount, OPERATION, TRANSPORT};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::mounts::unescape;

const MOUNT: &[&str] = &["export", "protocol", "mountaddr"];
const TRANSPORT_LABELS: &[&str] = &["export", "protocol", "mountaddr", "transport"];
const OPERATION_LABELS: &[&str] = &["export", "protocol", "mountaddr", "operation"];

pub(super) const ENTRY: Entry = Entry {
    name: "mountstats",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/self/mountstats, /proc/self/mountinfo",
    families: &[
        FamilyDoc::gauge(
            "node_mountstats_nfs_mountpoint_info",
            &["export", "protocol", "mountaddr", "mountpoint"],
        ),
        FamilyDoc::counter("node_mountstats_nfs_age_seconds_total", MOUNT),
        FamilyDoc::counter("node_mountstats_nfs_<field>_bytes_total", MOUNT),
        FamilyDoc::counter("node_mountstats_nfs_<field>_pages_total", MOUNT),
        FamilyDoc::counter("node_mountstats_nfs_event_<field>_total", MOUNT),
        FamilyDoc::counter("node_mountstats_nfs_transport_<field>_total", TRANSPORT_LABELS),
        FamilyDoc::gauge("node_mountstats_nfs_transport_idle_time_seconds", TRANSPORT_LABELS),
        FamilyDoc::gauge("node_mountstats_nfs_transport_maximum_rpc_slots", TRANSPORT_LABELS),
        FamilyDoc::counter("node_mountstats_nfs_operations_<field>_total", OPERATION_LABELS),
    ],
    make: |host, _| Box::new(Mountstats::new(host)),
};

/// Names in the order of the kernel's numbers; nothing for what is not shown.
const BYTE_NAMES: [&str; BYTES] = [
    "read_bytes",
    "write_bytes",
    "direct_read_bytes",
    "direct_write_bytes",
    "total_read_bytes",
    "total_write_bytes",
    "read_pages",
    "write_pages",
];
const EVENT_NAMES: [Option<&str>; EVENTS] = [
    Some("inode_revalidate"),
    Some("dnode_revalidate"),
    Some("data_invalidate"),
    Some("attribute_invalidate"),
    Some("vfs_open"),
    Some("vfs_lookup"),
    Some("vfs_access"),
    Some("vfs_update_page"),
    Some("vfs_read_page"),
    Some("vfs_read_pages"),
    Some("vfs_write_page"),
    Some("vfs_write_pages"),
    Some("vfs_getdents"),
    Some("vfs_setattr"),
    Some("vfs_flush"),
    Some("vfs_fsync"),
    Some("vfs_lock"),
    Some("vfs_file_release"),
    None,
    Some("truncation"),
    Some("write_extension"),
    Some("silly_rename"),
    Some("short_read"),
    Some("short_write"),
    Some("jukebox_delay"),
    Some("pnfs_read"),
    Some("pnfs_write"),
];
const TRANSPORT_NAMES: [Option<&str>; TRANSPORT] = [
    None,
    Some("bind_total"),
    Some("connect_total"),
    None,
    Some("idle_time_seconds"),
    Some("sends_total"),
    Some("receives_total"),
    Some("bad_transaction_ids_total"),
    None,
    Some("backlog_queue_total"),
    Some("maximum_rpc_slots"),
    Some("sending_queue_total"),
    Some("pending_queue_total"),
];
const OPERATION_NAMES: [&str; OPERATION] = [
    "requests",
    "transmissions",
    "major_timeouts",
    "sent_bytes",
    "received_bytes",
    "queue_time_seconds",
    "response_time_seconds",
    "request_time_seconds",
];
/// From here an operation's numbers are milliseconds.
const FIRST_TIME: usize = 5;

/// NFS 4 has some seventy operations, each mount its own.
const MOST_SERIES: usize = 100_000;

struct Mountstats {
    stats: KernelFile,
    info: KernelFile,
}

impl Mountstats {
    fn new(host: &Host) -> Self {
        let file = |name: &str| KernelFile::new(host.paths.procfs.join("self").join(name));
        Self { stats: file("mountstats"), info: file("mountinfo") }
    }
}

impl Collector for Mountstats {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mounts = parse::parse(self.stats.read()?);
        if mounts.is_empty() {
            return Ok(());
        }
        let addresses = addresses(self.info.read()?);
        let mut families = Families::default();
        let mut seen = HashSet::new();
        let mut places = HashSet::new();
        for mount in &mounts {
            let Some(first) = mount.transports.first() else { continue };
            let address = addresses.get(&mount.mount_point).map_or("", String::as_str);
            let owner = [
                ("export", mount.export.as_str()),
                ("protocol", first.protocol.as_str()),
                ("mountaddr", address),
            ];
            if places.insert((owner, &mount.mount_point)) {
                families.push_place(owner, &mount.mount_point);
            }
            if seen.insert(owner) {
                families.push(mount, owner);
            }
        }
        families.0.into_iter().for_each(|(_, family)| page.add(family));
        Ok(())
    }
}

/// The servers' addresses by mount point: `addr=` of what the file system says of itself.
fn addresses(text: Text<'_>) -> HashMap<String, String> {
    let address = |line: &str| {
        let (place, kind) = line.split_once(" - ")?;
        let options = kind.split(' ').nth(2)?;
        let address = options.split(',').find_map(|option| option.strip_prefix("addr="))?;
        Some((unescape(place.split(' ').nth(4)?)?, address.to_owned()))
    };
    text.lines().filter_map(|(_, line)| address(line)).collect()
}

type Labels<'a, const N: usize> = [(&'static str, &'a str); N];

/// The families by what follows `node_mountstats_nfs_`.
#[derive(Default)]
struct Families(HashMap<String, Family>);

impl Families {
    fn push_place(&mut self, owner: Labels<'_, 3>, mount_point: &str) {
        let [export, protocol, address] = owner;
        let labels = [export, protocol, address, ("mountpoint", mount_point)];
        self.add("mountpoint_info", &labels, 1u64);
    }

    fn push(&mut self, mount: &Mount, owner: Labels<'_, 3>) {
        let [export, protocol, address] = owner;
        if let Some(age) = mount.age_secs {
            self.add("age_seconds_total", &owner, age);
        }
        for (name, value) in BYTE_NAMES.iter().zip(&mount.bytes) {
            if let Some(value) = value {
                self.add(&format!("{name}_total"), &owner, *value);
            }
        }
        for (name, value) in EVENT_NAMES.iter().zip(&mount.events) {
            if let Some((name, value)) = name.zip(*value) {
                self.add(&format!("event_{name}_total"), &owner, value);
            }
        }
        for (index, transport) in mount.transports.iter().enumerate() {
            let index = index.to_string();
            let labels = [export, protocol, address, ("transport", &*index)];
            for (name, value) in TRANSPORT_NAMES.iter().zip(transport.numbers) {
                if let Some((name, value)) = name.zip(value) {
                    self.add(&format!("transport_{name}"), &labels, value);
                }
            }
        }
        for (operation, numbers) in &mount.operations {
            let labels = [export, protocol, address, ("operation", operation)];
            for (index, (name, value)) in OPERATION_NAMES.iter().zip(numbers).enumerate() {
                let Some(value) = *value else { continue };
                let value = match index {
                    FIRST_TIME.. => Value::F64(value as f64 / 1000.0),
                    _ => Value::U64(value),
                };
                self.add(&format!("operations_{name}_total"), &labels, value);
            }
        }
    }

    fn add(&mut self, name: &str, labels: &[(&'static str, &str)], value: impl Into<Value>) {
        if !self.0.contains_key(name) {
            let full = format!("node_mountstats_nfs_{name}");
            let help = format!("Of an NFS mount: {}.", name.replace('_', " "));
            let family = match name.ends_with("_total") {
                true => Family::counter(full, help),
                false => Family::gauge(full, help),
            };
            self.0.insert(name.to_owned(), family.limit(MOST_SERIES));
        }
        if let Some(family) = self.0.get_mut(name) {
            family.push(labels, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::mountstats::parse::tests::FILE;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    const INFO: &str = "21 1 253:0 / / rw - ext4 /dev/sda1 rw\n\
        40 21 0:60 / /opt/with\\040blank rw - nfs4 filer:/vol/tools rw,vers=4.2,addr=192.0.2.77\n";

    #[test]
    fn every_figure_of_a_mount_under_its_export_and_server() {
        let dir = tree(&[("self/mountstats", FILE), ("self/mountinfo", INFO)]);
        let page = shown(&ENTRY, dir.path()).unwrap();
        let labels = r#"export="filer:/vol/tools",protocol="tcp",mountaddr="192.0.2.77""#;
        for line in [
            format!("age_seconds_total{{{labels}}} 86411"),
            format!("mountpoint_info{{{labels},mountpoint=\"/opt/with blank\"}} 1"),
            format!("direct_write_bytes_total{{{labels}}} 5004"),
            format!("write_pages_total{{{labels}}} 5008"),
            format!("event_vfs_file_release_total{{{labels}}} 118"),
            format!("event_truncation_total{{{labels}}} 120"),
            format!("event_pnfs_write_total{{{labels}}} 127"),
            format!("transport_idle_time_seconds{{{labels},transport=\"1\"}} 45"),
            format!("transport_pending_queue_total{{{labels},transport=\"0\"}} 712"),
            format!("operations_received_bytes_total{{{labels},operation=\"READ\"}} 70001"),
            format!("operations_queue_time_seconds_total{{{labels},operation=\"READ\"}} 0.015"),
            format!("operations_request_time_seconds_total{{{labels},operation=\"NULL\"}} 0.002"),
        ] {
            let line = format!("node_mountstats_nfs_{line}");
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        let series = page.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(series, 2 + 8 + 26 + 2 * 10 + 2 * 8);
    }

    #[test]
    fn two_mounts_of_one_export_are_one_with_two_places() {
        let again = FILE.replace("with\\040blank", "again");
        let dir = tree(&[("self/mountstats", &format!("{FILE}{again}")), ("self/mountinfo", "")]);
        let page = shown(&ENTRY, dir.path()).unwrap();
        let count = |name: &str| page.lines().filter(|line| line.starts_with(name)).count();
        assert_eq!(count("node_mountstats_nfs_mountpoint_info{"), 2);
        assert_eq!(count("node_mountstats_nfs_age_seconds_total{"), 1);
    }

    /// What the page loses, and how much is counted, when this is written for that in the file.
    fn lost(good: &str, odd: &str) -> (Vec<String>, u64) {
        let page = |stats: &str| {
            let dir = tree(&[("self/mountstats", stats), ("self/mountinfo", INFO)]);
            shown_with(&ENTRY, dir.path(), &Options::default()).unwrap()
        };
        let (whole, odd) = (page(FILE).0, page(&FILE.replace(good, odd)));
        let lost = whole.lines().filter(|line| !odd.0.lines().any(|left| left == *line));
        let name = |line: &str| line.split('{').next().unwrap_or(line).to_owned();
        (lost.filter(|line| !line.starts_with('#')).map(name).collect(), odd.1)
    }

    #[test]
    fn an_odd_number_costs_its_own_series() {
        for (good, odd, series) in [
            (
                "15 2300 2345",
                "15 2300 18446744073709551611",
                "operations_request_time_seconds_total",
            ),
            ("15 2300 2345", "-15 2300 2345", "operations_queue_time_seconds_total"),
            ("31 32 1", "31 18446744073709551615 1", "operations_transmissions_total"),
            ("\t86411", "\t18446744073709551615", "age_seconds_total"),
            ("5008", "x", "write_pages_total"),
            ("\t101 ", "\t9223372036854775808 ", "event_inode_revalidate_total"),
            ("3 44 905", "3 -44 905", "transport_idle_time_seconds"),
        ] {
            let series = format!("node_mountstats_nfs_{series}");
            assert_eq!(lost(good, odd), (vec![series], 1), "{odd}");
        }
    }

    #[test]
    fn a_node_without_nfs_shows_nothing() {
        let dir = tree(&[("self/mountstats", "device proc mounted on /proc with fstype proc\n")]);
        assert_eq!(shown(&ENTRY, dir.path()).unwrap(), "");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
