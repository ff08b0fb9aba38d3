//! What a node's agent answered.

use edctl_health::{DecodeError, Verdict};

/// What came of a question.
pub(crate) type Answer = Result<Verdict, NoVerdict>;

/// Why there is no verdict to follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoVerdict {
    /// The agent does not answer.
    #[error("its agent does not answer: {0}")]
    Unreachable(String),
    /// It answers something else than a verdict.
    #[error("its agent's answer is no verdict: {0}")]
    NotUnderstood(String),
    /// The verdict is too old.
    #[error("its agent has not checked it for {0} s")]
    Stale(u64),
    /// The node is off or changes its power: nothing is asked.
    #[error("it is off, or on its way")]
    NotAsked,
}

impl NoVerdict {
    /// The word in metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::NotUnderstood(_) => "not_understood",
            Self::Stale(_) => "stale",
            Self::NotAsked => "not_asked",
        }
    }
}

impl From<DecodeError> for NoVerdict {
    fn from(error: DecodeError) -> Self {
        Self::NotUnderstood(error.to_string())
    }
}

/// Reads what an agent sent.
pub(crate) fn read(body: &[u8]) -> Answer {
    let verdict = Verdict::decode(body)?;
    if verdict.is_stale() {
        return Err(NoVerdict::Stale(verdict.age_secs as u64));
    }
    Ok(verdict)
}
