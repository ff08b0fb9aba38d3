//! Durations as Go writes them: `1s`, `1h30m`, `250ms`.

use std::str::FromStr;
use std::time::Duration;

/// Longest that Go can say, which is 292 years.
const MAX_NANOS: f64 = i64::MAX as f64;

/// A duration that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GoDuration(pub(super) Duration);

impl FromStr for GoDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let nanos = parse_nanos(text).ok_or_else(|| {
            format!("expected 0 or a duration with a unit, such as 1s or 1m30s, not {text:?}")
        })?;
        Ok(Self(Duration::from_nanos(nanos)))
    }
}

fn parse_nanos(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_at(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at(after, |c| c.is_ascii_digit() || c == '.');
        nanos += number.parse::<f64>().ok()? * unit_nanos(unit)?;
        rest = after;
    }
    (!text.is_empty() && nanos < MAX_NANOS).then_some(nanos as u64)
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

fn unit_nanos(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_reads_them() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("1s", 1000),
            ("+1s", 1000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1h1m1s1ms", 3_661_001),
            ("250000us", 250),
            ("250000\u{b5}s", 250),
            ("1000000ns", 1),
        ] {
            assert_eq!(text.parse(), Ok(GoDuration(Duration::from_millis(millis))), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration() {
        for text in ["", "+", "1", "s", "-1s", "1 s", "1d", "1.2.3s", "1e3s", "300000000h", "."] {
            let error = text.parse::<GoDuration>().unwrap_err();
            assert!(error.starts_with("expected 0 or a duration"), "{text}: {error}");
        }
    }
}
