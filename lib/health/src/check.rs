//! How one check stands.

use serde::{Deserialize, Serialize};

use crate::outcome::{Class, Outcome};

/// How one check stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckState {
    /// The check's name.
    pub name: String,
    /// Whose fault its finding is.
    pub class: Class,
    /// How it stands after hysteresis: what counts.
    pub state: Outcome,
    /// What it saw the last time.
    pub outcome: Outcome,
    /// The check's stable word for what is wrong, of `state`; empty where nothing is.
    #[serde(default)]
    pub code: String,
    /// The evidence, for people.
    #[serde(default)]
    pub detail: String,
    /// Since when `state` is what it is, in microseconds since 1970.
    pub since_usec: u64,
    /// Whether it is only watched: then it counts for nothing.
    #[serde(default)]
    pub shadow: bool,
}

impl CheckState {
    /// Whether it alone makes the node unfit.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        !self.shadow && self.state == Outcome::Fail && self.class == Class::Node
    }
}
