//! Shares as `/shares` shows them.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};

use super::answer::{Elements, Envelope, Object};
use super::value::Value;
use crate::lost::{LeftOut, RowError};
use crate::rows::optional_word;
use crate::shares::ShareRow;

/// The key under which they stand, in an object under the same key.
pub(super) const KEY: &str = "shares";

/// Slurm's mark for the shares of one that has its parent's.
const PARENTS: u64 = 0x7fff_ffff;

/// What counts of an account's share, or of a user's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Share {
    /// The account's name or the user's.
    pub(super) name: Value,
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
    fairshare: Object<FairShare>,
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
    /// The entry names neither an account nor a user.
    pub(super) fn row(&self) -> Result<ShareRow<'_>, RowError> {
        let own = optional_word(self.name.text()?).ok_or(RowError::Name)?;
        let (account, user) = match self.r#type.words()?.as_slice() {
            ["USER"] => (optional_word(self.parent.text()?).ok_or(RowError::Name)?, Some(own)),
            ["ASSOCIATION"] => (own, None),
            _ => return Err(RowError::Unknown),
        };
        let is_root = account == "root" && user.is_none();
        let mut left_out = LeftOut::default();
        let fair_share = self.fairshare.0.as_ref().ok_or(RowError::Fields);
        let fair_share = fair_share.and_then(|fair_share| fair_share.factor.ratio());
        let shares = left_out.note(self.shares.known());
        let normalized_shares = left_out.note(self.shares_normalized.ratio());
        Ok(ShareRow {
            account,
            user,
            partition: optional_word(self.partition.text()?),
            raw_shares: shares.map(|shares| shares.filter(|shares| *shares != PARENTS)),
            normalized_shares: normalized_shares.map(|part| part.filter(|_| !is_root)),
            raw_usage_seconds: left_out.note(self.usage.whole()),
            normalized_usage: left_out.note(self.usage_normalized.ratio()),
            effective_usage: left_out
                .note(self.effective_usage.ratio().and_then(|usage| usage.ok_or(RowError::Number))),
            fair_share: left_out.note(fair_share).map(|factor| factor.filter(|_| user.is_some())),
            left_out,
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

    /// Whose each row is, its numbers, of which `-` cannot be read, and how many cannot.
    fn rows(json: &str) -> Vec<Result<(String, u64), RowError>> {
        let mut rows = Vec::new();
        let shown = |number: Option<f64>| number.map_or("None".to_owned(), |it| it.to_string());
        let known = |field: Result<Option<f64>, _>| field.map_or("-".to_owned(), shown);
        let each = |share: Option<Share>| {
            rows.push(share.ok_or(RowError::Fields).and_then(|share| {
                let row = share.row()?;
                let numbers = [
                    row.raw_shares.map(|shares| shares.map(|shares| shares as f64)),
                    row.normalized_shares,
                    row.raw_usage_seconds.map(|usage| Some(usage as f64)),
                    row.normalized_usage,
                    row.effective_usage.map(Some),
                    row.fair_share,
                ];
                let numbers = numbers.map(known).join(" ");
                let whose = format!("{} {:?} {:?}", row.account, row.user, row.partition);
                Ok((format!("{whose} {numbers}"), row.left_out.total()))
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
                "soc None None 3 0.6 6066 0.7 0.8 None",
                "soc Some(\"ada\") Some(\"fast\") None 1 20 None 0.25 0.9",
            ]
            .map(|row| Ok((row.to_owned(), 0)));
            assert_eq!(rows(json), wanted, "{json}");
        }
    }

    #[test]
    fn one_odd_value_costs_itself_alone() {
        for (from, to, row) in [
            ("\"number\": 3", "\"number\": -7", "soc None None - 0.6 6066 0.7 0.8 None"),
            ("0.6", "-0.6", "soc None None 3 - 6066 0.7 0.8 None"),
            ("6066", "-1", "soc None None 3 0.6 - 0.7 0.8 None"),
            ("0.7,", "\"x\",", "soc None None 3 0.6 6066 - 0.8 None"),
            ("0.8", "null", "soc None None 3 0.6 6066 0.7 - None"),
            ("{\"factor\": 0.0, \"level\": 0.7}", "7", "soc None None 3 0.6 6066 0.7 0.8 -"),
        ] {
            let rows = rows(&V40.replacen(from, to, 1));
            assert_eq!((&rows[0], rows[1].is_ok()), (&Ok((row.to_owned(), 1)), true), "{from}");
        }
    }

    #[test]
    fn a_share_of_nobody_is_given_up() {
        for (from, to, error) in [
            ("\"name\": \"soc\"", "\"name\": \"\"", RowError::Name),
            ("\"ASSOCIATION\"", "\"GUILD\"", RowError::Unknown),
            ("\"partition\": \"\"", "\"partition\": 7", RowError::Fields),
        ] {
            let rows = rows(&V40.replacen(from, to, 1));
            assert_eq!((rows[0].clone(), rows[1].is_ok()), (Err(error), true), "{from}");
        }
    }
}
