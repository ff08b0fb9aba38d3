//! Numbers as the kernel writes them: one rule for what is taken and what is left out.

/// A number that a line or an attribute may have.
///
/// A count is never below zero, though the kernel writes some that are: an `int` that has overflowed with
/// its sign, and an unsigned 64-bit count that was taken down below zero as 2^64 less something. Neither says
/// what was counted, so neither is taken. No count of events, bytes or nanoseconds comes to 2^63 otherwise.
pub(crate) trait Number: Sized {
    /// None where the text is no such number.
    fn take(text: &str) -> Option<Self>;
}

impl Number for u64 {
    fn take(text: &str) -> Option<Self> {
        text.parse().ok().filter(is_count)
    }
}

/// Whether a count may come to this.
pub(crate) fn is_count(number: &u64) -> bool {
    *number <= i64::MAX as u64
}

/// As [`Number::take`], of a count in hex digits.
pub(crate) fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok().filter(is_count)
}

impl Number for u32 {
    fn take(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// For what may be below zero, as a temperature or a limit of -1 for none.
impl Number for i64 {
    fn take(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Number for f64 {
    fn take(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_never_below_zero() {
        assert_eq!(u64::take("9223372036854775807"), Some(9_223_372_036_854_775_807));
        for odd in ["-1948031333", "18446744073709540830", "9223372036854775808", "1e3", "x", ""] {
            assert_eq!(u64::take(odd), None, "{odd}");
        }
        assert_eq!((i64::take("-1"), i64::take("18446744073709551615")), (Some(-1), None));
        assert_eq!(
            (f64::take("0.25"), f64::take("inf"), f64::take("NaN")),
            (Some(0.25), None, None)
        );
        assert_eq!((u32::take("7"), u32::take("4294967296")), (Some(7), None));
        assert_eq!(
            (hex("0000588a"), hex("7fffffffffffffff")),
            (Some(22_666), Some(i64::MAX as u64))
        );
        for odd in ["-1", "ffffffffffffffff", "8000000000000000", "g", ""] {
            assert_eq!(hex(odd), None, "{odd}");
        }
    }
}
