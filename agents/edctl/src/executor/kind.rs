//! Which executors there are, and what a user may choose.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a user may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
