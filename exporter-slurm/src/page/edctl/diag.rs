//! What sdiag says of slurmctld.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};
use edctl_slurm::{Figure, Stamp};

use crate::counts::{DiagCounts, RpcTotal};
use crate::page::table::{FigureRow, add_figures};
use crate::schedule;

/// Adds all families of slurmctld's own figures; what sdiag did not say is missing.
pub(super) fn render(diag: &DiagCounts, page: &mut Page) {
    render_server(diag, page);
    add_totals(page, JOBS, diag);
    render_schedulers(diag, page);
    render_backfill(diag, page);
    render_rpcs(diag, page);
}

fn render_server(diag: &DiagCounts, page: &mut Page) {
    add_figures(page, SERVER, diag);
    page.add(
        Family::gauge(
            "edctl_slurm_poll_slowdown",
            "How many times less the other sources are asked, as slurmctld says it is loaded.",
        )
        .with(&[], schedule::slowdown(&diag.now)),
    );
    let mut since = Family::gauge(
        "edctl_slurm_diag_since_timestamp_seconds",
        "Unix time of slurmctld's last reset of its figures; maxima and means are since then.",
    );
    since.push_known(&[], diag.now.since.and_then(Stamp::seconds));
    page.add(since);
}

const SERVER: &[FigureRow] = &[
    (
        "edctl_slurm_server_threads",
        "Threads of slurmctld that serve a request; it has at most 256.",
        Figure::ServerThreads,
    ),
    (
        "edctl_slurm_agent_queue_length",
        "Requests to nodes that wait to be sent again.",
        Figure::AgentQueue,
    ),
    ("edctl_slurm_agents", "Agents that send requests to nodes.", Figure::Agents),
    ("edctl_slurm_agent_threads", "Threads that all agents have.", Figure::AgentThreads),
    (
        "edctl_slurm_dbd_agent_queue_length",
        "Messages that wait for slurmdbd; slurm.conf's MaxDBDMsgs is the most.",
        Figure::DbdAgentQueue,
    ),
];

const JOBS: &[FigureRow] = &[
    (
        "edctl_slurm_jobs_submitted_total",
        "Jobs submitted, by slurmctld's count.",
        Figure::JobsSubmitted,
    ),
    (
        "edctl_slurm_jobs_started_total",
        "Jobs started, backfilled ones too, by slurmctld's count.",
        Figure::JobsStarted,
    ),
    (
        "edctl_slurm_jobs_completed_total",
        "Jobs that ended, whatever their exit code, by slurmctld's count.",
        Figure::JobsCompleted,
    ),
    (
        "edctl_slurm_jobs_canceled_total",
        "Jobs cancelled, by slurmctld's count.",
        Figure::JobsCanceled,
    ),
    (
        "edctl_slurm_jobs_failed_total",
        "Jobs that failed for slurmd's or Slurm's own reasons, by slurmctld's count.",
        Figure::JobsFailed,
    ),
];

fn render_schedulers(diag: &DiagCounts, page: &mut Page) {
    let main = [("scheduler", "main")];
    let backfill = [("scheduler", "backfill")];

    let mut cycles =
        Family::counter("edctl_slurm_scheduler_cycles_total", "Cycles of the scheduler.");
    push(&mut cycles, &diag.totals, &main, Figure::MainCycles);
    push(&mut cycles, &diag.totals, &backfill, Figure::BackfillCycles);
    page.add(cycles);

    for (main_figure, backfill_figure, name, help) in [
        (
            Figure::MainLastCycle,
            Figure::BackfillLastCycle,
            "edctl_slurm_scheduler_last_cycle_seconds",
            "Time of the scheduler's last cycle.",
        ),
        (
            Figure::MainMaxCycle,
            Figure::BackfillMaxCycle,
            "edctl_slurm_scheduler_max_cycle_seconds",
            "Time of its longest cycle since slurmctld's last reset.",
        ),
        (
            Figure::MainMeanCycle,
            Figure::BackfillMeanCycle,
            "edctl_slurm_scheduler_mean_cycle_seconds",
            "Mean time of its cycles since slurmctld's last reset.",
        ),
    ] {
        let mut family = Family::gauge(name, help);
        for (labels, figure) in [(main, main_figure), (backfill, backfill_figure)] {
            let usec = diag.now.figures.get(&figure);
            family.push_known(&labels, usec.map(|usec| seconds(*usec)));
        }
        page.add(family);
    }
    for (main_figure, backfill_figure, name, help) in [
        (
            Figure::MainMeanDepth,
            Figure::BackfillMeanDepth,
            "edctl_slurm_scheduler_mean_depth_jobs",
            "Jobs that it looks at in a cycle, in the mean since slurmctld's last reset.",
        ),
        (
            Figure::MainQueue,
            Figure::BackfillQueue,
            "edctl_slurm_scheduler_queue_length",
            "Jobs that waited at its last cycle; backfill counts one for each of its partitions.",
        ),
    ] {
        let mut family = Family::gauge(name, help);
        push(&mut family, &diag.now.figures, &main, main_figure);
        push(&mut family, &diag.now.figures, &backfill, backfill_figure);
        page.add(family);
    }
}

fn render_backfill(diag: &DiagCounts, page: &mut Page) {
    add_totals(page, BACKFILL_TOTALS, diag);
    add_figures(page, BACKFILL, diag);
    let mut last = Family::gauge(
        "edctl_slurm_backfill_last_cycle_timestamp_seconds",
        "Unix time of backfill's last cycle.",
    );
    last.push_known(&[], diag.now.backfill_last_cycle.and_then(Stamp::seconds));
    page.add(last);
}

const BACKFILL_TOTALS: &[FigureRow] = &[
    ("edctl_slurm_backfilled_jobs_total", "Jobs that backfill started.", Figure::BackfilledJobs),
    (
        "edctl_slurm_backfilled_het_components_total",
        "Components of heterogeneous jobs that backfill started.",
        Figure::BackfilledHetComponents,
    ),
];

const BACKFILL: &[FigureRow] = &[
    (
        "edctl_slurm_backfill_last_depth_jobs",
        "Jobs that backfill's last cycle looked at.",
        Figure::BackfillLastDepth,
    ),
    (
        "edctl_slurm_backfill_last_tried_jobs",
        "Jobs that backfill's last cycle tried to start.",
        Figure::BackfillLastTried,
    ),
    (
        "edctl_slurm_backfill_table_slots",
        "Time slots that backfill's last cycle tested.",
        Figure::BackfillTable,
    ),
];

fn render_rpcs(diag: &DiagCounts, page: &mut Page) {
    push_rpcs(
        page,
        "type",
        &diag.rpcs_by_type,
        Family::counter("edctl_slurm_rpcs_total", "Requests to slurmctld, by their type."),
        Family::counter(
            "edctl_slurm_rpc_seconds_total",
            "Time that slurmctld spent on requests, by their type.",
        ),
    );
    push_rpcs(
        page,
        "user",
        &diag.rpcs_by_user,
        Family::counter(
            "edctl_slurm_user_rpcs_total",
            "Requests to slurmctld by user; users without a series of their own are other.",
        ),
        Family::counter(
            "edctl_slurm_user_rpc_seconds_total",
            "Time that slurmctld spent on requests, by user.",
        ),
    );
}

fn push_rpcs(
    page: &mut Page,
    label: &'static str,
    totals: &BTreeMap<String, RpcTotal>,
    mut counts: Family,
    mut times: Family,
) {
    for (name, total) in totals {
        counts.push_known(&[(label, name)], total.count.said());
        times.push_known(&[(label, name)], total.usec.said().map(seconds));
    }
    page.add(counts);
    page.add(times);
}

/// Adds a counter for each row, as it would be if slurmctld's never began again.
fn add_totals(page: &mut Page, rows: &[FigureRow], diag: &DiagCounts) {
    for (name, help, figure) in rows {
        let mut family = Family::counter(*name, *help);
        push(&mut family, &diag.totals, &[], *figure);
        page.add(family);
    }
}

fn push(
    family: &mut Family,
    figures: &BTreeMap<Figure, u64>,
    labels: &[(&'static str, &str)],
    figure: Figure,
) {
    family.push_known(labels, figures.get(&figure).copied());
}

fn seconds(usec: u64) -> f64 {
    usec as f64 / 1e6
}
