//! The forms of bcache's files of several lines, and the units of the others.

use super::super::human_number;

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

/// Lines such as `rate:  4.0k/sec`: the name and the number.
pub(super) fn parse_writeback(text: &str) -> impl Iterator<Item = (&str, Option<f64>)> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| {
        let value = value.trim();
        (name.trim(), human_number::parse(value.strip_suffix("/sec").unwrap_or(value)))
    })
}

/// Lines such as `Unused:  95%`: the name and the per cent.
pub(super) fn parse_priorities(text: &str) -> impl Iterator<Item = (&str, Option<u64>)> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| {
        (name.trim(), value.trim().strip_suffix('%').and_then(|percent| percent.parse().ok()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([-0-9.]{0,9}[kM%]?|rate: .{0,9}\n|.{0,20}){0,4}") {
            let _ = (parse_writeback(&text).count(), parse_priorities(&text).count());
        }
    }
}
