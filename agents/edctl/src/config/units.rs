//! Amounts as people write them: `10m`, `800M`.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A time limit: a whole number with `s`, `m` or `h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// Its length.
    pub(crate) secs: u64,
}

/// An amount of memory: a whole number with `M` or `G` (of 2^20 or 2^30 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Its size.
    pub(crate) mib: u64,
}

/// A text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnAmount {
    #[error("'{0}' is no time limit: write it like 45s, 10m or 2h")]
    Time(String),
    #[error("'{0}' is no amount of memory: write it like 500M or 2G")]
    Memory(String),
}

impl TryFrom<String> for TimeLimit {
    type Error = NotAnAmount;

    fn try_from(text: String) -> Result<Self, NotAnAmount> {
        match amount(&text, &[('s', 1), ('m', 60), ('h', 3600)]) {
            Some(secs) => Ok(Self { secs }),
            None => Err(NotAnAmount::Time(text)),
        }
    }
}

impl TryFrom<String> for Memory {
    type Error = NotAnAmount;

    fn try_from(text: String) -> Result<Self, NotAnAmount> {
        match amount(&text, &[('M', 1), ('G', 1024)]) {
            Some(mib) => Ok(Self { mib }),
            None => Err(NotAnAmount::Memory(text)),
        }
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a text such as \"10m\"")
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a text such as \"500M\"")
    }
}

/// Reads an amount; a bare number is told what it lacks.
fn text<'de, D, T>(deserializer: D, expected: &str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error = NotAnAmount>,
{
    let text = String::deserialize(deserializer)
        .map_err(|error| D::Error::custom(format!("{error}, {expected}")))?;
    T::try_from(text).map_err(D::Error::custom)
}

/// More than anybody means, and little enough to reckon with.
const MAX: u64 = u32::MAX as u64;

/// A positive whole number times its unit.
fn amount(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let (unit, factor) = units.iter().find(|(unit, _)| text.ends_with(*unit))?;
    let digits = text.strip_suffix(*unit)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(*factor).filter(|amount| (1..=MAX).contains(amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        assert_eq!(TimeLimit::try_from("10m".to_owned()).unwrap().secs, 600);
        assert_eq!(TimeLimit::try_from("2h".to_owned()).unwrap().secs, 7200);
        assert_eq!(Memory::try_from("2G".to_owned()).unwrap().mib, 2048);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "m",
            "0m",
            "-1m",
            "+1m",
            "1.5h",
            "10",
            "10 m",
            "10M",
            "99999999999999999999s",
            "4294967296s",
        ] {
            assert!(TimeLimit::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        for text in ["500m", "0G", "18446744073709551615G"] {
            assert!(Memory::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
