//! Licences as `/licenses` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::licenses::LicenseRow;
use crate::lost::{LeftOut, RowError};
use crate::rows::name;

/// What counts of a licence.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct License {
    pub(super) license_name: Value,
    total: Value,
    used: Value,
    free: Value,
    reserved: Value,
    last_consumed: Value,
    last_deficit: Value,
}

impl License {
    /// The row that it is.
    ///
    /// # Errors
    /// The licence has no name.
    pub(super) fn row(&self) -> Result<LicenseRow<'_>, RowError> {
        let mut left_out = LeftOut::default();
        Ok(LicenseRow {
            license: name(self.license_name.text()?)?,
            total: left_out.note(self.total.whole()),
            used: left_out.note(self.used.whole()),
            free: left_out.note(self.free.whole()),
            reserved: left_out.note(self.reserved.known()),
            last_consumed: left_out.note(self.last_consumed.known()),
            last_deficit: left_out.note(self.last_deficit.known()),
            left_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_row_or_refuses_it() {
        let row = |json: &str| {
            let license: License = serde_json::from_str(json).unwrap();
            let row = license.row()?;
            let numbers = (row.total.ok(), row.used.ok(), row.free.ok(), row.reserved.ok());
            Ok((row.license.to_owned(), numbers, row.left_out.total()))
        };
        let good = r#"{"LicenseName": "vcs", "Total": 4, "Used": 1, "Free": 3, "Remote": false,
            "Reserved": 2, "LastConsumed": 0, "Nodes": ""}"#;
        let (total, used, free, reserved) = (Some(4), Some(1), Some(3), Some(Some(2)));
        let vcs = |numbers, left_out| Ok(("vcs".to_owned(), numbers, left_out));
        for (from, to, row_then) in [
            ("", "", vcs((total, used, free, reserved), 0)),
            ("4", "-4", vcs((None, used, free, reserved), 1)),
            ("\"Free\": 3,", "", vcs((total, used, None, reserved), 1)),
            ("2", "[]", vcs((total, used, free, None), 1)),
            ("vcs", "v\\\"cs", Err(RowError::Name)),
            ("\"vcs\"", "null", Err(RowError::Name)),
        ] {
            assert_eq!(row(&good.replacen(from, to, 1)), row_then, "{from}");
        }
    }
}
