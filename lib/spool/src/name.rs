//! The name of a record's file.

use std::fmt;

const SUFFIX: &str = ".json";
const TIME_DIGITS: usize = 20;

/// `<microseconds since 1970, 20 digits>-<job>-<kind>.json`: sorted by name is sorted by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// When, in microseconds since 1970.
    pub time_usec: u64,
    /// Which job; 0 for none.
    pub job_id: u32,
    /// What, in lower-case letters and `_`.
    pub kind: String,
}

impl Name {
    /// Reads a file's name; `None` for whatever this spool did not write.
    #[must_use]
    pub fn parse(file_name: &str) -> Option<Self> {
        let (time, rest) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        let (job, kind) = rest.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if time.len() != TIME_DIGITS || !digits(time) || !digits(job) || !is_kind(kind) {
            return None;
        }
        Some(Self {
            time_usec: time.parse().ok()?,
            job_id: job.parse().ok()?,
            kind: kind.to_owned(),
        })
    }

    /// The next name in time, for when this one is taken.
    #[must_use]
    pub(crate) fn later(&self) -> Self {
        Self { time_usec: self.time_usec.wrapping_add(1), ..self.clone() }
    }

    /// Whether a file of this name may be made: the kind must be plain.
    #[must_use]
    pub(crate) fn is_valid(&self) -> bool {
        is_kind(&self.kind)
    }
}

fn is_kind(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{}-{}{SUFFIX}", self.time_usec, self.job_id, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let name = Name { time_usec: 1_763_816_465_123_456, job_id: 42, kind: "prolog".into() };
        let text = name.to_string();
        assert_eq!(text, "00001763816465123456-42-prolog.json");
        assert_eq!(Name::parse(&text), Some(name));
    }

    #[test]
    fn refuses_what_it_did_not_write() {
        for foreign in [
            "",
            "README",
            ".hidden",
            "00001763816465123456-42-prolog.json.tmp",
            "00001763816465123456-42-prolog.json.bad",
            "1763816465123456-42-prolog.json",
            "00001763816465123456-42-.json",
            "00001763816465123456-42-pro/log.json",
            "00001763816465123456-+2-prolog.json",
            "00001763816465123456-4294967296-prolog.json",
            "99999999999999999999-1-prolog.json",
        ] {
            assert_eq!(Name::parse(foreign), None, "{foreign:?}");
        }
    }
}
