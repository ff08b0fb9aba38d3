//! What an executor says of a stage.

use edctl_flow::Verdict;

/// What Slurm says of a run's job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Its id; `None` where no job is surely this run's.
    pub(crate) job_id: Option<u32>,
    /// How it stands.
    pub(crate) answer: Answer,
}

/// What an executor says of a stage that left no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It waits.
    Pending {
        /// Why, in words.
        reason: String,
    },
    /// It runs.
    Running {
        /// Where, if that is known.
        node: Option<String>,
    },
    /// It ended, and the executor says how.
    Ended {
        /// How.
        verdict: Verdict,
        /// In words.
        summary: String,
    },
    /// The executor knows nothing of it any more.
    Gone,
    /// The executor cannot be asked.
    Unknown {
        /// Why.
        reason: String,
    },
}
