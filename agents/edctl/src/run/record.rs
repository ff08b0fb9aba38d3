//! The records of a run: what stands in its files.

use std::path::PathBuf;

use edctl_flow::{Flow, Judgement, SubResult, Verdict};
use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::config::Resources;
use crate::executor::Executor;

/// `run.json`: what was asked for, complete before any job exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunRecord {
    /// `edctl.run/v1`
    pub(crate) schema: String,
    /// The run's ULID.
    pub(crate) id: String,
    /// What is done; today also the name of the one stage.
    pub(crate) flow: Flow,
    /// To which design.
    pub(crate) design: String,
    /// The design's top module.
    pub(crate) top: String,
    /// The profile's name.
    pub(crate) profile: String,
    /// What the profile allowed at the time.
    pub(crate) resources: Resources,
    /// Where it runs.
    pub(crate) executor: Executor,
    /// The trace's root: every job's comment and environment carry it.
    pub(crate) traceparent: String,
    /// The sub-tests that must report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) plan: Vec<String>,
    /// The design's source at the time.
    pub(crate) source: Source,
    /// The flow's directory.
    pub(crate) flow_dir: PathBuf,
    /// Who submitted.
    pub(crate) user: String,
    /// From which host.
    pub(crate) host: String,
    /// When.
    pub(crate) created_unix_ms: u64,
    /// By which release.
    pub(crate) edctl_version: String,
}

/// `job.json`: what the executor called it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct JobRecord {
    /// `edctl.job/v1`
    pub(crate) schema: String,
    /// Slurm's job id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<u32>,
    /// The local executor's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<ProcessId>,
    /// When.
    pub(crate) submitted_unix_ms: u64,
}

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProcessId {
    /// On which host.
    pub(crate) host: String,
    /// In which boot of it.
    pub(crate) boot_id: String,
    /// The process's number.
    pub(crate) pid: u32,
    /// Its start, in clock ticks after boot.
    pub(crate) start_ticks: u64,
}

/// `start.json`: the stage's own word that it started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StartRecord {
    /// `edctl.start/v1`
    pub(crate) schema: String,
    /// The stage's process.
    pub(crate) process: ProcessId,
    /// The node's name.
    pub(crate) node: String,
    /// Slurm's job id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<u32>,
    /// How often Slurm had requeued the job.
    pub(crate) restart: u32,
    /// The trace context that the command got.
    pub(crate) traceparent: String,
    /// When.
    pub(crate) started_unix_ms: u64,
}

/// `cancel.json`: the user's wish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CancelRecord {
    /// `edctl.cancel/v1`
    pub(crate) schema: String,
    /// Who.
    pub(crate) user: String,
    /// When.
    pub(crate) cancelled_unix_ms: u64,
}

/// `result.json`: how the stage ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ResultRecord {
    /// `edctl.result/v1`
    pub(crate) schema: String,
    /// The run.
    pub(crate) run: String,
    /// The stage.
    pub(crate) stage: Flow,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// One line for people.
    pub(crate) summary: String,
    /// The first sub-test that failed or is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_failure: Option<String>,
    /// The sub-results in the plan's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) subtests: Vec<SubResult>,
    /// When.
    pub(crate) ended_unix_ms: u64,
}

impl ResultRecord {
    /// The record of a judgement that was made now.
    pub(crate) fn of(run: &RunRecord, judgement: &Judgement) -> Self {
        Self {
            schema: "edctl.result/v1".to_owned(),
            run: run.id.clone(),
            stage: run.flow,
            verdict: judgement.verdict,
            summary: judgement.summary.clone(),
            first_failure: judgement.first_failure.clone(),
            subtests: judgement.subtests.clone(),
            ended_unix_ms: crate::time::now_unix_ms(),
        }
    }
}
