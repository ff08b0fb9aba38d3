//! The words that end a stage, a sub-test or a run, and how they add up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How something ended. The order is the order of [`Verdict::combine`]: the greatest word of the
/// parts is the word of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All evidence for a pass is there.
    Passed,
    /// Both outcomes for the same inputs.
    Flaky,
    /// Expected, and never reported.
    Missing,
    /// Stopped by the user.
    Cancelled,
    /// Stopped at its time limit.
    Timeout,
    /// Stopped for lack of memory.
    Oom,
    /// The infrastructure failed: nothing is known about the design.
    Error,
    /// The design failed: a fact, whatever else went wrong beside it.
    Failed,
}

impl Verdict {
    /// Every verdict, from the mildest to the one that outweighs all.
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Flaky,
        Self::Missing,
        Self::Cancelled,
        Self::Timeout,
        Self::Oom,
        Self::Error,
        Self::Failed,
    ];

    /// The verdict of a whole, from its parts; of nothing it is `missing`.
    #[must_use]
    pub fn combine(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or(Self::Missing)
    }

    /// The exit code of a command that reports this verdict.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed | Self::Missing | Self::Flaky => 1,
            Self::Error => 3,
            Self::Timeout | Self::Oom => 4,
            Self::Cancelled => 130,
        }
    }

    /// The word itself, as it stands in records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Missing => "missing",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Oom => "oom",
            Self::Error => "error",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_part_names_the_whole() {
        use Verdict::{Cancelled, Error, Failed, Missing, Passed, Timeout};
        for (parts, whole) in [
            (vec![Passed, Passed], Passed),
            (vec![Passed, Missing], Missing),
            (vec![Failed, Error], Failed),
            (vec![Timeout, Cancelled, Passed], Timeout),
            (vec![], Missing),
        ] {
            assert_eq!(Verdict::combine(parts.clone()), whole, "{parts:?}");
        }
    }

    #[test]
    fn only_a_pass_exits_with_zero() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.exit_code() == 0, verdict == Verdict::Passed, "{verdict}");
        }
    }

    #[test]
    fn records_hold_the_word() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
        assert!(serde_json::from_str::<Verdict>("\"ok\"").is_err());
    }
}
