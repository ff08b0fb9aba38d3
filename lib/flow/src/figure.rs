//! The figures of a stage. Every parser here takes them by one rule: a value that cannot be taken is
//! left out and named, and what stands beside it is shown.

use std::collections::BTreeMap;

use crate::text;

/// What a report says of one figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Figure {
    /// Nothing.
    #[default]
    Absent,
    /// Something that is no such figure, quoted.
    Odd(String),
    /// Its value.
    Taken(f64),
}

impl Figure {
    /// A count: digits alone.
    #[must_use]
    pub fn count(text: &str) -> Self {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.then(|| text.parse::<u64>().ok()).flatten();
        count.map_or_else(|| Self::odd(text), |count| Self::Taken(count as f64))
    }

    /// A finite number of which `is_sound` holds.
    #[must_use]
    pub fn number(text: &str, is_sound: impl Fn(f64) -> bool) -> Self {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        match number.filter(|number| is_sound(*number)) {
            Some(number) => Self::Taken(number),
            None => Self::odd(text),
        }
    }

    /// Something that cannot be taken.
    #[must_use]
    pub fn odd(text: &str) -> Self {
        Self::Odd(text::quote(text))
    }

    /// The value, where it could be taken.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Taken(value) => Some(*value),
            Self::Absent | Self::Odd(_) => None,
        }
    }

    /// This figure, or what another report says where this one says nothing.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::Absent { other() } else { self }
    }
}

/// A stage's figures by their METRICS2.1 names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// The values that could be taken.
    pub metrics: BTreeMap<String, f64>,
    /// What stood in the place of the others.
    pub left_out: BTreeMap<String, String>,
}

impl Figures {
    /// Adds a figure under its name.
    pub fn put(&mut self, name: &str, figure: &Figure) {
        match figure {
            Figure::Absent => {}
            Figure::Odd(text) => {
                self.left_out.insert(name.to_owned(), text.clone());
            }
            Figure::Taken(value) => {
                self.metrics.insert(name.to_owned(), *value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_digits_alone() {
        assert_eq!(Figure::count("12407"), Figure::Taken(12_407.0));
        for odd in ["", "-1", "+1", "1.5", "1e3", "0x1F", "12,407", "12a", "18446744073709551616"] {
            assert_eq!(Figure::count(odd), Figure::Odd(odd.to_owned()), "{odd}");
        }
    }

    #[test]
    fn a_number_is_finite_and_sound() {
        let any = |_| true;
        assert_eq!(Figure::number("-0.25", any), Figure::Taken(-0.25));
        for odd in ["", "nan", "inf", "-Infinity", "1e999", "1.2.3"] {
            assert_eq!(Figure::number(odd, any), Figure::Odd(odd.to_owned()), "{odd}");
        }
        assert_eq!(Figure::number("-2", |area| area >= 0.0), Figure::Odd("-2".to_owned()));
    }

    #[test]
    fn what_cannot_be_taken_is_named_beside_the_rest() {
        let mut figures = Figures::default();
        figures.put("area", &Figure::Taken(7.5));
        figures.put("cells", &Figure::odd("nan"));
        figures.put("slack", &Figure::Absent);
        assert_eq!(figures.metrics, BTreeMap::from([("area".to_owned(), 7.5)]));
        assert_eq!(figures.left_out, BTreeMap::from([("cells".to_owned(), "nan".to_owned())]));
    }
}
