//! The names of vpenso/prometheus-slurm-exporter (0.20), all of them gauges as there.
//!
//! Deliberate differences: an `idle*` node is not idle but in no family (the original takes it for idle),
//! and so are planned nodes, those that reboot and those that save power; a job that waits in several
//! partitions counts as pending in each (there in none); a partition's CPUs are shown also where they
//! are 0; accounts and users beyond the `top` are `other`; `slurm_gpus_alloc` is what nodes say is
//! allocated, not a sum over sacct, and `slurm_gpus_utilization` is absent, not NaN, without GPUs;
//! `slurm_gpus_idle` counts those of nodes that are down or drained too. Nodes that are unknown, future or in
//! a state that is not known are in no family.
//!
//! Not there yet, since the snapshot does not keep them: `slurm_node_cpu_*`, `slurm_node_mem_*`,
//! `slurm_account_cpus_running`, `slurm_user_cpus_running`, `slurm_account_fairshare`,
//! `slurm_nodes_err` (down and error are one word here), `slurm_scheduler_cycle_per_minute`,
//! `slurm_scheduler_backfilled_jobs_since_cycle_total`.

use std::time::Instant;

use edctl_exposition::{Family, Page};
use edctl_slurm::{Figure, JobState, NodeCondition as Node};

use super::{count, push_some};
use crate::board::Board;
use crate::config::Slurm;
use crate::counts::{DiagCounts, JobCounts, NodeCounts, Tally};
use crate::source::Source;

/// Adds what a source said, if that is fresh.
pub(super) fn render(
    source: Source,
    board: &Board,
    settings: &Slurm,
    now: Instant,
    page: &mut Page,
) {
    let max_age = settings.max_age();
    match source {
        Source::Diag => {
            board.diag.fresh(now, max_age).inspect(|diag| render_diag(diag, page));
        }
        Source::Nodes => {
            board.nodes.fresh(now, max_age).inspect(|nodes| render_nodes(nodes, page));
        }
        Source::Jobs => {
            let jobs = board.jobs.fresh(now, max_age);
            jobs.inspect(|jobs| render_jobs(jobs, settings.top, page));
        }
        // The original has nothing of licences and reservations; of shares, see above.
        Source::Access | Source::Licenses | Source::Reservations | Source::Shares => {}
    }
}

/// Adds the families of nodes, CPUs, GPUs and partitions.
fn render_nodes(nodes: &NodeCounts, page: &mut Page) {
    for (name, conditions) in [
        ("slurm_nodes_alloc", &[Node::Allocated] as &[Node]),
        ("slurm_nodes_comp", &[Node::Completing]),
        ("slurm_nodes_down", &[Node::Down]),
        ("slurm_nodes_drain", &[Node::Draining, Node::Drained]),
        ("slurm_nodes_fail", &[Node::Fail]),
        ("slurm_nodes_idle", &[Node::Idle]),
        ("slurm_nodes_maint", &[Node::Maintenance]),
        ("slurm_nodes_mix", &[Node::Mixed]),
        ("slurm_nodes_resv", &[Node::Reserved]),
    ] {
        let sum: u64 = conditions.iter().map(|one| count(&nodes.by_condition, one)).sum();
        page.add(Family::gauge(name, "Nodes in this state.").with(&[], sum));
    }
    let cpus = &nodes.cpus;
    for (name, value) in [
        ("slurm_cpus_alloc", cpus.allocated),
        ("slurm_cpus_idle", cpus.idle),
        ("slurm_cpus_other", cpus.other),
        ("slurm_cpus_total", cpus.total),
    ] {
        page.add(Family::gauge(name, "CPUs of all nodes by use.").with(&[], value));
    }
    render_gpus(nodes, page);
    for (name, value) in [
        ("slurm_partition_cpus_allocated", 0),
        ("slurm_partition_cpus_idle", 1),
        ("slurm_partition_cpus_other", 2),
        ("slurm_partition_cpus_total", 3),
    ] {
        let mut family = Family::gauge(name, "CPUs of the partition's nodes by use.");
        for (partition, counts) in &nodes.partitions {
            let cpus = &counts.cpus;
            let all = [cpus.allocated, cpus.idle, cpus.other, cpus.total];
            family.push(&[("partition", partition)], all[value]);
        }
        page.add(family);
    }
}

fn render_gpus(nodes: &NodeCounts, page: &mut Page) {
    let gpus = nodes.gres.iter().filter(|((name, _), _)| name == "gpu");
    let (total, allocated) = gpus.fold((0u64, 0u64), |sum, (_, gpus)| {
        (sum.0.saturating_add(gpus.total), sum.1.saturating_add(gpus.allocated))
    });
    for (name, value) in [
        ("slurm_gpus_alloc", allocated),
        ("slurm_gpus_idle", total.saturating_sub(allocated)),
        ("slurm_gpus_total", total),
    ] {
        page.add(Family::gauge(name, "GPUs of all nodes by use.").with(&[], value));
    }
    let mut used = Family::gauge("slurm_gpus_utilization", "Part of all GPUs that jobs have.");
    let ratio = (total > 0).then(|| allocated as f64 / total as f64);
    push_some(&mut used, &[], ratio);
    page.add(used);
}

/// Adds the families of the queue, accounts and users; `top` names in each.
fn render_jobs(jobs: &JobCounts, top: usize, page: &mut Page) {
    for (name, state) in [
        ("slurm_queue_pending", JobState::Pending),
        ("slurm_queue_running", JobState::Running),
        ("slurm_queue_suspended", JobState::Suspended),
        ("slurm_queue_cancelled", JobState::Cancelled),
        ("slurm_queue_completing", JobState::Completing),
        ("slurm_queue_completed", JobState::Completed),
        ("slurm_queue_configuring", JobState::Configuring),
        ("slurm_queue_failed", JobState::Failed),
        ("slurm_queue_timeout", JobState::Timeout),
        ("slurm_queue_preempted", JobState::Preempted),
        ("slurm_queue_node_fail", JobState::NodeFail),
    ] {
        page.add(
            Family::gauge(name, "Jobs in this state.").with(&[], count(&jobs.by_state, &state)),
        );
    }
    let waiting = jobs.by_reason.get("Dependency");
    let waiting = waiting.map_or(0, |by_state| count(by_state, &JobState::Pending));
    page.add(
        Family::gauge("slurm_queue_pending_dependency", "Jobs that wait for other jobs.")
            .with(&[], waiting),
    );
    let partitions = &jobs.by_partition;
    push(
        page,
        "slurm_partition_jobs_pending",
        "partition",
        partitions,
        usize::MAX,
        JobState::Pending,
    );
    for (label, tally, names) in [
        (
            "account",
            &jobs.by_account,
            [
                "slurm_account_jobs_pending",
                "slurm_account_jobs_running",
                "slurm_account_jobs_suspended",
            ],
        ),
        (
            "user",
            &jobs.by_user,
            ["slurm_user_jobs_pending", "slurm_user_jobs_running", "slurm_user_jobs_suspended"],
        ),
    ] {
        let states = [JobState::Pending, JobState::Running, JobState::Suspended];
        for (name, state) in names.into_iter().zip(states) {
            push(page, name, label, tally, top, state);
        }
    }
}

/// Adds a family of jobs in one state, of the names that have any.
fn push(
    page: &mut Page,
    name: &'static str,
    label: &'static str,
    tally: &Tally,
    top: usize,
    state: JobState,
) {
    let mut family = Family::gauge(name, "Jobs in this state, of those who have any.");
    for (owner, by_state) in tally.top(top) {
        let jobs = count(&by_state, &state);
        if jobs > 0 {
            family.push(&[(label, owner)], jobs);
        }
    }
    page.add(family);
}

/// Adds the families of slurmctld's schedulers; times in microseconds, as there.
fn render_diag(diag: &DiagCounts, page: &mut Page) {
    for (name, figure) in [
        ("slurm_scheduler_threads", Figure::ServerThreads),
        ("slurm_scheduler_queue_size", Figure::AgentQueue),
        ("slurm_scheduler_dbd_queue_size", Figure::DbdAgentQueue),
        ("slurm_scheduler_last_cycle", Figure::MainLastCycle),
        ("slurm_scheduler_mean_cycle", Figure::MainMeanCycle),
        ("slurm_scheduler_backfill_last_cycle", Figure::BackfillLastCycle),
        ("slurm_scheduler_backfill_mean_cycle", Figure::BackfillMeanCycle),
        ("slurm_scheduler_backfill_depth_mean", Figure::BackfillMeanDepth),
        ("slurm_scheduler_backfilled_jobs_since_start_total", Figure::BackfilledJobs),
        ("slurm_scheduler_backfilled_heterogeneous_total", Figure::BackfilledHetComponents),
    ] {
        let mut family = Family::gauge(name, "What sdiag says; times are in microseconds.");
        push_some(&mut family, &[], diag.now.figures.get(&figure).copied());
        page.add(family);
    }
}
