//! `node_disk_*`: what disks and partitions did, from /proc/diskstats, and what udev knows of them.
//!
//! node_exporter says of every partition that it does not turn; here it is as its disk.

mod disk;
mod udev;

use crate::options::diskstats::DiskstatsOptions;
use edctl_exposition::{Family, Page, Value};

use self::disk::Disk;
use self::udev::Udev;
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "diskstats",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/diskstats, /run/udev/data, /sys/block",
    families: &[
        FamilyDoc::counter("node_disk_<field>_total", &["device"]),
        FamilyDoc::gauge("node_disk_io_now", &["device"]),
        FamilyDoc::gauge(
            "node_disk_info",
            &[
                "device",
                "major",
                "minor",
                "path",
                "wwn",
                "model",
                "serial",
                "revision",
                "rotational",
            ],
        ),
        FamilyDoc::gauge(
            "node_disk_filesystem_info",
            &["device", "type", "usage", "uuid", "version"],
        ),
        FamilyDoc::gauge(
            "node_disk_device_mapper_info",
            &["device", "name", "uuid", "vg_name", "lv_name", "lv_layer"],
        ),
        FamilyDoc::gauge("node_disk_ata_write_cache", &["device"]),
        FamilyDoc::gauge("node_disk_ata_write_cache_enabled", &["device"]),
        FamilyDoc::gauge("node_disk_ata_rotation_rate_rpm", &["device"]),
    ],
    make: |host, options| Box::new(Diskstats::new(host, &options.diskstats)),
};

/// The kernel counts sectors of this size, whatever the disk's are.
const SECTOR_BYTES: u64 = 512;
/// Columns of the oldest kernels that we run on; later ones added discards (18) and flushes (20).
const LEAST_COLUMNS: usize = 11;

/// What a column is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Sectors,
    Milliseconds,
    /// Goes up and down.
    Now,
}

/// The columns behind a device's name: the family, what it says, and the unit.
const COLUMNS: [(&str, &str, Unit); 17] = [
    ("reads_completed", "Reads that were completed.", Unit::Count),
    ("reads_merged", "Reads that were merged with others.", Unit::Count),
    ("read_bytes", "Bytes that were read.", Unit::Sectors),
    ("read_time_seconds", "Seconds that all reads took.", Unit::Milliseconds),
    ("writes_completed", "Writes that were completed.", Unit::Count),
    ("writes_merged", "Writes that were merged with others.", Unit::Count),
    ("written_bytes", "Bytes that were written.", Unit::Sectors),
    ("write_time_seconds", "Seconds that all writes took.", Unit::Milliseconds),
    ("io_now", "Requests that are under way.", Unit::Now),
    ("io_time_seconds", "Seconds in which requests were under way.", Unit::Milliseconds),
    ("io_time_weighted_seconds", "Seconds that all requests took.", Unit::Milliseconds),
    ("discards_completed", "Discards that were completed.", Unit::Count),
    ("discards_merged", "Discards that were merged with others.", Unit::Count),
    ("discarded_sectors", "Sectors that were discarded.", Unit::Count),
    ("discard_time_seconds", "Seconds that all discards took.", Unit::Milliseconds),
    ("flush_requests", "Flushes that were completed.", Unit::Count),
    ("flush_requests_time_seconds", "Seconds that all flushes took.", Unit::Milliseconds),
];

pub(super) struct Diskstats {
    file: KernelFile,
    filter: Filter,
    udev: Udev,
}

impl Diskstats {
    pub(super) fn new(host: &Host, options: &DiskstatsOptions) -> Self {
        Self {
            file: KernelFile::of_short_records(host.paths.procfs.join("diskstats")),
            filter: Filter::new(&options.device_include, &options.device_exclude),
            udev: Udev::new(host),
        }
    }
}

impl Collector for Diskstats {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut disks = parse(self.file.read()?)?;
        disks.retain(|disk| self.filter.shows(disk.device));
        for (column, (name, help, unit)) in COLUMNS.iter().enumerate() {
            let mut family = match unit {
                Unit::Now => Family::gauge(format!("node_disk_{name}"), *help),
                _ => Family::counter(format!("node_disk_{name}_total"), *help),
            };
            for disk in &disks {
                // A column that this kernel does not write is absent.
                let value = disk.columns.get(column).copied().flatten();
                family.push_known(&[("device", disk.device)], value.map(|value| unit.value(value)));
            }
            page.add(family);
        }
        self.udev.add(&disks, page);
        Ok(())
    }
}

impl Unit {
    fn value(self, column: u64) -> Value {
        match self {
            Self::Count | Self::Now => Value::U64(column),
            Self::Sectors => Value::U64(column.saturating_mul(SECTOR_BYTES)),
            Self::Milliseconds => Value::F64(column as f64 / 1000.0),
        }
    }
}

fn parse(text: Text<'_>) -> Result<Vec<Disk<'_>>, CollectError> {
    text.rows("expected a device and eleven numbers or more", |number, line| {
        parse_disk(text, number, line)
    })
}

/// ` 8  0 sda 1 2 3 4 5 6 7 8 9 10 11`
fn parse_disk<'a>(text: Text<'a>, number: usize, line: &'a str) -> Option<Disk<'a>> {
    let mut words = line.split_ascii_whitespace();
    let (major, minor, device) = (words.next()?, words.next()?, words.next()?);
    if words.clone().count() < LEAST_COLUMNS {
        return None;
    }
    let column = |word| text.number(number, Some(word));
    Some(Disk {
        number: text.number(number, Some(major)).zip(text.number(number, Some(minor))),
        device,
        columns: words.take(COLUMNS.len()).map(column).collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines_of_old_and_new_kernels() {
        let content = "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n\
                       254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n";
        let disks = parse(Text::of(content)).unwrap();
        assert_eq!((disks[0].device, disks[0].columns.len()), ("sda", 11));
        assert_eq!((disks[1].device, disks[1].columns[16]), ("vda", Some(17)));
        assert_eq!(disks[1].number, Some((254, 0)));
        for bad in ["", "8 0 sda 1 2\n", "8 0\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(Unit::Sectors.value(3), Value::U64(1536));
        assert_eq!(Unit::Milliseconds.value(1500), Value::F64(1.5));
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "8 x sda 1 2 3 4 5 6 7 8 9 10 11\n8 0\n\
                       8 16 sdb 1 2 3 4 5 6 7 8 4294967295 10 -11\n";
        let (disks, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        let [sda, sdb] = &disks[..] else { panic!("{}", disks.len()) };
        assert_eq!((sda.number, sda.columns[10]), (None, Some(11)));
        assert_eq!((sdb.number, sdb.columns[9], sdb.columns[10]), (Some((8, 16)), Some(10), None));
        assert_eq!(left_out.why().unwrap(), "test, line 1: expected a number (and 2 more)");
    }

    #[test]
    fn partitions_are_left_out_unless_asked_for() {
        let options = DiskstatsOptions::default();
        let filter = Filter::new(&options.device_include, &options.device_exclude);
        for (device, is_shown) in [
            ("vda", true),
            ("vda1", false),
            ("nvme0n1", true),
            ("nvme0n1p2", false),
            ("loop0", false),
            ("dm-0", true),
            ("md127", true),
        ] {
            assert_eq!(filter.shows(device), is_shown, "{device}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
