//! Errors of PCI Express, as the kernel counts them for each device (Advanced Error Reporting).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "pcie_aer",
    about: "/sys/bus/pci/devices/*/aer_dev_*: errors of PCI Express since the last look",
    codes: &[
        Code {
            code: "fatal",
            means: "a device had a fatal error; it counts until the next boot",
            clear: "look at the device, then reboot",
        },
        Code {
            code: "nonfatal",
            means: "a device had an error that it did not correct",
            clear: "look at the device and its slot",
        },
        Code {
            code: "correctable",
            means: "a device corrected more than 100 errors since the last look",
            clear: "look at the device and its slot",
        },
    ],
    compares: false,
    fails_after: 1,
    heals_after: 1,
    make: |ground| Box::new(PcieAer::new(ground)),
};

const MANY_CORRECTED: u64 = 100;

struct PcieAer {
    dir: PathBuf,
    before: BTreeMap<String, Counts>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    fatal: u64,
    nonfatal: u64,
    correctable: u64,
}

impl PcieAer {
    fn new(ground: &Ground) -> Self {
        Self { dir: ground.paths.sysfs.join("bus/pci/devices"), before: BTreeMap::new() }
    }
}

impl Check for PcieAer {
    fn look(&mut self) -> Finding {
        let devices = match reading::list(&self.dir) {
            Ok(paths) => paths,
            Err(error) => return Finding::unknown(error),
        };
        let now: BTreeMap<String, Counts> = devices
            .iter()
            .filter_map(|device| Some((reading::name(device), counts(device)?)))
            .collect();
        let findings: Vec<Finding> = now
            .iter()
            .map(|(device, counts)| judge(device, *counts, self.before.get(device).copied()))
            .collect();
        self.before = now;
        Finding::worst(findings)
            .unwrap_or_else(|| Finding::not_applicable("no device reports errors of PCI Express"))
    }
}

fn judge(device: &str, now: Counts, before: Option<Counts>) -> Finding {
    let before = before.unwrap_or(now);
    let nonfatal = now.nonfatal.saturating_sub(before.nonfatal);
    let corrected = now.correctable.saturating_sub(before.correctable);
    if now.fatal > 0 {
        Finding::fail("fatal", format!("{device}: {} fatal errors", now.fatal))
    } else if nonfatal > 0 {
        Finding::warn("nonfatal", format!("{device}: {nonfatal} errors that were not corrected"))
    } else if corrected > MANY_CORRECTED {
        Finding::warn("correctable", format!("{device}: {corrected} corrected errors"))
    } else {
        Finding::pass("no new errors")
    }
}

fn counts(device: &Path) -> Option<Counts> {
    let total = |file: &str, word: &str| {
        let text = reading::text(&device.join(file)).ok().flatten()?;
        text.lines().find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
    };
    Some(Counts {
        fatal: total("aer_dev_fatal", "TOTAL_ERR_FATAL")?,
        nonfatal: total("aer_dev_nonfatal", "TOTAL_ERR_NONFATAL")?,
        correctable: total("aer_dev_correctable", "TOTAL_ERR_COR")?,
    })
}
