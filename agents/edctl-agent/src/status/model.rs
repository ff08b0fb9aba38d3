//! What `status` says, the same on the socket and with `-o json`.

use std::time::{SystemTime, UNIX_EPOCH};

use edctl_spool::Depth;
use serde::{Deserialize, Serialize};

use crate::collector::Report;
use crate::node::{Job, NodeState, Past};

/// The version of this form; a field may be added without a new one.
const VERSION: u32 = 1;

/// Most events shown.
const MOST_HOOKS: usize = 20;

/// Who the agent is.
#[derive(Debug, Clone)]
pub(crate) struct About {
    node: String,
    since_usec: u64,
}

impl About {
    /// This process, started now.
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            node: crate::host::read_uname().nodename,
            since_usec: u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Everything that `status` shows. Times are microseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) v: u32,
    pub(crate) node: String,
    pub(crate) version: String,
    pub(crate) pid: u32,
    pub(crate) since_usec: u64,
    pub(crate) jobs: Vec<Job>,
    /// The last hooks, the newest first.
    pub(crate) hooks: Vec<Past>,
    /// Absent when it cannot be read.
    pub(crate) spool: Option<SpoolStatus>,
    pub(crate) collectors: Vec<CollectorStatus>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SpoolStatus {
    pub(crate) records: usize,
    pub(crate) temporary: usize,
    pub(crate) corrupt: usize,
    pub(crate) bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
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
        state: &NodeState,
        spool: Option<Depth>,
        reports: &[Report],
    ) -> Self {
        Self {
            v: VERSION,
            node: about.node.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            since_usec: about.since_usec,
            jobs: state.jobs().cloned().collect(),
            hooks: state.past().take(MOST_HOOKS).cloned().collect(),
            spool: spool.map(|depth| SpoolStatus {
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
}
