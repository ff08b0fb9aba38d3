//! Errors of the memory, as EDAC counts them since the boot.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "edac",
    about: "/sys/devices/system/edac/mc: errors of the memory since the boot",
    codes: &[
        Code {
            code: "uncorrectable",
            means: "memory lost what it held; the counter begins anew with the next boot",
            clear: "replace the module, then reboot",
        },
        Code {
            code: "correctable",
            means: "more than 100 errors were corrected since the last look",
            clear: "plan to replace the module",
        },
    ],
    compares: false,
    fails_after: 1,
    heals_after: 1,
    make: |ground| Box::new(Edac::new(ground)),
};

const MANY_CORRECTED: u64 = 100;

struct Edac {
    dir: PathBuf,
    corrected_before: Option<u64>,
}

impl Edac {
    fn new(ground: &Ground) -> Self {
        let dir = ground.paths.sysfs.join("devices/system/edac/mc");
        Self { dir, corrected_before: None }
    }
}

impl Check for Edac {
    fn look(&mut self) -> Finding {
        let controllers = match reading::list(&self.dir) {
            Ok(paths) => paths,
            Err(error) => return Finding::unknown(error),
        };
        let counts = |file: &str| -> Vec<u64> {
            controllers.iter().filter_map(|dir| reading::number(&dir.join(file))).collect()
        };
        let (lost, corrected) = (counts("ue_count"), counts("ce_count"));
        if lost.is_empty() && corrected.is_empty() {
            return Finding::not_applicable("EDAC watches no memory here");
        }
        let (lost, corrected): (u64, u64) = (lost.iter().sum(), corrected.iter().sum());
        let before = self.corrected_before.replace(corrected).unwrap_or(corrected);
        let new = corrected.saturating_sub(before);
        if lost > 0 {
            Finding::fail("uncorrectable", format!("{lost} errors that could not be corrected"))
        } else if new > MANY_CORRECTED {
            Finding::warn("correctable", format!("{new} errors were corrected since the last look"))
        } else {
            Finding::pass(format!("{corrected} errors were corrected since the boot"))
        }
    }
}
