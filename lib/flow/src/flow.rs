//! The flows that a designer can submit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A flow: what is done to a design. Each has one stage of the same name today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// Verilator runs the design's whole firmware test.
    Sim,
    /// Yosys maps the design to cells, OpenSTA times them.
    Synth,
}

/// A word that names no flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no flow '{0}'; flows are: sim, synth")]
pub struct UnknownFlow(String);

impl Flow {
    /// Every flow, in the order of a pipeline.
    pub const ALL: [Self; 2] = [Self::Sim, Self::Synth];

    /// The flow's name, which is also its stage's and its make target's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Synth => "synth",
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Flow {
    type Err = UnknownFlow;

    fn from_str(text: &str) -> Result<Self, UnknownFlow> {
        let known = Self::ALL.into_iter().find(|flow| flow.name() == text);
        known.ok_or_else(|| UnknownFlow(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_the_flow() {
        for flow in Flow::ALL {
            assert_eq!(flow.name().parse(), Ok(flow));
        }
        let error = "pnr".parse::<Flow>().unwrap_err();
        assert_eq!(error.to_string(), "there is no flow 'pnr'; flows are: sim, synth");
    }
}
