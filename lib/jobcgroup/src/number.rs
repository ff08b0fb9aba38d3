//! A number as the kernel prints it.

/// A plain decimal number; `None` for anything else. A number at or above 2^63 is none either: it is a
/// counter that went below zero, and the kernel printed it without its sign.
#[must_use]
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    i64::try_from(value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_below_zero_is_no_number() {
        for (text, value) in [
            ("0", Some(0)),
            ("0042", Some(42)),
            ("9223372036854775807", Some(u64::MAX / 2)),
            ("9223372036854775808", None),
            ("18446744073709551611", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("+1", None),
            ("1 ", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(number(text.as_bytes()), value, "{text:?}");
        }
        assert_eq!(number(b"1\xfc"), None);
    }
}
