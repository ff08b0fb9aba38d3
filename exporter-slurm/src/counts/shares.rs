//! What sshare says of accounts and their users.

use edctl_slurm::ShareRow;

/// What accounts and their users are entitled to and have used.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    pub(crate) accounts: Vec<AccountShare>,
    users: Vec<UserShare>,
}

/// What somebody is entitled to and has used; ratios are from 0 to 1. What is not there is not told or cannot be
/// read.
#[derive(Debug)]
pub(crate) struct Share {
    /// As it was set; `None` where it is the parent's.
    pub(crate) raw_shares: Option<u64>,
    /// Its part of its parent's shares; the root account has no parent.
    pub(crate) normalized_shares: Option<f64>,
    pub(crate) raw_usage_seconds: Option<u64>,
    /// Its part of the cluster's usage.
    pub(crate) normalized_usage: Option<f64>,
    /// Its part of its parent's usage.
    pub(crate) effective_usage: Option<f64>,
    /// The factor in jobs' priorities; accounts have one only where the site does without Fair Tree.
    pub(crate) fair_share: Option<f64>,
}

/// An account's share.
#[derive(Debug)]
pub(crate) struct AccountShare {
    pub(crate) account: String,
    pub(crate) share: Share,
}

/// A user's standing in an account.
#[derive(Debug)]
pub(crate) struct UserShare {
    pub(crate) account: String,
    pub(crate) user: String,
    /// Empty where the user's association is for all partitions.
    pub(crate) partition: String,
    pub(crate) share: Share,
}

impl Shares {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &ShareRow<'_>) {
        let account = row.account.to_owned();
        let share = Share {
            raw_shares: row.raw_shares.ok().flatten(),
            normalized_shares: row.normalized_shares.ok().flatten(),
            raw_usage_seconds: row.raw_usage_seconds.ok(),
            normalized_usage: row.normalized_usage.ok().flatten(),
            effective_usage: row.effective_usage.ok(),
            fair_share: row.fair_share.ok().flatten(),
        };
        match row.user {
            Some(user) => self.users.push(UserShare {
                account,
                user: user.to_owned(),
                partition: row.partition.unwrap_or_default().to_owned(),
                share,
            }),
            None => self.accounts.push(AccountShare { account, share }),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.users.is_empty()
    }

    /// The `most` users who have used most. There is no sum of the others: standings do not add up.
    pub(crate) fn top_users(&self, most: usize) -> Vec<&UserShare> {
        let mut users: Vec<&UserShare> = self.users.iter().collect();
        users.sort_by_key(|user| std::cmp::Reverse(user.share.raw_usage_seconds));
        users.truncate(most);
        users
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_stand_apart_from_users_of_whom_the_busiest_are_shown() {
        let mut shares = Shares::default();
        assert!(shares.is_empty());
        for row in [
            "||1|0.6|90|0.8|0.8|| chips",
            "ada||1|0.5|20|0.2|0.2|0.9|  chips",
            "bob|fast|1|0.5|70|0.6|0.8|0.1|  chips",
            "eve||1|0.5|0|0.0|0.0|1.0|  chips",
        ] {
            shares.add(&ShareRow::parse(row).unwrap());
        }
        assert_eq!(shares.accounts.len(), 1);
        let top: Vec<_> = shares.top_users(2).iter().map(|user| user.user.as_str()).collect();
        assert_eq!(top, ["bob", "ada"]);
    }
}
