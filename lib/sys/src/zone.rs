//! localtime_r(3): the time zone that holds at a moment.

use std::ffi::CStr;

/// A time zone, as it is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its abbreviation, such as `CEST`.
    pub name: String,
    /// How far it is east of UTC.
    pub offset_secs: i64,
}

/// The time zone of this process at `unix_secs`, as `TZ` or /etc/localtime have it; none for a moment
/// that the C library does not know.
pub fn at(unix_secs: i64) -> Option<Zone> {
    // SAFETY: it is a struct of integers and one pointer, for all of which zero is a value.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to whole values that nobody else has.
    let result = unsafe { libc::localtime_r(&raw const unix_secs, &raw mut local) };
    if result.is_null() || local.tm_zone.is_null() {
        return None;
    }
    // SAFETY: the C library points to a text that ends, in its own table of zones, which it keeps.
    let name = unsafe { CStr::from_ptr(local.tm_zone) };
    Some(Zone { name: name.to_string_lossy().into_owned(), offset_secs: local.tm_gmtoff })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_has_a_zone() {
        let zone = at(1_763_900_000).unwrap();
        assert!(!zone.name.is_empty() && zone.offset_secs.abs() <= 26 * 3600, "{zone:?}");
        assert_eq!(at(i64::MAX), None);
    }
}
