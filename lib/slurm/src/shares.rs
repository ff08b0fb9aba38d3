//! Rows of [`crate::commands::SHARES`]: one for each account, and one for each user of it.

use crate::rows::{RowError, fields, number, optional_word};

/// What an account, or one of its users, may use and has used.
#[derive(Debug, PartialEq)]
pub struct ShareRow<'a> {
    /// The account.
    pub account: &'a str,
    /// The user; nothing for the account itself.
    pub user: Option<&'a str>,
    /// The partition that the user's association is for, if for one.
    pub partition: Option<&'a str>,
    /// Its shares as they were set; nothing for the root account, and where it has its parent's.
    pub raw_shares: Option<u64>,
    /// The part of its parent's shares that it is entitled to, from 0 to 1 (of the cluster's, without
    /// Fair Tree); nothing for the root account, for which sshare prints 0.
    pub normalized_shares: Option<f64>,
    /// What it has used, older use counting less, in seconds of a CPU or as the site bills.
    pub raw_usage_seconds: u64,
    /// Its part of the cluster's usage, from 0 to 1.
    pub normalized_usage: Option<f64>,
    /// Its part of its parent's usage, from 0 to 1 (of the cluster's, without Fair Tree).
    pub effective_usage: f64,
    /// The factor that goes into its jobs' priorities, from 0 to 1; users have one.
    pub fair_share: Option<f64>,
}

impl<'a> ShareRow<'a> {
    /// Reads one row.
    ///
    /// # Errors
    /// Names the first field that is not what Slurm prints there.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [
            user,
            partition,
            raw_shares,
            shares,
            raw_usage,
            normalized_usage,
            usage,
            fair_share,
            account,
        ] = fields(row)?;
        // sshare indents an account by its depth in the tree.
        let account = optional_word(account.trim_start())?.ok_or(RowError::Name)?;
        let user = optional_word(user)?;
        let is_root = account == "root" && user.is_none();
        Ok(Self {
            account,
            user,
            partition: optional_word(partition)?,
            raw_shares: match raw_shares {
                "" | "parent" => None,
                shares => Some(number(shares)?),
            },
            normalized_shares: optional_decimal(shares)?.filter(|_| !is_root),
            raw_usage_seconds: number(raw_usage)?,
            normalized_usage: optional_decimal(normalized_usage)?,
            effective_usage: optional_decimal(usage)?.ok_or(RowError::Number)?,
            fair_share: optional_decimal(fair_share)?,
        })
    }
}

/// A number such as `0.662764`: no sign, no exponent, no infinity.
fn optional_decimal(text: &str) -> Result<Option<f64>, RowError> {
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    number(whole)?;
    number(rest)?;
    text.parse().map(Some).map_err(|_| RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_account_and_its_user() {
        assert_eq!(
            ShareRow::parse("||3|0.600000|6066|0.838894|0.838894|| chips"),
            Ok(ShareRow {
                account: "chips",
                user: None,
                partition: None,
                raw_shares: Some(3),
                normalized_shares: Some(0.6),
                raw_usage_seconds: 6066,
                normalized_usage: Some(0.838_894),
                effective_usage: 0.838_894,
                fair_share: None,
            })
        );
        let root = ShareRow::parse("|||0.0|9||1.0||root").unwrap();
        assert_eq!(
            (root.raw_shares, root.normalized_shares, root.normalized_usage),
            (None, None, None)
        );
        let user =
            ShareRow::parse("bob-x|fast|parent|0.600000|4188|0.579171|0.690399|0.400000|  chips")
                .unwrap();
        assert_eq!((user.account, user.user), ("chips", Some("bob-x")));
        assert_eq!((user.partition, user.fair_share), (Some("fast"), Some(0.4)));
        assert_eq!((user.raw_shares, user.normalized_usage), (None, Some(0.579_171)));
    }

    #[test]
    fn never_guesses() {
        let good = "bob|fast|2|0.6|4188|0.57|0.69|0.4|chips";
        assert!(ShareRow::parse(good).is_ok());
        for (from, to, error) in [
            (good, "", RowError::Fields),
            ("|chips", "", RowError::Fields),
            ("chips", "", RowError::Name),
            ("chips", "ch\tips", RowError::Name),
            ("|2|", "|two|", RowError::Number),
            ("|0.57|", "|x|", RowError::Number),
            ("|0.6|", "|inf|", RowError::Number),
            ("|0.6|", "|-0.6|", RowError::Number),
            ("|0.6|", "|0.|", RowError::Number),
            ("|4188|", "||", RowError::Number),
            ("|0.69|", "||", RowError::Number),
            ("|0.4|", "|nan|", RowError::Number),
            ("|0.4|", "|1e-3|", RowError::Number),
        ] {
            let row = good.replacen(from, to, 1);
            assert_eq!(ShareRow::parse(&row), Err(error), "{row}");
        }
    }
}
