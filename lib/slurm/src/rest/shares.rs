//! Shares as `/shares` shows them.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};

use super::answer::{Elements, Envelope};
use super::value::Value;
use crate::rows::{RowError, optional_word};
use crate::shares::ShareRow;

/// The key under which they stand, in an object under the same key.
pub(super) const KEY: &str = "shares";

/// Slurm's mark for the shares of one that has its parent's.
const PARENTS: u64 = 0x7fff_ffff;

/// What counts of an account's share, or of a user's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Share {
    /// The account's name or the user's.
    name: Value,
    /// The account above it.
    parent: Value,
    partition: Value,
    /// As they were set.
    shares: Value,
    shares_normalized: Value,
    /// In seconds of a CPU, or as the site bills.
    usage: Value,
    usage_normalized: Value,
    effective_usage: Value,
    fairshare: FairShare,
    /// `["USER"]`, or `["ASSOCIATION"]` for an account.
    r#type: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FairShare {
    factor: Value,
}

impl Share {
    /// The row that it is.
    ///
    /// # Errors
    /// Names the first value that is not what Slurm writes there.
    pub(super) fn row(&self) -> Result<ShareRow<'_>, RowError> {
        let own = optional_word(self.name.text()?)?.ok_or(RowError::Name)?;
        let (account, user) = match self.r#type.words()?.as_slice() {
            ["USER"] => (optional_word(self.parent.text()?)?.ok_or(RowError::Name)?, Some(own)),
            ["ASSOCIATION"] => (own, None),
            _ => return Err(RowError::Unknown),
        };
        let is_root = account == "root" && user.is_none();
        Ok(ShareRow {
            account,
            user,
            partition: optional_word(self.partition.text()?)?,
            raw_shares: self.shares.known()?.filter(|shares| *shares != PARENTS),
            normalized_shares: self.shares_normalized.ratio()?.filter(|_| !is_root),
            raw_usage_seconds: self.usage.whole()?,
            normalized_usage: self.usage_normalized.ratio()?,
            effective_usage: self.effective_usage.ratio()?.ok_or(RowError::Number)?,
            fair_share: self.fairshare.factor.ratio()?.filter(|_| user.is_some()),
        })
    }
}

/// The list within the object under [`KEY`].
pub(super) struct Shares<F>(pub(super) F);

impl<'de, F: FnMut(Option<Share>)> DeserializeSeed<'de> for Shares<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let list = Envelope { key: KEY, content: Some(Elements::new(self.0)) };
        list.deserialize(deserializer).map(|_no_errors_here| ())
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    /// As v0.0.40 writes it: an account and its user.
    const V40: &str = r#"{"shares": {"shares": [
        {"id": 2, "cluster": "c", "name": "soc", "parent": "root", "partition": "",
         "shares": {"set": true, "infinite": false, "number": 3}, "usage_normalized": 0.7,
         "shares_normalized": {"set": true, "infinite": false, "number": 0.6},
         "usage": 6066, "effective_usage": 0.8,
         "fairshare": {"factor": 0.0, "level": 0.7}, "type": ["ASSOCIATION"]},
        {"name": "ada", "parent": "soc", "partition": "fast", "shares": 2147483647,
         "shares_normalized": {"set": true, "infinite": false, "number": 1.0},
         "usage": 20, "effective_usage": 0.25, "fairshare": {"factor": 0.9}, "type": ["USER"]}
        ], "total_shares": 3}, "errors": []}"#;

    fn rows(json: &str) -> Vec<Result<String, RowError>> {
        let mut rows = Vec::new();
        let each = |share: Option<Share>| {
            rows.push(share.ok_or(RowError::Fields).and_then(|share| {
                let row = share.row()?;
                Ok(format!(
                    "{} {:?} {:?} {:?} {:?} {} {:?} {} {:?}",
                    row.account,
                    row.user,
                    row.partition,
                    row.raw_shares,
                    row.normalized_shares,
                    row.raw_usage_seconds,
                    row.normalized_usage,
                    row.effective_usage,
                    row.fair_share
                ))
            }));
        };
        answer::read(json.as_bytes(), KEY, Shares(each)).unwrap();
        rows
    }

    #[test]
    fn reads_the_same_of_any_release() {
        let number = |json: &str, number: &str| {
            let wrapped = format!(r#"{{"set": true, "infinite": false, "number": {number}}}"#);
            json.replace(&format!(": {number},"), &format!(": {wrapped},"))
                .replace(&format!(": {number}}}"), &format!(": {wrapped}}}"))
        };
        let v44 = number(&number(&number(V40, "0.8"), "0.25"), "0.9");
        assert_ne!(v44, V40);
        for json in [V40, &v44] {
            let wanted = [
                "soc None None Some(3) Some(0.6) 6066 Some(0.7) 0.8 None",
                "soc Some(\"ada\") Some(\"fast\") None Some(1.0) 20 None 0.25 Some(0.9)",
            ]
            .map(|row| Ok(row.to_owned()));
            assert_eq!(rows(json), wanted, "{json}");
        }
    }

    #[test]
    fn never_guesses() {
        for (from, to, error) in [
            ("\"name\": \"soc\"", "\"name\": \"\"", RowError::Name),
            ("6066", "-1", RowError::Number),
            ("0.8", "null", RowError::Number),
            ("\"ASSOCIATION\"", "\"GUILD\"", RowError::Unknown),
            ("0.6", "-0.6", RowError::Number),
        ] {
            let rows = rows(&V40.replacen(from, to, 1));
            assert_eq!((rows[0].clone(), rows[1].is_ok()), (Err(error), true), "{from}");
        }
    }
}
