//! `metrics.json`: a stage's figures. One that cannot be read costs itself alone.

use std::collections::BTreeMap;

use edctl_flow::{Figure, Figures, Judgement};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `metrics.json`: the stage's figures by their METRICS2.1 names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MetricsRecord {
    /// `edctl.metrics/v1`
    pub(crate) schema: String,
    /// The figures; times in ns, areas in the library's unit.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// What stood in the place of figures that could not be taken.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left_out: BTreeMap<String, String>,
}

/// The record as it stands in the file.
#[derive(Deserialize)]
struct Raw {
    schema: String,
    metrics: BTreeMap<String, Value>,
    #[serde(default)]
    left_out: BTreeMap<String, Value>,
}

impl MetricsRecord {
    /// The record of a judgement's figures.
    pub(crate) fn of(judgement: &Judgement) -> Self {
        Self {
            schema: "edctl.metrics/v1".to_owned(),
            metrics: judgement.metrics.clone(),
            left_out: judgement.left_out.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for MetricsRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        let mut figures = Figures::default();
        for (name, value) in &raw.metrics {
            let figure = value.as_f64().map_or_else(|| Figure::odd(&said(value)), Figure::Taken);
            figures.put(name, &figure);
        }
        figures.left_out.extend(raw.left_out.into_iter().map(|(name, text)| (name, said(&text))));
        Ok(Self { schema: raw.schema, metrics: figures.metrics, left_out: figures.left_out })
    }
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_cannot_be_read_costs_itself_alone() {
        let text = r#"{"schema": "edctl.metrics/v1", "left_out": {"d": "1.2.3"},
            "metrics": {"a": 1.5, "b": null, "c": "Infinity", "e": {"count": 1}}}"#;
        let record: MetricsRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.metrics, BTreeMap::from([("a".to_owned(), 1.5)]));
        let left_out: Vec<_> =
            record.left_out.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let expected = [("b", "null"), ("c", "Infinity"), ("d", "1.2.3"), ("e", r#"{"count":1}"#)];
        assert_eq!(left_out, expected);
    }

    #[test]
    fn what_was_written_is_read() {
        let record = MetricsRecord {
            schema: "edctl.metrics/v1".to_owned(),
            metrics: BTreeMap::from([("a".to_owned(), -0.25)]),
            left_out: BTreeMap::from([("b".to_owned(), "nan".to_owned())]),
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<MetricsRecord>(&text).unwrap(), record);
    }
}
