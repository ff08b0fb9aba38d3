//! A run as it is shown: the records and the executor's word together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use edctl_flow::{Flow, SubResult, Verdict};
use serde::Serialize;

use super::state::State;
use crate::executor::Executor;

/// A run as it stands. `-o json` prints this.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunView {
    /// `edctl.status/v1`
    pub(crate) schema: &'static str,
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) flow: Flow,
    pub(crate) design: String,
    pub(crate) profile: String,
    pub(crate) executor: Executor,
    pub(crate) user: String,
    pub(crate) created_unix_ms: u64,
    pub(crate) dir: PathBuf,
    pub(crate) traceparent: String,
    pub(crate) stages: Vec<StageView>,
}

/// A stage as it stands; what is not known is absent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StageView {
    pub(crate) name: Flow,
    pub(crate) state: State,
    /// One line for people: why it waits, what it found.
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subtests_passed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subtests_planned: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_unix_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_unix_ms: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subtests: Vec<SubResult>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metrics: BTreeMap<String, f64>,
    /// What stood in the place of figures that could not be taken.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left_out: BTreeMap<String, String>,
    pub(crate) log: PathBuf,
}

impl RunView {
    /// The state of the whole: not over before every stage is.
    pub(crate) fn state_of(stages: &[StageView]) -> State {
        let open = stages.iter().map(|stage| stage.state).find(|state| state.verdict().is_none());
        let verdicts = stages.iter().filter_map(|stage| stage.state.verdict());
        open.unwrap_or_else(|| State::Ended(Verdict::combine(verdicts)))
    }
}

impl StageView {
    /// How long it ran, up to `now` where it still does.
    pub(crate) fn duration_ms(&self, now_unix_ms: u64) -> Option<u64> {
        let end = match self.state {
            State::Running => now_unix_ms,
            _ => self.ended_unix_ms?,
        };
        end.checked_sub(self.started_unix_ms?)
    }

    /// `45/45`, where the stage has sub-results.
    pub(crate) fn score(&self) -> Option<String> {
        Some(format!("{}/{}", self.subtests_passed?, self.subtests_planned?))
    }
}
