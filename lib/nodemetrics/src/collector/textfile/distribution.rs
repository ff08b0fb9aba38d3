//! Histograms and summaries: which samples are theirs, and in which order they are shown.

use std::cmp::Ordering;
use std::collections::HashMap;

use edctl_exposition::Kind;

use crate::collector::textfile::family::{FileFamily, FileSample};
use crate::collector::textfile::line::{Wrong, parse_number};

/// The ends of the names of their samples.
pub(super) const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Whether a family of this kind has samples with this end.
pub(super) fn has(kind: Kind, part: &str) -> bool {
    match kind {
        Kind::Histogram => true,
        Kind::Summary => part != "_bucket",
        _ => false,
    }
}

/// The labels of a sample, with a number where one of them is to be one.
pub(super) fn checked(
    kind: Kind,
    part: &str,
    mut labels: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, Wrong> {
    let expected = match (kind, part) {
        (Kind::Histogram, "") => return Err(Wrong::new("_bucket, _count or _sum", "")),
        (Kind::Histogram, "_bucket") => "a bucket's bound in the label le",
        (Kind::Summary, "") => "a quantile in the label quantile",
        _ => return Ok(labels),
    };
    let value = number_label(kind, &mut labels).ok_or_else(|| Wrong::new(expected, ""))?;
    let number = parse_number(value).filter(|number| !number.is_nan());
    *value = render_number(number.ok_or_else(|| Wrong::new(expected, value))?);
    Ok(labels)
}

/// The value of the label that is a number.
fn number_label(kind: Kind, labels: &mut [(String, String)]) -> Option<&mut String> {
    let name = if kind == Kind::Histogram { "le" } else { "quantile" };
    labels.iter_mut().find(|label| label.0 == name).map(|label| &mut label.1)
}

/// As Go writes it with `%g`, for node_exporter reads the numbers and writes them anew.
fn render_number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse().unwrap_or_default() {
        -4..6 => number.to_string(),
        exponent @ i32::MIN..0 => format!("{digits}e-{:02}", exponent.unsigned_abs()),
        exponent => format!("{digits}e+{exponent:02}"),
    }
}

/// Puts the samples of each series together: the buckets by their bounds, the sum, the count.
pub(super) fn order(family: &mut FileFamily) {
    let kind = family.kind();
    let mut places = HashMap::new();
    let mut series: Vec<Vec<FileSample>> = Vec::new();
    for mut sample in std::mem::take(&mut family.samples) {
        let mut labels = sample.labels.clone();
        labels.retain(|(name, _)| !is_number(kind, sample.part, name));
        labels.sort_unstable();
        // The number is the last label, as node_exporter has it.
        sample.labels.sort_by_key(|(name, _)| is_number(kind, sample.part, name));
        let place = *places.entry(labels).or_insert(series.len());
        match series.get_mut(place) {
            Some(samples) => samples.push(sample),
            None => series.push(vec![sample]),
        }
    }
    for mut samples in series {
        samples.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| compare(kind, a, b)));
        family.samples.append(&mut samples);
    }
}

fn is_number(kind: Kind, part: &str, label: &str) -> bool {
    match kind {
        Kind::Histogram => part == "_bucket" && label == "le",
        _ => part.is_empty() && label == "quantile",
    }
}

fn rank(sample: &FileSample) -> usize {
    ["_sum", "_count"].iter().position(|part| *part == sample.part).map_or(0, |place| place + 1)
}

fn compare(kind: Kind, a: &FileSample, b: &FileSample) -> Ordering {
    let number = |sample: &FileSample| {
        let label = sample.labels.iter().find(|(name, _)| is_number(kind, sample.part, name));
        label.and_then(|(_, value)| parse_number(value)).unwrap_or(f64::INFINITY)
    };
    number(a).total_cmp(&number(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (number, expected) in [
            (0.5, "0.5"),
            (2.0, "2"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5, "-2.5"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (1e21, "1e+21"),
            (1e-7, "1e-07"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (0.0, "0"),
        ] {
            assert_eq!(render_number(number), expected);
        }
    }
}
