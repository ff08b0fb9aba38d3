//! How a stage or a run stands.

use edctl_flow::Verdict;
use serde::{Serialize, Serializer};

/// How a stage or a run stands; it is over when there is a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not started.
    Pending,
    /// Started, not ended.
    Running,
    /// The executor cannot be asked.
    Unknown,
    /// Over.
    Ended(Verdict),
}

impl State {
    /// The state's or the verdict's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Unknown => "unknown",
            Self::Ended(verdict) => verdict.word(),
        }
    }

    /// The verdict of what is over.
    pub(crate) fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Ended(verdict) => Some(verdict),
            Self::Pending | Self::Running | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for State {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "State".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let verdicts = Verdict::ALL.map(Self::Ended);
        let all = [Self::Pending, Self::Running, Self::Unknown].into_iter().chain(verdicts);
        let words: Vec<_> = all.map(Self::word).collect();
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
