//! Lines of [`crate::commands::CONFIG`]: what slurm.conf says, as slurmctld uses it.

use std::collections::BTreeSet;

use crate::lost::{Field, LeftOut, RowError};
use crate::rows::{name, number};

/// What slurmctld keeps from ordinary users, and who is not an ordinary user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateData {
    /// The kinds of data of which ordinary users see only their own, or nothing: the words of
    /// `PrivateData`, but for `cloud`, which shows more and not less.
    pub kinds: BTreeSet<String>,
    /// The user that slurmctld runs as, who sees all as root does; nothing where that cannot be read.
    pub slurm_user: Option<u32>,
}

/// Reads the lines one by one; all but two of them say nothing of who may see what.
#[derive(Debug, Default)]
pub struct ConfigReader {
    kinds: Option<BTreeSet<String>>,
    slurm_user: Option<u32>,
}

impl ConfigReader {
    /// Takes in one line, `Key = value`. Of two with the same key the first counts: slurm.conf comes
    /// before what the plugins say of theirs. Returns what of it could not be taken.
    pub fn line(&mut self, line: &str) -> LeftOut {
        let mut left_out = LeftOut::default();
        let Some((key, value)) = line.split_once('=') else { return left_out };
        let value = value.trim();
        match key.trim() {
            "PrivateData" if self.kinds.is_none() => self.kinds = kinds(value, &mut left_out),
            "SlurmUser" if self.slurm_user.is_none() => {
                self.slurm_user = left_out.note(uid(value)).ok();
            }
            _ => {}
        }
        left_out
    }

    /// What was read; nothing where it does not say what is private.
    pub fn finish(self) -> Option<PrivateData> {
        Some(PrivateData { kinds: self.kinds?, slurm_user: self.slurm_user })
    }
}

/// The kinds that are words; nothing where none is.
fn kinds(list: &str, left_out: &mut LeftOut) -> Option<BTreeSet<String>> {
    let words = list.split(',').filter_map(|word| left_out.note(name(word)).ok());
    let mut kinds: BTreeSet<String> = words.map(str::to_owned).collect();
    if kinds.is_empty() {
        return None;
    }
    kinds.retain(|kind| !matches!(kind.as_str(), "none" | "cloud"));
    Some(kinds)
}

/// The number in `slurm(64030)`.
pub(crate) fn uid(user: &str) -> Field<u32> {
    let (_, uid) =
        user.strip_suffix(')').and_then(|user| user.rsplit_once('(')).ok_or(RowError::Fields)?;
    u32::try_from(number(uid)?).map_err(|_| RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (Option<PrivateData>, Vec<RowError>) {
        let mut reader = ConfigReader::default();
        let left_out: Vec<LeftOut> = lines.iter().map(|line| reader.line(line)).collect();
        let errors = left_out.iter().flat_map(LeftOut::iter).map(|(error, _)| error).collect();
        (reader.finish(), errors)
    }

    #[test]
    fn reads_what_is_private_and_to_whom_not() {
        let (data, errors) = read(&[
            "Configuration data as of 1795647441",
            "JobCredentialPrivateKey = (null)",
            "PrivateData             = accounts,cloud,jobs,users",
            "SlurmUser               = slurm(64030)",
            "SlurmdUser              = root(0)",
            "",
            "Burst Buffer configuration: PrivateData = none",
            "PrivateData             = none",
            "Slurmctld(primary) at ctl is UP",
        ]);
        let kinds = ["accounts", "jobs", "users"].map(str::to_owned).into();
        assert_eq!(data, Some(PrivateData { kinds, slurm_user: Some(64030) }));
        assert_eq!(errors, []);
    }

    #[test]
    fn none_is_no_kind() {
        for value in ["none", "cloud"] {
            let (data, _) = read(&["SlurmUser = root(0)", &format!("PrivateData = {value}")]);
            assert_eq!(data.map(|data| data.kinds.len()), Some(0), "{value}");
        }
    }

    #[test]
    fn never_guesses() {
        for (line, error) in [
            ("PrivateData =", RowError::Name),
            ("PrivateData = jobs users", RowError::Name),
            ("SlurmUser = slurm", RowError::Fields),
            ("SlurmUser = (", RowError::Fields),
            ("SlurmUser = slurm()", RowError::Number),
            ("SlurmUser = slurm(-2)", RowError::Number),
            ("SlurmUser = slurm(4294967296)", RowError::Number),
        ] {
            assert_eq!(read(&[line]), (None, vec![error]), "{line}");
        }
        assert_eq!(read(&["SlurmUser = slurm(1)"]), (None, vec![]));
    }

    #[test]
    fn one_odd_word_hides_no_other() {
        let kinds: BTreeSet<String> = ["jobs", "users"].map(str::to_owned).into();
        for (line, errors) in [
            ("PrivateData = jobs,,users", vec![RowError::Name]),
            ("PrivateData = jobs,(null),users", vec![RowError::Name]),
            ("PrivateData = jobs,users", vec![]),
        ] {
            let data = PrivateData { kinds: kinds.clone(), slurm_user: None };
            assert_eq!(read(&[line, "SlurmUser slurm"]), (Some(data), errors), "{line}");
        }
    }
}
