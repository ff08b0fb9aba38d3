//! The hooks that Slurm calls, and how it names them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which of Slurm's hooks ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// `Prolog`: on the node, as root, before a job's first step or at its allocation.
    Prolog,
    /// `Epilog`: on every node of the allocation, as root, at the job's end.
    Epilog,
    /// `TaskProlog`: as the user, before each task; its output makes the task's environment.
    TaskProlog,
    /// `TaskEpilog`: as the user, after each task.
    TaskEpilog,
    /// `PrologSlurmctld`: on the controller, as SlurmUser.
    PrologSlurmctld,
    /// `EpilogSlurmctld`: on the controller, as SlurmUser.
    EpilogSlurmctld,
    /// `HealthCheckProgram`: on the node, as root, again and again.
    HealthCheck,
    /// `UnkillableStepProgram`: on the node, as root, when a step would not die.
    UnkillableStep,
}

impl Hook {
    /// All hooks, in the order in which a job meets them.
    pub const ALL: [Hook; 8] = [
        Hook::PrologSlurmctld,
        Hook::Prolog,
        Hook::TaskProlog,
        Hook::TaskEpilog,
        Hook::Epilog,
        Hook::EpilogSlurmctld,
        Hook::HealthCheck,
        Hook::UnkillableStep,
    ];

    /// The word for it in messages, metrics and the spool.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Prolog => "prolog",
            Hook::Epilog => "epilog",
            Hook::TaskProlog => "task_prolog",
            Hook::TaskEpilog => "task_epilog",
            Hook::PrologSlurmctld => "prolog_slurmctld",
            Hook::EpilogSlurmctld => "epilog_slurmctld",
            Hook::HealthCheck => "health_check",
            Hook::UnkillableStep => "unkillable_step",
        }
    }

    /// Understands our own word and what Slurm puts into `SLURM_SCRIPT_CONTEXT`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "prolog_slurmd" => Some(Hook::Prolog),
            "epilog_slurmd" => Some(Hook::Epilog),
            "prolog_task" => Some(Hook::TaskProlog),
            "epilog_task" => Some(Hook::TaskEpilog),
            own => Self::ALL.into_iter().find(|hook| hook.as_str() == own),
        }
    }

    /// Whether the hook runs as the job's user; all others run as root or SlurmUser.
    #[must_use]
    pub fn runs_as_user(self) -> bool {
        matches!(self, Hook::TaskProlog | Hook::TaskEpilog)
    }

    /// Whether the hook speaks about one job.
    #[must_use]
    pub fn has_job(self) -> bool {
        self != Hook::HealthCheck
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_words() {
        for hook in Hook::ALL {
            assert_eq!(Hook::from_word(hook.as_str()), Some(hook));
            assert_eq!(serde_json::to_string(&hook).unwrap(), format!("\"{hook}\""));
        }
    }

    #[test]
    fn knows_slurms_words() {
        for (word, hook) in [
            ("prolog_slurmd", Some(Hook::Prolog)),
            ("epilog_slurmd", Some(Hook::Epilog)),
            ("prolog_task", Some(Hook::TaskProlog)),
            ("epilog_task", Some(Hook::TaskEpilog)),
            ("prolog_slurmctld", Some(Hook::PrologSlurmctld)),
            ("epilog_slurmctld", Some(Hook::EpilogSlurmctld)),
            ("prolog_srun", None),
            ("PROLOG", None),
            ("", None),
        ] {
            assert_eq!(Hook::from_word(word), hook, "{word:?}");
        }
    }
}
