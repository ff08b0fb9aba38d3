//! What a hook tells the agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Hook;
use crate::text::is_clean;

/// Longest user, node, cluster or id in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Longest job comment in bytes; what is longer is cut by the hook.
pub const MAX_COMMENT_BYTES: usize = 1024;

/// Longest fact in bytes.
pub const MAX_FACT_BYTES: usize = 256;

/// A fact about the job: its word in the message and the variable it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactSource {
    /// The word in [`Event::facts`].
    pub name: &'static str,
    /// The environment variable that Slurm sets.
    pub variable: &'static str,
}

/// The only variables beside the event's own fields that ever leave a hook.
pub const FACTS: &[FactSource] = &[
    FactSource { name: "account", variable: "SLURM_JOB_ACCOUNT" },
    FactSource { name: "array_job", variable: "SLURM_ARRAY_JOB_ID" },
    FactSource { name: "array_task", variable: "SLURM_ARRAY_TASK_ID" },
    FactSource { name: "cpus_on_node", variable: "SLURM_CPUS_ON_NODE" },
    FactSource { name: "exit_code", variable: "SLURM_JOB_EXIT_CODE2" },
    FactSource { name: "derived_exit_code", variable: "SLURM_JOB_DERIVED_EC" },
    FactSource { name: "gpus", variable: "SLURM_JOB_GPUS" },
    FactSource { name: "het_job", variable: "SLURM_HET_JOB_ID" },
    FactSource { name: "job_name", variable: "SLURM_JOB_NAME" },
    FactSource { name: "nodes", variable: "SLURM_NODELIST" },
    FactSource { name: "partition", variable: "SLURM_JOB_PARTITION" },
    FactSource { name: "qos", variable: "SLURM_JOB_QOS" },
    FactSource { name: "reservation", variable: "SLURM_JOB_RESERVATION" },
    FactSource { name: "sluid", variable: "SLURM_JOB_SLUID" },
];

/// Which task of which step, in the hooks that run around tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// `SLURM_STEP_ID`; the batch step has one of the last 32-bit numbers.
    pub step: u32,
    /// `SLURM_PROCID`.
    pub proc_id: u32,
}

/// One run of one hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Tells this run from all others on the node; the same on the socket and in the spool.
    pub id: String,
    /// Which hook ran.
    pub hook: Hook,
    /// When, in microseconds since 1970.
    pub time_usec: u64,
    /// The job; absent for [`Hook::HealthCheck`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<u32>,
    /// How often the job was restarted, where Slurm says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<u32>,
    /// Which task, around tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The job's user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The job's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The node's name in Slurm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The cluster's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The job's comment, where a submitter leaves the run, the stage and the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The boot in which the hook ran; only in the spool, which outlives a boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// What else Slurm says, by the names of [`FACTS`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

impl Event {
    /// The field that breaks a cap, if one does.
    pub(crate) fn unfit_field(&self) -> Option<&'static str> {
        let id_ok = !self.id.is_empty() && is_clean(&self.id, MAX_NAME_BYTES);
        let names = [
            ("user", &self.user, MAX_NAME_BYTES),
            ("node", &self.node, MAX_NAME_BYTES),
            ("cluster", &self.cluster, MAX_NAME_BYTES),
            ("boot_id", &self.boot_id, MAX_NAME_BYTES),
            ("comment", &self.comment, MAX_COMMENT_BYTES),
        ];
        if !id_ok {
            return Some("id");
        }
        if self.hook.has_job() && self.job_id.is_none_or(|id| id == 0) {
            return Some("job_id");
        }
        for (field, value, max_bytes) in names {
            if value.as_ref().is_some_and(|value| !is_clean(value, max_bytes)) {
                return Some(field);
            }
        }
        let mut facts = self.facts.iter();
        let is_fit =
            facts.all(|(name, value)| is_known_fact(name) && is_clean(value, MAX_FACT_BYTES));
        (!is_fit).then_some("facts")
    }

    /// Drops the facts that only a later release knows.
    pub(crate) fn drop_unknown_facts(&mut self) {
        self.facts.retain(|name, _| is_known_fact(name));
    }
}

fn is_known_fact(name: &str) -> bool {
    FACTS.iter().any(|fact| fact.name == name)
}
