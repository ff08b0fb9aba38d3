//! What a check can find, and whose fault it is.

use serde::{Deserialize, Serialize};

/// What a check found, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is nothing to check on this node.
    NotApplicable,
    /// All is as it should be.
    Pass,
    /// It could not be found out; it neither drains nor heals.
    Unknown,
    /// Worth a look; it drains nobody.
    Warn,
    /// It is broken.
    Fail,
}

impl Outcome {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::NotApplicable, Self::Pass, Self::Unknown, Self::Warn, Self::Fail];

    /// The word in JSON, labels and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// Whose fault it is. Only the node's own drains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// This machine's.
    Node,
    /// A job's or its user's.
    User,
    /// That of something shared, such as a file server: a drain of its clients would not help.
    Infra,
}

impl Class {
    /// The word in JSON, labels and reasons.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::User => "user",
            Self::Infra => "infra",
        }
    }
}
