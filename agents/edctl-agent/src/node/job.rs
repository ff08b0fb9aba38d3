//! One job on the node.

use edctl_hookmsg::Event;
use edctl_slurm::JobComment;
use edctl_tracectx::TraceParent;
use serde::{Deserialize, Serialize};

/// A job between its prolog and its epilog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Job {
    pub(crate) job_id: u32,
    /// When its prolog ran, in microseconds since 1970.
    pub(crate) since_usec: u64,
    pub(crate) restart: u32,
    pub(crate) uid: Option<u32>,
    pub(crate) user: Option<String>,
    pub(crate) partition: Option<String>,
    /// The run and the stage that `edctl submit` put into the comment, and the trace context.
    pub(crate) run: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) traceparent: Option<String>,
    /// How Slurm 25.11 and later names the job beside its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sluid: Option<String>,
    pub(crate) tasks_started: u64,
    pub(crate) tasks_ended: u64,
}

impl Job {
    /// The job that a prolog speaks of.
    pub(crate) fn begin(job_id: u32, prolog: &Event) -> Self {
        let comment = prolog.comment.as_deref().map(JobComment::parse).unwrap_or_default();
        let traceparent = comment.traceparent.and_then(|text| TraceParent::parse(text).ok());
        Self {
            job_id,
            since_usec: prolog.time_usec,
            restart: prolog.restart.unwrap_or(0),
            uid: prolog.uid,
            user: prolog.user.clone(),
            partition: prolog.facts.get("partition").cloned(),
            run: comment.run.map(str::to_owned),
            stage: comment.stage.map(str::to_owned),
            traceparent: traceparent.map(|traceparent| traceparent.to_string()),
            sluid: prolog.facts.get("sluid").cloned(),
            tasks_started: 0,
            tasks_ended: 0,
        }
    }
}
