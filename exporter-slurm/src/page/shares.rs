//! What sshare says of accounts and their users.

use edctl_exposition::{Family, Page};

use super::push_some;
use crate::counts::Shares;

/// Adds all families of shares, with the `top` users in each.
pub(super) fn render(shares: &Shares, top: usize, page: &mut Page) {
    render_accounts(shares, page);
    render_users(shares, top, page);
}

fn render_accounts(shares: &Shares, page: &mut Page) {
    let mut entitled = Family::gauge(
        "edctl_slurm_account_shares_ratio",
        "Part of its parent's shares that the account is entitled to (sshare's NormShares).",
    );
    let mut used = Family::gauge(
        "edctl_slurm_account_usage_ratio",
        "The account's part of its parent's usage (sshare's EffectvUsage).",
    );
    let mut raw = Family::gauge(
        "edctl_slurm_account_raw_usage_seconds",
        "What the account has used, older use counting less, in the seconds that Slurm bills.",
    );
    for share in &shares.accounts {
        let labels = [("account", share.account.as_str())];
        push_some(&mut entitled, &labels, share.normalized_shares);
        used.push(&labels, share.effective_usage);
        raw.push(&labels, share.raw_usage_seconds);
    }
    for family in [entitled, used, raw] {
        page.add(family);
    }
}

fn render_users(shares: &Shares, top: usize, page: &mut Page) {
    let mut factor = Family::gauge(
        "edctl_slurm_user_fairshare_ratio",
        "Fairshare factor of the users who have used most, from 0 to 1.",
    );
    let mut raw = Family::gauge(
        "edctl_slurm_user_raw_usage_seconds",
        "What the users who have used most have used, in the seconds that Slurm bills.",
    );
    for share in shares.top_users(top) {
        let labels = [
            ("account", share.account.as_str()),
            ("user", share.user.as_str()),
            ("partition", share.partition.as_str()),
        ];
        push_some(&mut factor, &labels, share.fair_share);
        raw.push(&labels, share.raw_usage_seconds);
    }
    page.add(factor);
    page.add(raw);
}
