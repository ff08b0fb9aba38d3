//! Rows of [`crate::commands::USERS`]: one for each user that slurmctld knows from the accounts.

use crate::config::uid;
use crate::lost::RowError;

/// A user of the accounts.
#[derive(Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The user's number, by which slurmctld knows who asks.
    pub uid: u32,
    /// Whether it is one of Slurm's operators or administrators, who see what is private to others.
    pub is_operator: bool,
}

impl UserRow {
    /// Reads one line; nothing where it is no row: a heading, or a user who has no number yet.
    ///
    /// # Errors
    /// Names the first value that is missing or not what Slurm prints there.
    pub fn parse(line: &str) -> Result<Option<Self>, RowError> {
        let Some(row) = line.strip_prefix("UserName=") else { return Ok(None) };
        // The words between the two are names that administrators choose.
        let user = row.split(' ').next().unwrap_or_default();
        let (_, level) = row.rsplit_once(" AdminLevel=").ok_or(RowError::Fields)?;
        let is_operator = match level {
            "Operator" | "Administrator" => true,
            "None" | "Not Set" => false,
            _ => return Err(RowError::State),
        };
        Ok(Some(Self { uid: uid(user)?, is_operator }).filter(|user| user.uid < NO_UID))
    }
}

/// Slurm's number for none, and for infinity above it.
const NO_UID: u32 = u32::MAX - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_who_is_an_operator() {
        for (line, wanted) in [
            (
                "UserName=root(0) DefAccount=root DefWckey= AdminLevel=Administrator",
                Some(UserRow { uid: 0, is_operator: true }),
            ),
            (
                "UserName=edctl-exporter-slurm(997) DefAccount=root DefWckey=(null) AdminLevel=Operator",
                Some(UserRow { uid: 997, is_operator: true }),
            ),
            (
                "UserName=a(1)(1000) DefAccount=x AdminLevel=Operator DefWckey= AdminLevel=None",
                Some(UserRow { uid: 1000, is_operator: false }),
            ),
            (
                "UserName=new(1001) DefAccount= DefWckey= AdminLevel=Not Set",
                Some(UserRow { uid: 1001, is_operator: false }),
            ),
            ("UserName=gone(4294967294) DefAccount= DefWckey= AdminLevel=Operator", None),
            ("Current Association Manager state", None),
            ("No users currently cached in Slurm.", None),
            ("", None),
        ] {
            assert_eq!(UserRow::parse(line), Ok(wanted), "{line}");
        }
    }

    #[test]
    fn never_guesses() {
        for (line, error) in [
            ("UserName=", RowError::Fields),
            ("UserName=a(1) DefAccount=x DefWckey=", RowError::Fields),
            ("UserName=a DefAccount=x DefWckey= AdminLevel=None", RowError::Fields),
            ("UserName=a() DefAccount=x DefWckey= AdminLevel=None", RowError::Number),
            ("UserName=a(1) DefAccount=x DefWckey= AdminLevel=", RowError::State),
            ("UserName=a(1) DefAccount=x DefWckey= AdminLevel=King", RowError::State),
        ] {
            assert_eq!(UserRow::parse(line), Err(error), "{line}");
        }
    }
}
