//! What all questions to Slurm share.

use std::time::Duration;

use edctl_slurm::RunError;

use crate::run::RunRecord;

/// How long Slurm has to answer: a controller that restarts takes some seconds.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// A summary is one line of a table.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

/// What a run's job is called; runs of the same kind share it.
pub(super) fn job_name(run: &RunRecord) -> String {
    format!("edctl-{}-{}", run.design, run.flow)
}

pub(super) fn is_unknown_job(error: &RunError) -> bool {
    matches!(error, RunError::Failed { stderr, .. } if stderr.contains("Invalid job id"))
}
