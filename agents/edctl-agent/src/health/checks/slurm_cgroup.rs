//! Controllers of control groups that slurmd needs to hold jobs to their limits.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "slurm_cgroup",
    about: "the inventory's controllers: in cgroup.controllers (v2), or each mounted (v1)",
    codes: &[Code {
        code: "controller",
        means: "a controller is missing, so jobs are not held to their limits",
        clear: "look at the kernel's command line (cgroup_enable=memory) and at systemd's Delegate=",
    }],
    compares: true,
    fails_after: 2,
    heals_after: 1,
    make: |ground| Box::new(SlurmCgroup::new(ground)),
};

struct SlurmCgroup {
    wanted: Vec<String>,
    cgroupfs: PathBuf,
}

impl SlurmCgroup {
    fn new(ground: &Ground) -> Self {
        let wanted = ground.expected.cgroup_controllers.clone();
        Self { wanted, cgroupfs: ground.paths.cgroupfs.clone() }
    }
}

impl Check for SlurmCgroup {
    fn look(&mut self) -> Finding {
        if self.wanted.is_empty() {
            return Finding::not_applicable("the inventory names no controller");
        }
        let unified = match reading::text(&self.cgroupfs.join("cgroup.controllers")) {
            Ok(unified) => unified,
            Err(error) => return Finding::unknown(error),
        };
        let is_there = |controller: &str| match &unified {
            Some(list) => list.split(' ').any(|word| word == controller),
            None => self.cgroupfs.join(controller).join("tasks").exists(),
        };
        match self.wanted.iter().find(|controller| !is_there(controller)) {
            Some(controller) => Finding::fail("controller", format!("{controller} is missing")),
            None => Finding::pass("all controllers are there"),
        }
    }
}
