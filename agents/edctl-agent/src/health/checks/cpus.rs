//! CPUs that are online, against the inventory.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "cpus",
    about: "/sys/devices/system/cpu/online against the inventory's cpus",
    codes: &[Code {
        code: "count",
        means: "another number of CPUs is online than the inventory names",
        clear: "bring them online, or correct the inventory and slurm.conf",
    }],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Cpus::new(ground)),
};

struct Cpus {
    wanted: Option<u64>,
    online: PathBuf,
}

impl Cpus {
    fn new(ground: &Ground) -> Self {
        let online = ground.paths.sysfs.join("devices/system/cpu/online");
        Self { wanted: ground.expected.cpus, online }
    }
}

impl Check for Cpus {
    fn look(&mut self) -> Finding {
        let Some(wanted) = self.wanted else {
            return Finding::not_applicable("the inventory names no number of CPUs");
        };
        let online = reading::text(&self.online).ok().flatten().as_deref().and_then(count);
        let Some(online) = online else {
            return Finding::unknown("no list of CPUs that are online");
        };
        let said = format!("{online} of {wanted} CPUs are online");
        if online < wanted { Finding::fail("count", said) } else { Finding::pass(said) }
    }
}

/// How many `0-3,8` are.
fn count(list: &str) -> Option<u64> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.split(',').map(range).try_fold(0u64, |sum, part| sum.checked_add(part?))
}
