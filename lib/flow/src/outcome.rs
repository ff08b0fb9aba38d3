//! How a stage's command ended, as its parent saw it.

use crate::{Judgement, Verdict};

/// How a stage's command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signaled(i32),
    /// We stopped it at its time limit of so many seconds.
    TimedOut {
        /// The limit.
        limit_secs: u64,
    },
    /// We stopped it because the user cancelled.
    Cancelled,
    /// The kernel killed a process of it for lack of memory.
    OutOfMemory,
}

impl Outcome {
    /// The judgement where the end itself decides, whatever the logs say.
    #[must_use]
    pub fn decides(self) -> Option<Judgement> {
        match self {
            Self::Exited(_) | Self::Signaled(_) => None,
            Self::TimedOut { limit_secs } => Some(Judgement::bare(
                Verdict::Timeout,
                format!("stopped at its time limit of {limit_secs} s"),
            )),
            Self::Cancelled => Some(Judgement::bare(Verdict::Cancelled, "cancelled")),
            Self::OutOfMemory => Some(Judgement::bare(
                Verdict::Oom,
                "the kernel killed a process at the job's memory limit",
            )),
        }
    }

    /// Why a stage has not passed although its files look like a pass: its command did not end well.
    #[must_use]
    pub fn trouble(self) -> Option<String> {
        match self {
            Self::Exited(0) => None,
            Self::Exited(code) => Some(format!("its command exited with {code}")),
            Self::Signaled(signal) => Some(format!("its command was killed by signal {signal}")),
            Self::TimedOut { .. } | Self::Cancelled | Self::OutOfMemory => {
                Some("its command was stopped".to_owned())
            }
        }
    }
}
