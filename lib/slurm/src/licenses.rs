//! Rows of [`crate::commands::LICENSES`]: one for each licence.

use crate::pairs::{first, value};
use crate::rows::{RowError, number};

/// What scontrol says instead of rows.
const NONE: &str = "No licenses configured in Slurm.";

/// A licence that Slurm hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenseRow<'a> {
    /// Its name; a remote one's with the `@server` that it is served by.
    pub license: &'a str,
    /// All of them.
    pub total: u64,
    /// Those that jobs have.
    pub used: u64,
    /// Those that a job can have.
    pub free: u64,
    /// Those that reservations hold; older Slurms do not say.
    pub reserved: Option<u64>,
    /// Of a remote licence, how many its own server last said are in use.
    pub last_consumed: Option<u64>,
    /// Of a remote licence, how many more were in use than Slurm knew of.
    pub last_deficit: Option<u64>,
}

impl<'a> LicenseRow<'a> {
    /// Reads one row; nothing where it says that there are none.
    ///
    /// # Errors
    /// Names the first value that is missing or not what Slurm prints there.
    pub fn parse(row: &'a str) -> Result<Option<Self>, RowError> {
        if row == NONE {
            return Ok(None);
        }
        // Releases differ in which of these they have.
        let optional = |key| value(row, key).ok().map(number).transpose();
        Ok(Some(Self {
            license: first(row, "LicenseName")?,
            total: number(value(row, "Total")?)?,
            used: number(value(row, "Used")?)?,
            free: number(value(row, "Free")?)?,
            reserved: optional("Reserved")?,
            last_consumed: optional("LastConsumed")?,
            last_deficit: optional("LastDeficit")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_old_and_new_releases_say() {
        for (more, last_consumed, last_deficit) in [
            ("", None, None),
            (" LastConsumed=3 LastDeficit=0 LastUpdate=1795549471", Some(3), Some(0)),
        ] {
            let row =
                format!("LicenseName=vcs@flex1 Total=4 Used=2 Free=1 Reserved=1 Remote=no{more}");
            let license = "vcs@flex1";
            let wanted = LicenseRow {
                license,
                total: 4,
                used: 2,
                free: 1,
                reserved: Some(1),
                last_consumed,
                last_deficit,
            };
            assert_eq!(LicenseRow::parse(&row), Ok(Some(wanted)));
        }
        let old = LicenseRow::parse("LicenseName=vcs Total=4 Used=2 Free=2 Remote=no");
        assert_eq!(old.map(|row| row.map(|row| row.reserved)), Ok(Some(None)));
        assert_eq!(LicenseRow::parse("No licenses configured in Slurm."), Ok(None));
    }

    #[test]
    fn never_guesses() {
        for (row, error) in [
            ("", RowError::Fields),
            ("No", RowError::Fields),
            ("Total=4 LicenseName=vcs Used=2 Free=1 Reserved=1", RowError::Fields),
            ("LicenseName= Total=4 Used=2 Free=1 Reserved=1", RowError::Name),
            ("LicenseName=a\"b Total=4 Used=2 Free=1 Reserved=1", RowError::Name),
            ("LicenseName=vcs Total=4 Used=2 Reserved=1", RowError::Fields),
            ("LicenseName=vcs Total=4 Used= Free=1 Reserved=1", RowError::Number),
            ("LicenseName=vcs Total=-1 Used=2 Free=1 Reserved=1", RowError::Number),
            ("LicenseName=vcs Total=4 Used=2 Free=1 Reserved=1K", RowError::Number),
        ] {
            assert_eq!(LicenseRow::parse(row), Err(error), "{row}");
        }
    }
}
