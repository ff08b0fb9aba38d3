//! Where stages run: under Slurm, or on this machine.

pub(crate) mod local;
mod pending;
pub(crate) mod process;
mod queue;
pub(crate) mod slurm;
mod squeue;

pub(crate) use queue::Queue;

use clap::ValueEnum;
use edctl_flow::Verdict;
use serde::{Deserialize, Serialize};

/// What a user may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// Slurm where sbatch is installed, else this machine.
    Auto,
    /// Slurm.
    Slurm,
    /// This machine, detached from the terminal.
    Local,
}

/// Where a run runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Executor {
    /// Under Slurm.
    Slurm,
    /// On the machine where it was submitted.
    Local,
}

impl Executor {
    /// The word in records.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Slurm => "slurm",
            Self::Local => "local",
        }
    }
}

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
