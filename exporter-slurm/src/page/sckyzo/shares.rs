//! Shares of accounts, and of their users.

use edctl_exposition::{Page, Value};

use crate::counts::{Share, Shares};
use crate::page::table::{Column, Labelled, add_columns, labelled};

/// Adds what vpenso's exporter has not.
pub(super) fn render(shares: &Shares, top: usize, page: &mut Page) {
    let accounts = shares.accounts.iter().map(|account| (&account.account, &account.share));
    add_columns(page, ACCOUNT, &labelled("account", accounts));
    let users: Vec<Labelled<'_, Share, 2>> = shares
        .top_users(top)
        .into_iter()
        .filter(|user| user.partition.is_empty())
        .map(|user| ([("account", &*user.account), ("user", &*user.user)], &user.share))
        .collect();
    add_columns(page, USER, &users);
}

const ACCOUNT: &[Column<Share>] = &[
    ("slurm_account_fairshare_raw_shares", "The account's shares as they were set.", raw_shares),
    (
        "slurm_account_fairshare_norm_shares",
        "The part of its parent's shares that it is entitled to.",
        norm_shares,
    ),
    (
        "slurm_account_fairshare_raw_usage_cpu_seconds",
        "What it has used, older use counting less, in the seconds that Slurm bills.",
        raw_usage,
    ),
    ("slurm_account_fairshare_norm_usage", "Its part of the cluster's usage.", norm_usage),
];

const USER: &[Column<Share>] = &[
    ("slurm_user_fairshare", "The user's fairshare factor.", |share| {
        share.fair_share.map(Value::from)
    }),
    ("slurm_user_fairshare_raw_shares", "The user's shares as they were set.", raw_shares),
    (
        "slurm_user_fairshare_norm_shares",
        "The part of the account's shares that the user is entitled to.",
        norm_shares,
    ),
    (
        "slurm_user_fairshare_raw_usage_cpu_seconds",
        "What the user has used, older use counting less, in the seconds that Slurm bills.",
        raw_usage,
    ),
    ("slurm_user_fairshare_norm_usage", "The user's part of the cluster's usage.", norm_usage),
];

fn raw_shares(share: &Share) -> Option<Value> {
    share.raw_shares.map(Value::from)
}

fn norm_shares(share: &Share) -> Option<Value> {
    share.normalized_shares.map(Value::from)
}

fn raw_usage(share: &Share) -> Option<Value> {
    share.raw_usage_seconds.map(Value::from)
}

fn norm_usage(share: &Share) -> Option<Value> {
    share.normalized_usage.map(Value::from)
}
