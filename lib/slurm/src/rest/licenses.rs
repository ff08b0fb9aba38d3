//! Licences as `/licenses` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::licenses::LicenseRow;
use crate::rows::{RowError, name};

/// What counts of a licence.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct License {
    license_name: Value,
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
    /// Names the first value that is not what Slurm writes there.
    pub(super) fn row(&self) -> Result<LicenseRow<'_>, RowError> {
        Ok(LicenseRow {
            license: name(self.license_name.text()?)?,
            total: self.total.whole()?,
            used: self.used.whole()?,
            free: self.free.whole()?,
            reserved: self.reserved.known()?,
            last_consumed: self.last_consumed.known()?,
            last_deficit: self.last_deficit.known()?,
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
            license.row().map(|row| (row.license.to_owned(), row.total, row.used, row.reserved))
        };
        let good = r#"{"LicenseName": "vcs", "Total": 4, "Used": 1, "Free": 3, "Remote": false,
            "Reserved": 2, "LastConsumed": 0, "Nodes": ""}"#;
        assert_eq!(row(good), Ok(("vcs".to_owned(), 4, 1, Some(2))));
        for (from, to, error) in [
            ("vcs", "v\\\"cs", RowError::Name),
            ("4", "-4", RowError::Number),
            ("\"Free\": 3,", "", RowError::Number),
        ] {
            assert_eq!(row(&good.replacen(from, to, 1)), Err(error), "{from}");
        }
    }
}
