//! Rows of [`crate::commands::LICENSES`]: one for each licence.

use crate::lost::{Field, LeftOut, RowError};
use crate::pairs::{first, value};
use crate::rows::number;

/// What scontrol says instead of rows.
const NONE: &str = "No licenses configured in Slurm.";

/// A licence that Slurm hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenseRow<'a> {
    /// Its name; a remote one's with the `@server` that it is served by.
    pub license: &'a str,
    /// All of them.
    pub total: Field<u64>,
    /// Those that jobs have.
    pub used: Field<u64>,
    /// Those that a job can have.
    pub free: Field<u64>,
    /// Those that reservations hold; older Slurms do not say.
    pub reserved: Field<Option<u64>>,
    /// Of a remote licence, how many its own server last said are in use.
    pub last_consumed: Field<Option<u64>>,
    /// Of a remote licence, how many more were in use than Slurm knew of.
    pub last_deficit: Field<Option<u64>>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
}

impl<'a> LicenseRow<'a> {
    /// Reads one row; `None` where the row says that there are no licences.
    ///
    /// # Errors
    /// Says why it is no row: it has no name.
    pub fn parse(row: &'a str) -> Result<Option<Self>, RowError> {
        if row == NONE {
            return Ok(None);
        }
        let number_of = |key| value(row, key).and_then(number);
        // Releases differ in which of these they have.
        let optional = |key| value(row, key).ok().map(number).transpose();
        let mut left_out = LeftOut::default();
        Ok(Some(Self {
            license: first(row, "LicenseName")?,
            total: left_out.note(number_of("Total")),
            used: left_out.note(number_of("Used")),
            free: left_out.note(number_of("Free")),
            reserved: left_out.note(optional("Reserved")),
            last_consumed: left_out.note(optional("LastConsumed")),
            last_deficit: left_out.note(optional("LastDeficit")),
            left_out,
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
                total: Ok(4),
                used: Ok(2),
                free: Ok(1),
                reserved: Ok(Some(1)),
                last_consumed: Ok(last_consumed),
                last_deficit: Ok(last_deficit),
                left_out: LeftOut::default(),
            };
            assert_eq!(LicenseRow::parse(&row), Ok(Some(wanted)));
        }
        let old = LicenseRow::parse("LicenseName=vcs Total=4 Used=2 Free=2 Remote=no");
        assert_eq!(old.map(|row| row.map(|row| row.reserved)), Ok(Some(Ok(None))));
        assert_eq!(LicenseRow::parse("No licenses configured in Slurm."), Ok(None));
    }

    #[test]
    fn one_odd_number_costs_itself_alone() {
        let read = |row: &str| {
            let row = LicenseRow::parse(row).unwrap().unwrap();
            let odd = row.left_out.iter().collect::<Vec<_>>();
            ((row.total.ok(), row.used.ok(), row.free.ok(), row.reserved.ok()), odd)
        };
        let (four, two, one, reserved) = (Some(4), Some(2), Some(1), Some(Some(1)));
        for (row, values, error) in [
            ("Used=2 Free=1 Reserved=1", (None, two, one, reserved), RowError::Fields),
            ("Total=-1 Used=2 Free=1 Reserved=1", (None, two, one, reserved), RowError::Number),
            ("Total=4 Used= Free=1 Reserved=1", (four, None, one, reserved), RowError::Number),
            (
                "Total=4 Used=2 Free=(null) Reserved=1",
                (four, two, None, reserved),
                RowError::Number,
            ),
            ("Total=4 Used=2 Free=1 Reserved=1K", (four, two, one, None), RowError::Number),
        ] {
            assert_eq!(
                read(&format!("LicenseName=vcs {row}")),
                (values, vec![(error, 1)]),
                "{row}"
            );
        }
    }

    #[test]
    fn a_row_without_a_name_is_given_up() {
        for (row, error) in [
            ("", RowError::Fields),
            ("No", RowError::Fields),
            ("Total=4 LicenseName=vcs Used=2 Free=1 Reserved=1", RowError::Fields),
            ("LicenseName= Total=4 Used=2 Free=1 Reserved=1", RowError::Name),
            ("LicenseName=a\"b Total=4 Used=2 Free=1 Reserved=1", RowError::Name),
        ] {
            assert_eq!(LicenseRow::parse(row), Err(error), "{row}");
        }
    }
}
