//! Network devices that the inventory names: there, up, fast enough, without many new errors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Nic as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "nic",
    about: "the inventory's network devices: operstate, carrier, speed, errors since the last look",
    codes: &[
        Code {
            code: "missing",
            means: "the device is not there",
            clear: "attach it; look at its driver",
        },
        Code {
            code: "down",
            means: "the link is not up",
            clear: "look at the cable, the switch, `ip link`",
        },
        Code {
            code: "slow",
            means: "the link is slower than the inventory names",
            clear: "look at the cable and the switch",
        },
        Code {
            code: "errors",
            means: "more than 100 new errors since the last look",
            clear: "look at the cable and the switch",
        },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Nic::new(ground)),
};

const MANY_ERRORS: u64 = 100;

struct Nic {
    wanted: Vec<Wanted>,
    dir: PathBuf,
    errors_before: BTreeMap<String, u64>,
}

impl Nic {
    fn new(ground: &Ground) -> Self {
        let dir = ground.paths.sysfs.join("class/net");
        Self { wanted: ground.expected.nic.clone(), dir, errors_before: BTreeMap::new() }
    }

    fn judge(&mut self, wanted: &Wanted) -> Finding {
        let (name, dir) = (&wanted.name, self.dir.join(&wanted.name));
        if !dir.exists() {
            return Finding::fail("missing", format!("{name} is not there"));
        }
        let state = match reading::text(&dir.join("operstate")) {
            Ok(state) => state.unwrap_or_default(),
            Err(error) => return Finding::unknown(format!("{name}: {error}")),
        };
        // A device that cannot tell, such as a bridge's port in a container, says `unknown`.
        let has_carrier = reading::number(&dir.join("carrier")) == Some(1);
        if state != "up" && !(state == "unknown" && has_carrier) {
            return Finding::fail("down", format!("{name} is {state}"));
        }
        let errors: Vec<u64> = ["statistics/rx_errors", "statistics/tx_errors"]
            .iter()
            .filter_map(|file| reading::number(&dir.join(file)))
            .collect();
        let errors: u64 = errors.iter().sum();
        let new = errors
            .saturating_sub(self.errors_before.insert(name.clone(), errors).unwrap_or(errors));
        if new > MANY_ERRORS {
            return Finding::warn("errors", format!("{name}: {new} errors since the last look"));
        }
        let Some(least) = wanted.min_speed_mbps else {
            return Finding::pass(format!("{name} is up"));
        };
        match reading::number(&dir.join("speed")) {
            Some(speed) if speed < least => {
                Finding::fail("slow", format!("{name} has {speed} Mbit/s, not {least}"))
            }
            Some(speed) => Finding::pass(format!("{name} is up with {speed} Mbit/s")),
            None => Finding::unknown(format!("{name} does not tell its speed")),
        }
    }
}

impl Check for Nic {
    fn look(&mut self) -> Finding {
        let wanted = self.wanted.clone();
        let findings: Vec<Finding> = wanted.iter().map(|wanted| self.judge(wanted)).collect();
        Finding::worst(findings)
            .unwrap_or_else(|| Finding::not_applicable("the inventory names no network device"))
    }
}
