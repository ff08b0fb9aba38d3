//! What sdiag says of slurmctld.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};
use edctl_slurm::Figure;

use crate::counts::{DiagCounts, RpcTotal};
use crate::page::push_some;
use crate::schedule;

/// Adds all families of slurmctld's own figures; what sdiag did not say is missing.
pub(super) fn render(diag: &DiagCounts, page: &mut Page) {
    render_server(diag, page);
    render_jobs(diag, page);
    render_schedulers(diag, page);
    render_backfill(diag, page);
    render_rpcs(diag, page);
}

fn render_server(diag: &DiagCounts, page: &mut Page) {
    for (figure, name, help) in [
        (
            Figure::ServerThreads,
            "edctl_slurm_server_threads",
            "Threads of slurmctld that serve a request; it has at most 256.",
        ),
        (
            Figure::AgentQueue,
            "edctl_slurm_agent_queue_length",
            "Requests to nodes that wait to be sent again.",
        ),
        (Figure::Agents, "edctl_slurm_agents", "Agents that send requests to nodes."),
        (Figure::AgentThreads, "edctl_slurm_agent_threads", "Threads that all agents have."),
        (
            Figure::DbdAgentQueue,
            "edctl_slurm_dbd_agent_queue_length",
            "Messages that wait for slurmdbd; slurm.conf's MaxDBDMsgs is the most.",
        ),
    ] {
        let mut family = Family::gauge(name, help);
        push(&mut family, &diag.now.figures, &[], figure);
        page.add(family);
    }
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
    push_some(&mut since, &[], diag.now.since);
    page.add(since);
}

fn render_jobs(diag: &DiagCounts, page: &mut Page) {
    for (figure, name, help) in [
        (
            Figure::JobsSubmitted,
            "edctl_slurm_jobs_submitted_total",
            "Jobs submitted, by slurmctld's count.",
        ),
        (
            Figure::JobsStarted,
            "edctl_slurm_jobs_started_total",
            "Jobs started, backfilled ones too, by slurmctld's count.",
        ),
        (
            Figure::JobsCompleted,
            "edctl_slurm_jobs_completed_total",
            "Jobs that ended, whatever their exit code, by slurmctld's count.",
        ),
        (
            Figure::JobsCanceled,
            "edctl_slurm_jobs_canceled_total",
            "Jobs cancelled, by slurmctld's count.",
        ),
        (
            Figure::JobsFailed,
            "edctl_slurm_jobs_failed_total",
            "Jobs that failed for slurmd's or Slurm's own reasons, by slurmctld's count.",
        ),
    ] {
        let mut family = Family::counter(name, help);
        push(&mut family, &diag.totals, &[], figure);
        page.add(family);
    }
}

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
            push_some(&mut family, &labels, usec.map(|usec| seconds(*usec)));
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
    for (figure, name, help) in [
        (
            Figure::BackfilledJobs,
            "edctl_slurm_backfilled_jobs_total",
            "Jobs that backfill started.",
        ),
        (
            Figure::BackfilledHetComponents,
            "edctl_slurm_backfilled_het_components_total",
            "Components of heterogeneous jobs that backfill started.",
        ),
    ] {
        let mut family = Family::counter(name, help);
        push(&mut family, &diag.totals, &[], figure);
        page.add(family);
    }
    for (figure, name, help) in [
        (
            Figure::BackfillLastDepth,
            "edctl_slurm_backfill_last_depth_jobs",
            "Jobs that backfill's last cycle looked at.",
        ),
        (
            Figure::BackfillLastTried,
            "edctl_slurm_backfill_last_tried_jobs",
            "Jobs that backfill's last cycle tried to start.",
        ),
        (
            Figure::BackfillTable,
            "edctl_slurm_backfill_table_slots",
            "Time slots that backfill's last cycle tested.",
        ),
    ] {
        let mut family = Family::gauge(name, help);
        push(&mut family, &diag.now.figures, &[], figure);
        page.add(family);
    }
    let mut last = Family::gauge(
        "edctl_slurm_backfill_last_cycle_timestamp_seconds",
        "Unix time of backfill's last cycle.",
    );
    push_some(&mut last, &[], diag.now.backfill_last_cycle);
    page.add(last);
}

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
        counts.push(&[(label, name)], total.count);
        times.push(&[(label, name)], seconds(total.usec));
    }
    page.add(counts);
    page.add(times);
}

fn push(
    family: &mut Family,
    figures: &BTreeMap<Figure, u64>,
    labels: &[(&'static str, &str)],
    figure: Figure,
) {
    push_some(family, labels, figures.get(&figure).copied());
}

fn seconds(usec: u64) -> f64 {
    usec as f64 / 1e6
}
