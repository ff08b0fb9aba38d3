//! Values as any release writes them. None of them fails to be read: one that is of another type than it
//! should be costs what is made of it alone.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::diag::Stamp;
use crate::lost::{Field, RowError};
use crate::rows::MOST;

/// Longest text, or list of words, that is kept; as long as the longest row of a command.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Slurm's mark for a number that is not known where a release writes it plainly: in 32 bits, and in 64
/// that are shown as signed. The next one is its mark for infinity.
const NO_VALUE: u64 = 0xffff_fffe;
const NO_VALUE_64: u64 = u64::MAX - 1;
const NO_VALUE_SIGNED: f64 = -2.0;

/// A value of any type. Numbers are plain to v0.0.38, and later where they are always there; from v0.0.39 on
/// the others are `{"set": true, "infinite": false, "number": 7}`.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) enum Value {
    /// `null`, not set, or not there at all.
    #[default]
    Absent,
    Flag(bool),
    Infinite,
    Whole(u64),
    /// With a point, or below 0.
    Decimal(f64),
    Text(String),
    Words(Vec<String>),
    TooLong,
    /// A structure of another form.
    Other,
}

impl Value {
    /// A number that must be there.
    pub(super) fn whole(&self) -> Field<u64> {
        match self {
            Self::Whole(number @ 0..=MOST) => Ok(*number),
            _ => Err(RowError::Number),
        }
    }

    /// A number that Slurm may not know.
    pub(super) fn known(&self) -> Field<Option<u64>> {
        match self {
            Self::Absent | Self::Infinite => Ok(None),
            Self::Whole(NO_VALUE..=0xffff_ffff | NO_VALUE_64..) => Ok(None),
            Self::Decimal(number) if (NO_VALUE_SIGNED..0.0).contains(number) => Ok(None),
            number => number.whole().map(Some),
        }
    }

    /// A time in seconds since the epoch; `None` where it is not set, which Slurm may write as 0.
    pub(super) fn time(&self) -> Field<Option<u32>> {
        match self {
            Self::Absent | Self::Infinite | Self::Whole(0) => Ok(None),
            Self::Whole(seconds) => u32::try_from(*seconds).map(Some).map_err(|_| RowError::Time),
            _ => Err(RowError::Time),
        }
    }

    /// A moment of slurmctld's, for one that has not been 0; nothing where it does not say.
    pub(super) fn stamp(&self) -> Field<Option<Stamp>> {
        match self {
            Self::Absent | Self::Infinite => Ok(None),
            Self::Whole(seconds) => Ok(Some(Stamp::of(*seconds))),
            _ => Err(RowError::Time),
        }
    }

    /// A flag that must be there.
    pub(super) fn flag(&self) -> Field<bool> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            _ => Err(RowError::Fields),
        }
    }

    /// A number from 0 on, with a point or without.
    pub(super) fn ratio(&self) -> Field<Option<f64>> {
        match self {
            Self::Absent | Self::Infinite => Ok(None),
            Self::Whole(number) => Ok(Some(*number as f64)),
            Self::Decimal(number) if *number >= 0.0 && number.is_finite() => Ok(Some(*number)),
            _ => Err(RowError::Number),
        }
    }

    /// A text; empty where it is not set.
    pub(super) fn text(&self) -> Field<&str> {
        match self {
            Self::Absent => Ok(""),
            Self::Text(text) => Ok(text),
            Self::TooLong => Err(RowError::TooLong),
            _ => Err(RowError::Fields),
        }
    }

    /// What a message may say of it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => format!("{other:?}"),
        }
    }

    /// A list of words, or the one word that some releases write in its place.
    pub(super) fn words(&self) -> Field<Vec<&str>> {
        match self {
            Self::Words(words) => Ok(words.iter().map(String::as_str).collect()),
            word => word.text().map(|word| vec![word]),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType)
    }
}

struct AnyType;

impl<'de> Visitor<'de> for AnyType {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Decimal(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Decimal(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        let is_short = text.len() <= MAX_TEXT_BYTES;
        Ok(if is_short { Value::Text(text.to_owned()) } else { Value::TooLong })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let (mut words, mut bytes) = (Vec::new(), 0);
        let odd = loop {
            match list.next_element()? {
                None => return Ok(Value::Words(words)),
                Some(Value::Text(word)) => {
                    // A list of empty words is long, too.
                    bytes += word.len() + 1;
                    if bytes > MAX_TEXT_BYTES {
                        break Value::TooLong;
                    }
                    words.push(word);
                }
                Some(_) => break Value::Other,
            }
        };
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(odd)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut is_set, mut is_infinite, mut number) = (Value::Absent, Value::Absent, None);
        while let Some(key) = map.next_key::<Value>()? {
            match key.text() {
                Ok("set") => is_set = map.next_value()?,
                Ok("infinite") => is_infinite = map.next_value()?,
                Ok("number") => number = Some(map.next_value()?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(match (is_set, is_infinite, number) {
            (_, _, None) => Value::Other,
            (_, Value::Flag(true), _) => Value::Infinite,
            (Value::Flag(false), _, _) => Value::Absent,
            (Value::Flag(true), _, Some(number)) => number,
            _ => Value::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_number_of_any_release() {
        for (json, known, time) in [
            ("7", Ok(Some(7)), Ok(Some(7))),
            ("0", Ok(Some(0)), Ok(None)),
            ("null", Ok(None), Ok(None)),
            ("4294967294", Ok(None), Ok(Some(4_294_967_294))),
            ("4294967295", Ok(None), Ok(Some(u32::MAX))),
            ("4294967296", Ok(Some(1 << 32)), Err(RowError::Time)),
            ("-2", Ok(None), Err(RowError::Time)),
            ("18446744073709551614", Ok(None), Err(RowError::Time)),
            ("18446744073709551611", Err(RowError::Number), Err(RowError::Time)),
            ("-3", Err(RowError::Number), Err(RowError::Time)),
            ("1.5", Err(RowError::Number), Err(RowError::Time)),
            ("1e400000", Err(RowError::Number), Err(RowError::Time)),
            ("\"7\"", Err(RowError::Number), Err(RowError::Time)),
            ("[7]", Err(RowError::Number), Err(RowError::Time)),
            ("true", Err(RowError::Number), Err(RowError::Time)),
            ("{}", Err(RowError::Number), Err(RowError::Time)),
            (r#"{"set": true, "infinite": false, "number": 7}"#, Ok(Some(7)), Ok(Some(7))),
            (r#"{"number": 7, "more": [{}], "set": true}"#, Ok(Some(7)), Ok(Some(7))),
            (r#"{"set": false, "infinite": false, "number": 7}"#, Ok(None), Ok(None)),
            (r#"{"set": false, "infinite": true, "number": 7}"#, Ok(None), Ok(None)),
            (
                r#"{"set": 1, "infinite": 0, "number": 7}"#,
                Err(RowError::Number),
                Err(RowError::Time),
            ),
            (
                r#"{"set": true, "infinite": false, "number": {"set": 1}}"#,
                Err(RowError::Number),
                Err(RowError::Time),
            ),
        ] {
            let Ok(value) = serde_json::from_str::<Value>(json) else {
                assert_eq!(json, "1e400000", "the one that serde_json itself refuses");
                continue;
            };
            assert_eq!((value.known(), value.time()), (known, time), "{json}");
        }
    }

    #[test]
    fn words_and_texts_of_any_release() {
        assert_eq!(value(r#"["IDLE", "DRAIN"]"#).words(), Ok(vec!["IDLE", "DRAIN"]));
        assert_eq!(value(r#""idle""#).words(), Ok(vec!["idle"]));
        assert_eq!(value("null").text(), Ok(""));
        for json in ["7", "{}", r#"["a", 7, "b"]"#, "[[]]"] {
            assert_eq!(value(json).words(), Err(RowError::Fields), "{json}");
        }
        let long = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(value(&format!("\"{long}\"")).text(), Ok(long.as_str()));
        assert_eq!(value(&format!("\"{long}x\"")).text(), Err(RowError::TooLong));
        assert_eq!(value(&format!("[\"\", \"{long}\", 7]")).words(), Err(RowError::TooLong));
    }

    #[test]
    fn ratios_are_finite_and_not_below_0() {
        assert_eq!(value("0.25").ratio(), Ok(Some(0.25)));
        assert_eq!(
            value(r#"{"set": true, "infinite": false, "number": 1}"#).ratio(),
            Ok(Some(1.0))
        );
        assert_eq!(value(r#"{"set": false, "infinite": true, "number": 1}"#).ratio(), Ok(None));
        assert_eq!(value("-0.5").ratio(), Err(RowError::Number));
    }
}
