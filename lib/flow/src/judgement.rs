//! What a stage's evidence amounts to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Figures, Verdict};

/// One named part of a stage, such as one test of a regression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubResult {
    /// The part's name, as planned.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
}

/// The verdict on a stage and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// How the stage ended.
    pub verdict: Verdict,
    /// One line for people: figures of a pass, the reason of anything else.
    pub summary: String,
    /// The first sub-test that failed or is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    /// The planned sub-results, in the plan's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtests: Vec<SubResult>,
    /// Figures by their METRICS2.1 names; what the evidence does not say is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// Figures that the evidence says, but not so that they could be taken: what stands in their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, String>,
}

impl Judgement {
    /// A verdict with its reason and nothing else.
    #[must_use]
    pub fn bare(verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            verdict,
            summary: summary.into(),
            first_failure: None,
            subtests: Vec::new(),
            metrics: BTreeMap::new(),
            left_out: BTreeMap::new(),
        }
    }

    /// The same judgement, with the figures of its evidence.
    #[must_use]
    pub fn with(self, figures: Figures) -> Self {
        Self { metrics: figures.metrics, left_out: figures.left_out, ..self }
    }

    /// `(passed, planned)` of the sub-results; `None` where the stage has none.
    #[must_use]
    pub fn subtest_counts(&self) -> Option<(usize, usize)> {
        let passed = self.subtests.iter().filter(|s| s.verdict == Verdict::Passed).count();
        (!self.subtests.is_empty()).then_some((passed, self.subtests.len()))
    }
}
