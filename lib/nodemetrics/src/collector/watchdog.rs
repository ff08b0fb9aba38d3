//! `node_watchdog_*`: the timers that restart a hung machine, from /sys/class/watchdog.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// Family, attribute, help.
const NUMBERS: [(&str, &str, &str); 7] = [
    ("node_watchdog_bootstatus", "bootstatus", "The watchdog's flags at boot."),
    ("node_watchdog_fw_version", "fw_version", "The version of the watchdog's firmware."),
    ("node_watchdog_nowayout", "nowayout", "Whether a watchdog that runs cannot be stopped."),
    ("node_watchdog_timeleft_seconds", "timeleft", "Time until the watchdog restarts the machine."),
    ("node_watchdog_timeout_seconds", "timeout", "Time that the watchdog gives."),
    ("node_watchdog_pretimeout_seconds", "pretimeout", "Time between warning and restart."),
    ("node_watchdog_access_cs0", "access_cs0", "Whether the first boot flash can be reached."),
];

const INFO: [&str; 6] = ["name", "options", "identity", "state", "status", "pretimeout_governor"];

pub(super) const ENTRY: Entry = Entry {
    name: "watchdog",
    preset: Preset::On,
    runs: Runs::ApartIfAny("class/watchdog"),
    reads: "/sys/class/watchdog",
    families: &[
        FamilyDoc::gauge("node_watchdog_bootstatus", &["name"]),
        FamilyDoc::gauge("node_watchdog_fw_version", &["name"]),
        FamilyDoc::gauge("node_watchdog_nowayout", &["name"]),
        FamilyDoc::gauge("node_watchdog_timeleft_seconds", &["name"]),
        FamilyDoc::gauge("node_watchdog_timeout_seconds", &["name"]),
        FamilyDoc::gauge("node_watchdog_pretimeout_seconds", &["name"]),
        FamilyDoc::gauge("node_watchdog_access_cs0", &["name"]),
        FamilyDoc::gauge("node_watchdog_info", &INFO),
    ],
    make: |host, _| Box::new(Watchdog::new(host)),
};

pub(super) struct Watchdog {
    dir: PathBuf,
}

impl Watchdog {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/watchdog") }
    }
}

impl Collector for Watchdog {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for name in sysfs::list(&self.dir)? {
            let dir = self.dir.join(&name);
            for (family, attribute, help) in NUMBERS {
                let value: Result<Option<i64>, _> = sysfs::number(&dir.join(attribute));
                if let Some(value) = or_left_out(value) {
                    page.add(Family::gauge(family, help).with(&[("name", &name)], value));
                }
            }
            let info = info(&dir, &name);
            page.add(info);
        }
        Ok(())
    }
}

/// What the watchdog says in words; an empty label where it does not.
fn info(dir: &Path, name: &str) -> Family {
    let values = INFO.map(|label| match label {
        "name" => name.to_owned(),
        _ => or_left_out(sysfs::text(&dir.join(label))).unwrap_or_default(),
    });
    let labels: Vec<(&str, &str)> =
        INFO.into_iter().zip(values.iter().map(String::as_str)).collect();
    Family::gauge("node_watchdog_info", "What the watchdog is.").with(&labels, 1u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::watchdog::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn a_watchdog_and_one_without_attributes() {
        let dir = tree(&[
            ("class/watchdog/watchdog0/timeout", "60\n"),
            ("class/watchdog/watchdog0/timeleft", "soon\n"),
            ("class/watchdog/watchdog0/identity", "Software Watchdog\n"),
            ("class/watchdog/watchdog1/uevent", ""),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        assert_eq!(
            text,
            concat!(
                "# TYPE node_watchdog_info gauge\n",
                r#"node_watchdog_info{name="watchdog0",options="",identity="Software Watchdog",state="",status="",pretimeout_governor=""} 1"#,
                "\n",
                r#"node_watchdog_info{name="watchdog1",options="",identity="",state="",status="",pretimeout_governor=""} 1"#,
                "\n# TYPE node_watchdog_timeout_seconds gauge\n",
                "node_watchdog_timeout_seconds{name=\"watchdog0\"} 60\n",
            )
        );
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
