//! A point in time as Go prints it.

use jiff::Timestamp;

/// Seconds since the epoch as `2026-11-24 10:58:31.89 +0000 UTC`, to the millisecond; `None` for
/// what lies before 1970, and behind the year 9999, where the calendar ends.
pub(super) fn in_utc(unix_secs: f64) -> Option<String> {
    // No number is not at least 0 either.
    let millis = Some((unix_secs * 1000.0).round()).filter(|millis| *millis >= 0.0)?;
    let time = Timestamp::from_millisecond(millis as i64).ok()?;
    // %.f is the fraction as far as there is one.
    Some(time.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_go_does() {
        for (secs, expected) in [
            (0.0, "1970-01-01 00:00:00 +0000 UTC"),
            (951_782_399.0, "2000-02-28 23:59:59 +0000 UTC"),
            (951_782_400.0, "2000-02-29 00:00:00 +0000 UTC"),
            (1_704_067_199.5, "2023-12-31 23:59:59.5 +0000 UTC"),
            (1_709_251_200.0, "2024-03-01 00:00:00 +0000 UTC"),
            (1_795_517_911.89, "2026-11-24 10:58:31.89 +0000 UTC"),
            (4_107_542_399.01, "2100-02-28 23:59:59.01 +0000 UTC"),
            (4_107_542_400.0, "2100-03-01 00:00:00 +0000 UTC"),
        ] {
            assert_eq!(in_utc(secs).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for secs in [-1.0, f64::NAN, f64::INFINITY, 253_402_300_800.0, f64::MAX] {
            assert_eq!(in_utc(secs), None);
        }
        assert!(in_utc(253_402_000_000.0).is_some());
    }
}
