//! A point in time as Go prints it.

/// The first second of the year 10000; later ones are no dates that anybody means.
const END_SECS: f64 = 253_402_300_800.0;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Seconds since the epoch as `2026-11-24 10:58:31.89 +0000 UTC`, to the millisecond; `None` for
/// what lies outside of the years 1970 to 9999.
pub(super) fn in_utc(unix_secs: f64) -> Option<String> {
    if !(0.0..END_SECS).contains(&unix_secs) {
        return None;
    }
    let millis = (unix_secs * 1000.0).round() as u64;
    let (year, month, day) = date(millis / DAY_MILLIS);
    let of_day = millis % DAY_MILLIS;
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
    let fraction = match of_day % 1000 {
        0 => String::new(),
        millis => format!(".{millis:03}").trim_end_matches('0').to_owned(),
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} +0000 UTC"
    ))
}

/// Year, month and day of a day that is counted from 1970's first.
fn date(mut day: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while day >= days_of_year(year) {
        day -= days_of_year(year);
        year += 1;
    }
    let february = days_of_year(year) - 337;
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    (year, month, day + 1)
}

fn days_of_year(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if is_leap { 366 } else { 365 }
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
        for secs in [-1.0, f64::NAN, f64::INFINITY, END_SECS, f64::MAX] {
            assert_eq!(in_utc(secs), None);
        }
        assert!(in_utc(END_SECS - 0.5).is_some());
    }
}
