//! What `status` says, the same on the socket and with `-o json`.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use edctl_health::{Fitness, Outcome, Verdict};
use edctl_nodemetrics::Report;
use serde::{Deserialize, Serialize};

use crate::hooks::{Inner, STUCK, SpoolView};
use crate::node::{Ended, Job, Past};

/// The version of this form; a field may be added without a new one.
const VERSION: u32 = 1;

/// Most events shown.
const MOST_HOOKS: usize = 20;

/// Who the agent is.
#[derive(Debug, Clone)]
pub(crate) struct About {
    node: String,
    since_usec: u64,
    state_directory: PathBuf,
}

impl About {
    /// This process, started now.
    pub(crate) fn now(state_directory: &Path) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            node: edctl_nodemetrics::read_uname().nodename,
            since_usec: u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX),
            state_directory: state_directory.to_owned(),
        }
    }
}

/// Everything that `status` shows. Times are microseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    pub(crate) v: u32,
    pub(crate) node: String,
    pub(crate) version: String,
    pub(crate) pid: u32,
    pub(crate) since_usec: u64,
    pub(crate) jobs: Vec<Job>,
    /// The last jobs that have ended here, the newest first; none in an older agent's answer.
    #[serde(default)]
    pub(crate) ended: Vec<Ended>,
    /// The last hooks, the newest first.
    pub(crate) hooks: Vec<Past>,
    /// How the disk does that keeps the state; absent in the answer of an older agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<StateStatus>,
    /// Absent when it cannot be read.
    pub(crate) spool: Option<SpoolStatus>,
    /// For how long the spool's disk has not answered.
    #[serde(default)]
    pub(crate) spool_stuck_secs: f64,
    pub(crate) collectors: Vec<CollectorStatus>,
    /// Whether the node is fit for jobs; absent where nothing is checked, and in an older agent's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health: Option<Verdict>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StateStatus {
    pub(crate) directory: PathBuf,
    /// Whether what was kept before this start is known; else `jobs` has only what came since.
    pub(crate) loaded: bool,
    /// For how long the disk has not answered.
    pub(crate) stuck_secs: f64,
    /// Events of hooks that are in memory only.
    pub(crate) unwritten_events: usize,
    /// How often the disk refused.
    pub(crate) errors: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SpoolStatus {
    pub(crate) records: usize,
    pub(crate) temporary: usize,
    pub(crate) corrupt: usize,
    pub(crate) bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CollectorStatus {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) duration_secs: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl Status {
    pub(crate) fn of(
        about: &About,
        record: &Inner,
        spool: &SpoolView,
        reports: &[Report],
        health: Option<Verdict>,
    ) -> Self {
        Self {
            health,
            v: VERSION,
            node: about.node.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            since_usec: about.since_usec,
            jobs: record.state().jobs().cloned().collect(),
            ended: record.state().ended().cloned().collect(),
            hooks: record.state().past().take(MOST_HOOKS).cloned().collect(),
            state: Some(StateStatus {
                directory: about.state_directory.clone(),
                loaded: record.is_loaded(),
                stuck_secs: record.disk().stuck().as_secs_f64(),
                unwritten_events: record.unwritten(),
                errors: record.disk().errors,
            }),
            spool_stuck_secs: spool.stuck().as_secs_f64(),
            spool: spool.depth().map(|depth| SpoolStatus {
                records: depth.records,
                temporary: depth.temporary,
                corrupt: depth.corrupt,
                bytes: depth.bytes,
            }),
            collectors: reports
                .iter()
                .map(|report| CollectorStatus {
                    name: report.name.to_owned(),
                    state: report.state.as_str().to_owned(),
                    duration_secs: report.duration.as_secs_f64(),
                    error: report.error.clone(),
                })
                .collect(),
        }
    }

    /// What a script is told: what the checks say, and that something of the agent's own is wrong.
    pub(crate) fn fitness(&self) -> Fitness {
        let fitness = self.health.as_ref().map_or(Fitness::Fit, |verdict| verdict.verdict);
        match fitness {
            Fitness::Fit | Fitness::Unknown if !self.troubles().is_empty() => Fitness::Degraded,
            fitness => fitness,
        }
    }

    /// What is wrong, in words, the worst first.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let hangs = |stuck_secs: f64| stuck_secs >= STUCK.as_secs_f64();
        let mut troubles = Vec::new();
        let of_checks = self.health.iter().flat_map(|verdict| &verdict.checks);
        let failing = of_checks.filter(|check| check.state == Outcome::Fail && !check.shadow);
        troubles.extend(
            failing.map(|check| format!("the check {} fails: {}", check.name, check.detail)),
        );
        if let Some(state) = &self.state {
            let place = state.directory.display();
            if hangs(state.stuck_secs) {
                let stuck = state.stuck_secs;
                troubles.push(format!("the disk of {place} has not answered for {stuck:.0} s"));
            } else if state.errors > 0 {
                let errors = state.errors;
                troubles
                    .push(format!("the disk of {place} refused {errors} times; see the journal"));
            }
        }
        let of_collectors = self.collectors.iter().filter_map(CollectorStatus::trouble);
        troubles.extend(of_collectors);
        match &self.spool {
            None if hangs(self.spool_stuck_secs) => {
                let stuck = self.spool_stuck_secs;
                troubles.push(format!("the spool's disk has not answered for {stuck:.0} s"));
            }
            None => troubles.push("the spool cannot be read".to_owned()),
            Some(spool) if spool.corrupt == 1 => {
                troubles.push("1 record of the spool is corrupt and was put aside".to_owned());
            }
            Some(spool) if spool.corrupt > 1 => {
                let corrupt = spool.corrupt;
                troubles
                    .push(format!("{corrupt} records of the spool are corrupt and were put aside"));
            }
            Some(_) => {}
        }
        troubles
    }
}

impl CollectorStatus {
    fn trouble(&self) -> Option<String> {
        let why = self.error.as_deref().unwrap_or("no reason is known");
        match self.state.as_str() {
            "error" | "timeout" => Some(format!("the collector {} failed: {why}", self.name)),
            "partly" => Some(format!("the collector {} left values out: {why}", self.name)),
            _ => None,
        }
    }
}
