//! `node_time_*`: the node's clock, and what drives it, from /sys/devices/system/clocksource.
//!
//! A clock source keeps its own number; node_exporter counts them, which is the same wherever they
//! begin at 0.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use edctl_exposition::{Family, Page};
use edctl_sys::zone::Zone;

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::hotplug::Found;
use crate::reading::kept::Kept;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "time",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "clock_gettime(2), localtime(3), /sys/devices/system/clocksource",
    families: &[
        FamilyDoc::gauge("node_time_seconds", &[]),
        FamilyDoc::gauge("node_time_zone_offset_seconds", &["time_zone"]),
        FamilyDoc::gauge("node_time_clocksource_available_info", &["device", "clocksource"]),
        FamilyDoc::gauge("node_time_clocksource_current_info", &["device", "clocksource"]),
    ],
    make: |host, _| Box::new(Time::new(host)),
};

pub(super) struct Time {
    now: fn() -> SystemTime,
    zone: fn(i64) -> Option<Zone>,
    dir: PathBuf,
    /// Their names and their numbers.
    devices: Found<Vec<(String, String)>>,
    kept: Kept,
}

/// Clock sources that stay open; the kernel has one.
const MOST_KEPT: usize = 4;

impl Time {
    pub(super) fn new(host: &Host) -> Self {
        Self {
            now: host.now,
            zone: host.zone,
            dir: host.paths.sysfs.join("devices/system/clocksource"),
            devices: Found::new(&host.paths),
            kept: Kept::new(2 * MOST_KEPT),
        }
    }
}

impl Time {
    fn add_zone(&self, now_secs: u64, page: &mut Page) {
        let zone = i64::try_from(now_secs).ok().and_then(self.zone);
        if let Some(Zone { name, offset_secs }) = zone {
            let help = "How far the node's time zone is east of UTC.";
            let family = Family::gauge("node_time_zone_offset_seconds", help);
            page.add(family.with(&[("time_zone", &name)], offset_secs));
        }
    }
}

impl Collector for Time {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        if let Ok(now) = (self.now)().duration_since(UNIX_EPOCH) {
            let help = "The node's time, in seconds since 1970.";
            page.add(Family::gauge("node_time_seconds", help).with(&[], now.as_secs_f64()));
            self.add_zone(now.as_secs(), page);
        }
        let devices = self.devices.get(|| sysfs::list_numbered(&self.dir, "clocksource"));
        let devices = match devices {
            Err(CollectError::Absent { .. }) => None,
            other => or_left_out(other.map(Some)),
        };
        let mut available =
            Family::gauge("node_time_clocksource_available_info", "Clocks that could be used.");
        let mut current =
            Family::gauge("node_time_clocksource_current_info", "The clock that is used.");
        for (name, number) in devices.into_iter().flatten() {
            for (family, file) in
                [(&mut available, "available_clocksource"), (&mut current, "current_clocksource")]
            {
                let clocks = self.kept.text(&self.dir.join(name).join(file));
                let clocks = or_left_out(clocks).unwrap_or_default();
                for clock in clocks.split_ascii_whitespace() {
                    family.push(&[("device", number.as_str()), ("clocksource", clock)], 1u64);
                }
            }
        }
        page.add(available);
        page.add(current);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::time::sysfs::tests::{shown, tree};

    #[test]
    fn the_clock_and_its_sources() {
        let dir = "devices/system/clocksource/clocksource0";
        let files = [
            (format!("{dir}/available_clocksource"), "tsc hpet \n"),
            (format!("{dir}/current_clocksource"), "tsc\n"),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, *text)).collect();
        let text = shown(&ENTRY, tree(&files).path()).unwrap();
        for line in [
            r#"node_time_clocksource_available_info{device="0",clocksource="tsc"} 1"#,
            r#"node_time_clocksource_available_info{device="0",clocksource="hpet"} 1"#,
            r#"node_time_clocksource_current_info{device="0",clocksource="tsc"} 1"#,
        ] {
            assert!(text.lines().any(|shown| shown == line), "{text}");
        }
    }

    #[test]
    fn a_clock_without_known_sources() {
        let text = shown(&ENTRY, tree(&[]).path()).unwrap();
        assert!(text.contains("node_time_seconds "), "{text}");
        assert!(!text.contains("clocksource=\""), "{text}");
    }
}
