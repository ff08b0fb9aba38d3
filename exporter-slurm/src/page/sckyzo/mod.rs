//! The names of SckyzO/slurm_exporter (on its way to 2.0), all of them gauges as there. Many are vpenso's, and
//! are made by its file. What differs from the original: docs/profiles.md.

mod jobs;
mod nodes;
mod reservations;
mod shares;

use edctl_exposition::{Family, Page, Value};
use edctl_slurm::Figure;

use super::snapshot::Snapshot;
use super::table::{Column, FigureRow, add_columns, add_figures, labelled};
use super::vpenso;
use crate::backend::CLI;
use crate::counts::{DiagCounts, License, RpcTotal};
use crate::source::Source;

/// Adds all families.
pub(super) fn render(snapshot: &Snapshot<'_>, page: &mut Page) {
    add_version(snapshot, page);
    if let Some(nodes) = snapshot.nodes {
        vpenso::add_nodes(nodes, page);
        nodes::render(nodes, page);
    }
    if let Some(jobs) = snapshot.jobs {
        vpenso::add_jobs(jobs, snapshot.top, page);
        jobs::render(jobs, snapshot.top, page);
    }
    if let Some(diag) = snapshot.diag {
        vpenso::add_scheduler(diag, page);
        add_diag(diag, snapshot.top, page);
    }
    if let Some(shares) = snapshot.shares {
        vpenso::add_shares(shares, page);
        shares::render(shares, snapshot.top, page);
    }
    if let Some(licenses) = snapshot.licenses {
        let licenses = licenses.iter().map(|license| (&license.name, license));
        add_columns(page, LICENSE, &labelled("license", licenses));
    }
    if let Some(reservations) = snapshot.reservations {
        reservations::render(reservations, snapshot.nodes, page);
    }
}

/// slurmrestd's version is not Slurm's.
fn add_version(snapshot: &Snapshot<'_>, page: &mut Page) {
    let mut family = Family::gauge("slurm_info", "1, with Slurm's version.");
    let teller = snapshot.health(Source::Nodes).and_then(|health| health.teller.as_ref());
    if let Some(sinfo) = teller.filter(|one| one.backend == CLI && !one.version.is_empty()) {
        let version = ("version", sinfo.version.as_str());
        family.push(&[("type", "general"), ("binary", "sinfo"), version], 1u64);
    }
    page.add(family);
}

fn add_diag(diag: &DiagCounts, top: usize, page: &mut Page) {
    add_figures(page, SCHEDULER, diag);
    add_columns(page, TYPE_RPC, &labelled("operation", &diag.types_now()));
    add_columns(page, USER_RPC, &labelled("user", &diag.users_now(top)));
}

const SCHEDULER: &[FigureRow] = &[
    (
        "slurm_scheduler_jobs_submitted",
        "Jobs submitted since slurmctld's figures began again.",
        Figure::JobsSubmitted,
    ),
    (
        "slurm_scheduler_jobs_started",
        "Jobs started since slurmctld's figures began again.",
        Figure::JobsStarted,
    ),
    (
        "slurm_scheduler_jobs_completed",
        "Jobs completed since slurmctld's figures began again.",
        Figure::JobsCompleted,
    ),
    (
        "slurm_scheduler_jobs_canceled",
        "Jobs cancelled since slurmctld's figures began again.",
        Figure::JobsCanceled,
    ),
    (
        "slurm_scheduler_jobs_failed",
        "Jobs failed since slurmctld's figures began again.",
        Figure::JobsFailed,
    ),
];

const TYPE_RPC: &[Column<RpcTotal>] = &[
    ("slurm_rpc_stats", "Requests of the type.", count),
    ("slurm_rpc_stats_avg_time", "Mean time for them, in microseconds.", mean),
    ("slurm_rpc_stats_total_time", "Time for them, in microseconds.", total),
];

const USER_RPC: &[Column<RpcTotal>] = &[
    ("slurm_user_rpc_stats", "Requests of the user.", count),
    ("slurm_user_rpc_stats_avg_time", "Mean time for them, in microseconds.", mean),
    ("slurm_user_rpc_stats_total_time", "Time for them, in microseconds.", total),
];

fn count(rpc: &RpcTotal) -> Option<Value> {
    rpc.count.said().map(Value::from)
}

fn mean(rpc: &RpcTotal) -> Option<Value> {
    rpc.mean_usec().map(Value::from)
}

fn total(rpc: &RpcTotal) -> Option<Value> {
    rpc.usec.said().map(Value::from)
}

const LICENSE: &[Column<License>] = &[
    ("slurm_license_total", "All of the licence.", |license| license.total.map(Value::from)),
    ("slurm_license_used", "Those that jobs have.", |license| license.used.map(Value::from)),
    ("slurm_license_free", "Those that a job can have.", |license| license.free.map(Value::from)),
    ("slurm_license_reserved", "Those that reservations hold.", |license| {
        license.reserved.map(Value::from)
    }),
];
