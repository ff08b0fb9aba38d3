//! Ports of InfiniBand and its kin that the inventory names.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Infiniband as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "infiniband",
    about: "the inventory's RDMA ports: there, active, fast enough; EFA's driver always says active, so there its presence counts",
    codes: &[
        Code {
            code: "missing",
            means: "the port is not there",
            clear: "look at the card and its driver",
        },
        Code {
            code: "down",
            means: "the port is not active",
            clear: "look at the cable, the switch and the subnet manager",
        },
        Code {
            code: "slow",
            means: "the port is slower than the inventory names",
            clear: "look at the cable and the switch",
        },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Infiniband::new(ground)),
};

struct Infiniband {
    wanted: Vec<Wanted>,
    dir: PathBuf,
}

impl Infiniband {
    fn new(ground: &Ground) -> Self {
        let dir = ground.paths.sysfs.join("class/infiniband");
        Self { wanted: ground.expected.infiniband.clone(), dir }
    }

    fn judge(&self, wanted: &Wanted) -> Finding {
        let name = format!("{}/{}", wanted.device, wanted.port);
        let port = self.dir.join(&wanted.device).join("ports").join(wanted.port.to_string());
        let file = |file: &str| reading::text(&port.join(file)).ok().flatten();
        let Some(state) = file("state") else {
            return Finding::fail("missing", format!("{name} is not there"));
        };
        if !state.ends_with("ACTIVE") {
            return Finding::fail("down", format!("{name} is {state}"));
        }
        let Some(least) = wanted.min_rate_gbps else {
            return Finding::pass(format!("{name} is active"));
        };
        // `100 Gb/sec (4X EDR)`, or `2.5 Gb/sec (1X SDR)`.
        let rate = file("rate").and_then(|rate| rate.split(' ').next()?.parse::<f64>().ok());
        match rate {
            Some(rate) if rate < least as f64 => {
                Finding::fail("slow", format!("{name} has {rate} Gbit/s, not {least}"))
            }
            Some(rate) => Finding::pass(format!("{name} is active with {rate} Gbit/s")),
            None => Finding::unknown(format!("{name} does not tell its rate")),
        }
    }
}

impl Check for Infiniband {
    fn look(&mut self) -> Finding {
        Finding::worst(self.wanted.iter().map(|wanted| self.judge(wanted)))
            .unwrap_or_else(|| Finding::not_applicable("the inventory names no RDMA port"))
    }
}
