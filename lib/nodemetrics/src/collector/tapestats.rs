//! `node_tape_*`: what tape drives did, from /sys/class/scsi_tape.

use crate::options::tapestats::TapestatsOptions;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page, Value};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "tapestats",
    preset: Preset::On,
    // The kernel counts itself; no drive is asked.
    runs: Runs::HereIfAny,
    reads: "/sys/class/scsi_tape",
    families: &[
        FamilyDoc::gauge("node_tape_io_now", &["device"]),
        FamilyDoc::counter("node_tape_<field>_total", &["device"]),
    ],
    make: |host, options| Box::new(Tapestats::new(host, &options.tapestats)),
};

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Nanoseconds,
    /// Goes up and down.
    Now,
}

/// The statistics: the file, the family's name without what all of them begin and counters end with,
/// what it says, and the unit.
const STATISTICS: [(&str, &str, &str, Unit); 10] = [
    ("in_flight", "io_now", "Requests that are under way.", Unit::Now),
    ("io_ns", "io_time_seconds", "Seconds that all requests took.", Unit::Nanoseconds),
    ("other_cnt", "io_others", "Requests that were neither reads nor writes.", Unit::Count),
    ("read_byte_cnt", "read_bytes", "Bytes that were read.", Unit::Count),
    ("read_cnt", "reads_completed", "Reads that were completed.", Unit::Count),
    ("read_ns", "read_time_seconds", "Seconds that all reads took.", Unit::Nanoseconds),
    ("resid_cnt", "residual", "Requests that moved less than they asked for.", Unit::Count),
    ("write_byte_cnt", "written_bytes", "Bytes that were written.", Unit::Count),
    ("write_cnt", "writes_completed", "Writes that were completed.", Unit::Count),
    ("write_ns", "write_time_seconds", "Seconds that all writes took.", Unit::Nanoseconds),
];

pub(super) struct Tapestats {
    dir: PathBuf,
    filter: Filter,
}

impl Tapestats {
    pub(super) fn new(host: &Host, options: &TapestatsOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/scsi_tape"),
            filter: Filter::new("", &options.ignored_devices),
        }
    }
}

impl Collector for Tapestats {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = STATISTICS.map(|(_, name, help, unit)| match unit {
            Unit::Now => Family::gauge(format!("node_tape_{name}"), help),
            _ => Family::counter(format!("node_tape_{name}_total"), help),
        });
        // A drive has several devices, by density and by what is done at the end; `st0` is the drive.
        for (device, _) in sysfs::list_numbered(&self.dir, "st")? {
            if self.filter.shows(&device) {
                push_drive(&mut families, &self.dir.join(&device), &device);
            }
        }
        families.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

fn push_drive(families: &mut [Family], dir: &Path, device: &str) {
    for ((file, _, _, unit), family) in STATISTICS.iter().zip(families) {
        let read = sysfs::number(&dir.join("stats").join(file));
        if let Some(number) = or_left_out(read) {
            family.push(&[("device", device)], unit.value(number));
        }
    }
}

impl Unit {
    fn value(self, number: u64) -> Value {
        match self {
            Self::Count | Self::Now => Value::U64(number),
            Self::Nanoseconds => Value::F64(number as f64 * 1e-9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn drives_by_their_own_names_only() {
        let dir = tree(&[
            ("class/scsi_tape/st0/stats/in_flight", "1\n"),
            ("class/scsi_tape/st0/stats/io_ns", "2500000000\n"),
            ("class/scsi_tape/st0/stats/read_cnt", "9223372036854775807\n"),
            ("class/scsi_tape/st0/stats/write_cnt", "none\n"),
            ("class/scsi_tape/nst0/stats/read_cnt", "5\n"),
            ("class/scsi_tape/st0a/stats/read_cnt", "5\n"),
            ("class/scsi_tape/st1/stats/read_cnt", "6\n"),
        ]);
        let lines = |options: &Options| {
            let (text, errors) = shown_with(&ENTRY, dir.path(), options).unwrap();
            assert_eq!(errors, 1);
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(str::to_owned).collect::<Vec<String>>()
        };
        let mut expected = vec![
            r#"node_tape_io_now{device="st0"} 1"#,
            r#"node_tape_io_time_seconds_total{device="st0"} 2.5"#,
            r#"node_tape_reads_completed_total{device="st0"} 9223372036854775807"#,
            r#"node_tape_reads_completed_total{device="st1"} 6"#,
        ];
        assert_eq!(lines(&Options::default()), expected);
        let tapestats = TapestatsOptions { ignored_devices: "1$".to_owned() };
        expected.pop();
        assert_eq!(lines(&Options { tapestats, ..Options::default() }), expected);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    #[test]
    fn an_expression_that_is_none_is_refused() {
        let error = TapestatsOptions { ignored_devices: "(".to_owned() }.validate().unwrap_err();
        assert!(error.to_string().starts_with("collector.tapestats.ignored_devices: expected"));
    }
}
