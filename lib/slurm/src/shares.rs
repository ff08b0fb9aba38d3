//! Rows of [`crate::commands::SHARES`]: one for each account, and one for each user of it.

use crate::lost::{Field, LeftOut, RowError};
use crate::rows::{fields, number, optional_word};

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
    pub raw_shares: Field<Option<u64>>,
    /// The part of its parent's shares that it is entitled to, from 0 to 1 (of the cluster's, without
    /// Fair Tree); nothing for the root account, for which sshare prints 0.
    pub normalized_shares: Field<Option<f64>>,
    /// What it has used, older use counting less, in seconds of a CPU or as the site bills.
    pub raw_usage_seconds: Field<u64>,
    /// Its part of the cluster's usage, from 0 to 1.
    pub normalized_usage: Field<Option<f64>>,
    /// Its part of its parent's usage, from 0 to 1 (of the cluster's, without Fair Tree).
    pub effective_usage: Field<f64>,
    /// The factor that goes into its jobs' priorities, from 0 to 1; users have one.
    pub fair_share: Field<Option<f64>>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
}

impl<'a> ShareRow<'a> {
    /// Reads one row.
    ///
    /// # Errors
    /// Says why it is no row: it has too few or too many fields, or no account.
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
        if account.contains('|') {
            return Err(RowError::Fields);
        }
        // sshare indents an account by its depth in the tree.
        let account = optional_word(account.trim_start()).ok_or(RowError::Name)?;
        // An account's row has no user; a row without both names belongs to nobody.
        let user = match user {
            "" => None,
            user => Some(optional_word(user).ok_or(RowError::Name)?),
        };
        let is_root = account == "root" && user.is_none();
        let mut left_out = LeftOut::default();
        Ok(Self {
            account,
            user,
            partition: optional_word(partition),
            raw_shares: match raw_shares {
                "" | "parent" => Ok(None),
                shares => left_out.note(number(shares).map(Some)),
            },
            normalized_shares: left_out
                .note(optional_decimal(shares))
                .map(|part| part.filter(|_| !is_root)),
            raw_usage_seconds: left_out.note(number(raw_usage)),
            normalized_usage: left_out.note(optional_decimal(normalized_usage)),
            effective_usage: left_out
                .note(optional_decimal(usage).and_then(|usage| usage.ok_or(RowError::Number))),
            fair_share: left_out.note(optional_decimal(fair_share)),
            left_out,
        })
    }
}

/// A number such as `0.662764`: no sign, no exponent, no infinity.
fn optional_decimal(text: &str) -> Field<Option<f64>> {
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let is_decimal = [whole, rest]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let decimal = text.parse::<f64>().ok().filter(|decimal| is_decimal && decimal.is_finite());
    decimal.map(Some).ok_or(RowError::Number)
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
                raw_shares: Ok(Some(3)),
                normalized_shares: Ok(Some(0.6)),
                raw_usage_seconds: Ok(6066),
                normalized_usage: Ok(Some(0.838_894)),
                effective_usage: Ok(0.838_894),
                fair_share: Ok(None),
                left_out: LeftOut::default(),
            })
        );
        let root = ShareRow::parse("|||0.0|9||1.0||root").unwrap();
        assert_eq!(
            (root.raw_shares, root.normalized_shares, root.normalized_usage),
            (Ok(None), Ok(None), Ok(None))
        );
        let user =
            ShareRow::parse("bob-x|fast|parent|0.600000|4188|0.579171|0.690399|0.400000|  chips")
                .unwrap();
        assert_eq!((user.account, user.user), ("chips", Some("bob-x")));
        assert_eq!((user.partition, user.fair_share), (Some("fast"), Ok(Some(0.4))));
        assert_eq!((user.raw_shares, user.normalized_usage), (Ok(None), Ok(Some(0.579_171))));
    }

    const GOOD: &str = "bob|fast|2|0.6|4188|0.57|0.69|0.4|chips";

    #[test]
    fn one_odd_number_costs_itself_alone() {
        let good = ShareRow::parse(GOOD).unwrap();
        let huge = format!("|{}|", "9".repeat(400));
        for (from, to) in [
            ("|2|", "|two|"),
            ("|0.57|", "|x|"),
            ("|0.6|", "|inf|"),
            ("|0.6|", "|-0.6|"),
            ("|0.6|", "|0.|"),
            ("|0.6|", huge.as_str()),
            ("|4188|", "||"),
            ("|4188|", "|18446744073709551616|"),
            ("|0.69|", "||"),
            ("|0.4|", "|nan|"),
            ("|0.4|", "|1e-3|"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let row = ShareRow::parse(&text).unwrap();
            assert_eq!(row.left_out.iter().collect::<Vec<_>>(), [(RowError::Number, 1)], "{text}");
            let same = [
                row.raw_shares == good.raw_shares,
                row.normalized_shares == good.normalized_shares,
                row.raw_usage_seconds == good.raw_usage_seconds,
                row.normalized_usage == good.normalized_usage,
                row.effective_usage == good.effective_usage,
                row.fair_share == good.fair_share,
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{text}: {same:?}");
        }
    }

    #[test]
    fn a_row_that_lost_its_frame_is_given_up() {
        for (from, to, error) in [
            (GOOD, "", RowError::Fields),
            ("|chips", "", RowError::Fields),
            ("bob|", "b|ob|", RowError::Fields),
            ("chips", "", RowError::Name),
            ("bob|", "(null)|", RowError::Name),
        ] {
            let row = GOOD.replacen(from, to, 1);
            assert_eq!(ShareRow::parse(&row), Err(error), "{row}");
        }
    }
}
