//! Numbers as the kernel's file systems write them for people.

/// The letters behind a number, each for 1024 times the one before it.
const LETTERS: &str = "kMGTPEZY";

/// `17`, `-1.5M`, or `512.0k`, in whole numbers.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let letter = text.chars().last()?;
    let (digits, factor) = match LETTERS.find(letter) {
        Some(place) => (&text[..text.len() - 1], 1024f64.powi(place as i32 + 1)),
        None => (text, 1.0),
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    let number = digits.parse::<f64>().ok().filter(|_| is_number)?;
    // No minus before a zero.
    Some((number * factor).trunc() + 0.0)
}

/// As [`parse`], of a count, which is never below zero, as [`crate::reading::number::Number`] has it.
pub(crate) fn parse_count(text: &str) -> Option<f64> {
    parse(text).filter(|number| (0.0..i64::MAX as f64).contains(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers() {
        for (text, number) in [
            ("0", Some(0.0)),
            ("17", Some(17.0)),
            ("0.0k", Some(0.0)),
            ("-0.0k", Some(0.0)),
            ("1.5k", Some(1536.0)),
            ("-2.0M", Some(-2_097_152.0)),
            ("3.1G", Some(3_328_599_654.0)),
            ("", None),
            ("k", None),
            ("1.5q", None),
            ("1é", None),
            ("inf", None),
            ("1e9", None),
        ] {
            assert_eq!(parse(text), number, "{text}");
            assert!(!parse(text).is_some_and(|number| number == 0.0 && number.is_sign_negative()));
        }
    }

    #[test]
    fn a_count_is_never_below_zero() {
        for (text, count) in [
            ("1.5k", Some(1536.0)),
            ("0", Some(0.0)),
            ("-1.5k", None),
            ("18446744073709540830", None),
            ("16.0E", None),
        ] {
            assert_eq!(parse_count(text), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9.]{0,9}[kM%é]?|.{0,20}") {
            let _ = parse(&text);
        }
    }
}
