//! What sshare says of accounts and their users.

use edctl_exposition::{Page, Value};

use crate::counts::{Share, Shares};
use crate::page::table::{Column, Labelled, add_columns, labelled};

/// Adds all families of shares, with the `top` users in each.
pub(super) fn render(shares: &Shares, top: usize, page: &mut Page) {
    let accounts = shares.accounts.iter().map(|account| (&account.account, &account.share));
    add_columns(page, ACCOUNT, &labelled("account", accounts));
    let users: Vec<Labelled<'_, Share, 3>> = shares
        .top_users(top)
        .into_iter()
        .map(|user| {
            let account = ("account", user.account.as_str());
            let partition = ("partition", user.partition.as_str());
            ([account, ("user", &user.user), partition], &user.share)
        })
        .collect();
    add_columns(page, USER, &users);
}

const ACCOUNT: &[Column<Share>] = &[
    (
        "edctl_slurm_account_shares_ratio",
        "Part of its parent's shares that the account is entitled to (sshare's NormShares).",
        |share| share.normalized_shares.map(Value::from),
    ),
    (
        "edctl_slurm_account_usage_ratio",
        "The account's part of its parent's usage (sshare's EffectvUsage).",
        |share| share.effective_usage.map(Value::from),
    ),
    (
        "edctl_slurm_account_raw_usage_seconds",
        "What the account has used, older use counting less, in the seconds that Slurm bills.",
        |share| share.raw_usage_seconds.map(Value::from),
    ),
];

const USER: &[Column<Share>] = &[
    (
        "edctl_slurm_user_fairshare_ratio",
        "Fairshare factor of the users who have used most, from 0 to 1.",
        |share| share.fair_share.map(Value::from),
    ),
    (
        "edctl_slurm_user_raw_usage_seconds",
        "What the users who have used most have used, in the seconds that Slurm bills.",
        |share| share.raw_usage_seconds.map(Value::from),
    ),
];
