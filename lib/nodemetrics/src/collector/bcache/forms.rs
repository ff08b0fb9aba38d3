//! The forms of bcache's files of several lines, and the units of the others.

use crate::reading::human_number;
use crate::reading::number::Number;

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    One,
    Microseconds,
}

impl Unit {
    pub(super) fn of(self, number: f64) -> f64 {
        match self {
            Self::One => number,
            Self::Microseconds => number * 1e-6,
        }
    }
}

/// `4.0k/sec`, or without the time.
pub(super) fn parse_rate(text: &str) -> Option<f64> {
    human_number::parse(text.strip_suffix("/sec").unwrap_or(text))
}

/// `95%`.
pub(super) fn parse_percent(text: &str) -> Option<u64> {
    text.strip_suffix('%').and_then(u64::take)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9.]{0,9}[kM%]?(/sec)?|.{0,20}") {
            let _ = (parse_rate(&text), parse_percent(&text));
        }
    }
}
