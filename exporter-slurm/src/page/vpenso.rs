//! The names of vpenso/prometheus-slurm-exporter (0.20) and of Grafana's dashboard 4323, all of them gauges
//! as there. What differs from the original: docs/profiles.md.

use edctl_exposition::{Page, Value};
use edctl_slurm::{CpuCounts, Figure, JobState, NodeCondition};

use super::snapshot::Snapshot;
use super::table::count;
use super::table::{
    Column, FigureRow, Labelled, add_columns, add_family, add_figures, known_positive, labelled,
};
use crate::counts::{
    AccountShare, ByState, DiagCounts, JobCounts, Node, NodeCounts, NodeSums, Shares, Sum,
};

/// Adds all families.
pub(super) fn render(snapshot: &Snapshot<'_>, page: &mut Page) {
    if let Some(nodes) = snapshot.nodes {
        add_nodes(nodes, page);
        add_states(nodes, page);
        add_each_node(nodes, page);
    }
    if let Some(jobs) = snapshot.jobs {
        add_jobs(jobs, snapshot.top, page);
        add_queue(jobs, page);
    }
    if let Some(diag) = snapshot.diag {
        add_scheduler(diag, page);
    }
    if let Some(shares) = snapshot.shares {
        add_shares(shares, page);
    }
}

/// A word of the original's for a node's state, and what is counted under it.
pub(super) const NODE_STATES: &[(&str, &[NodeCondition])] = &[
    ("alloc", &[NodeCondition::Allocated]),
    ("comp", &[NodeCondition::Completing]),
    ("down", &[NodeCondition::Down]),
    ("drain", &[NodeCondition::Draining, NodeCondition::Drained]),
    ("err", &[NodeCondition::Error]),
    ("fail", &[NodeCondition::Fail]),
    ("idle", &[NodeCondition::Idle]),
    ("maint", &[NodeCondition::Maintenance]),
    ("mix", &[NodeCondition::Mixed]),
    ("resv", &[NodeCondition::Reserved]),
];

/// A word of the original's for a job's state, and the state.
pub(super) const JOB_STATES: &[(&str, JobState)] = &[
    ("pending", JobState::Pending),
    ("running", JobState::Running),
    ("suspended", JobState::Suspended),
    ("cancelled", JobState::Cancelled),
    ("completing", JobState::Completing),
    ("completed", JobState::Completed),
    ("configuring", JobState::Configuring),
    ("failed", JobState::Failed),
    ("timeout", JobState::Timeout),
    ("preempted", JobState::Preempted),
    ("node_fail", JobState::NodeFail),
];

/// Whether no word of the original's stands for it.
pub(super) fn is_other_job(state: JobState) -> bool {
    !JOB_STATES.iter().any(|(_, one)| *one == state)
}

/// Adds CPUs and GPUs of the cluster, and CPUs of partitions.
pub(super) fn add_nodes(nodes: &NodeCounts, page: &mut Page) {
    add_columns(page, CLUSTER, &[([], &nodes.all)]);
    add_columns(page, PARTITION, &labelled("partition", &nodes.partitions));
}

const CLUSTER: &[Column<NodeSums>] = &[
    ("slurm_cpus_alloc", "CPUs that jobs have.", |all| all.cpus.allocated.known().map(Value::from)),
    ("slurm_cpus_idle", "CPUs that are free.", |all| all.cpus.idle.known().map(Value::from)),
    ("slurm_cpus_other", "CPUs that are not to be had.", |all| {
        all.cpus.other.known().map(Value::from)
    }),
    ("slurm_cpus_total", "All CPUs.", |all| all.cpus.total.known().map(Value::from)),
    ("slurm_gpus_alloc", "GPUs that jobs have.", |all| all.gpus.allocated.known().map(Value::from)),
    ("slurm_gpus_idle", "GPUs that are free.", |all| all.gpus.idle.known().map(Value::from)),
    ("slurm_gpus_other", "GPUs that are not to be had.", |all| {
        all.gpus.other.known().map(Value::from)
    }),
    ("slurm_gpus_total", "All GPUs.", |all| all.gpus.total.known().map(Value::from)),
    ("slurm_gpus_utilization", "Part of all GPUs that jobs have.", |all| ratio(&all.gpus)),
];

const PARTITION: &[Column<NodeSums>] = &[
    ("slurm_partition_cpus_allocated", "CPUs of its nodes that jobs have.", |sums| {
        sums.cpus.allocated.known().map(Value::from)
    }),
    ("slurm_partition_cpus_idle", "CPUs of its nodes that are free.", |sums| {
        sums.cpus.idle.known().map(Value::from)
    }),
    ("slurm_partition_cpus_other", "CPUs of its nodes that are not to be had.", |sums| {
        sums.cpus.other.known().map(Value::from)
    }),
    ("slurm_partition_cpus_total", "All CPUs of its nodes.", |sums| {
        sums.cpus.total.known().map(Value::from)
    }),
];

fn ratio(gpus: &CpuCounts<Sum<u64>>) -> Option<Value> {
    let (allocated, total) = (gpus.allocated.known()?, gpus.total.known()?);
    (total > 0).then(|| (allocated as f64 / total as f64).into())
}

fn add_states(nodes: &NodeCounts, page: &mut Page) {
    for (word, conditions) in NODE_STATES {
        let sum: u64 = conditions.iter().map(|one| count(&nodes.all.by_condition, one)).sum();
        let things = [([], &sum)];
        add_family(page, format!("slurm_nodes_{word}"), "Nodes in this state.", &things, |sum| {
            Some((*sum).into())
        });
    }
    let has_word = |one| NODE_STATES.iter().any(|(_, conditions)| conditions.contains(one));
    let others = NodeCondition::ALL.iter().filter(|one| !has_word(*one));
    let sum: u64 = others.map(|one| count(&nodes.all.by_condition, one)).sum();
    add_family(page, "slurm_nodes_other", "Nodes in another state.", &[([], &sum)], |sum| {
        Some((*sum).into())
    });
}

fn add_each_node(nodes: &NodeCounts, page: &mut Page) {
    let things: Vec<Labelled<'_, Node, 2>> = nodes
        .nodes
        .iter()
        .map(|node| ([("node", &*node.name), ("status", node.state.condition().word())], node))
        .collect();
    add_columns(page, NODE, &things);
}

/// What each node shows.
pub(super) const NODE: &[Column<Node>] = &[
    ("slurm_node_cpu_alloc", "Its CPUs that jobs have.", |node| {
        node.cpus.allocated.map(Value::from)
    }),
    ("slurm_node_cpu_idle", "Its CPUs that are free.", |node| node.cpus.idle.map(Value::from)),
    ("slurm_node_cpu_other", "Its CPUs that are not to be had.", |node| {
        node.cpus.other.map(Value::from)
    }),
    ("slurm_node_cpu_total", "All its CPUs.", |node| node.cpus.total.map(Value::from)),
    ("slurm_node_mem_alloc", "Its memory that jobs were given, in MiB.", |node| {
        node.allocated_memory_bytes.map(|bytes| (bytes >> 20).into())
    }),
    ("slurm_node_mem_total", "Its memory for jobs, in MiB.", |node| {
        node.memory_bytes.map(|bytes| (bytes >> 20).into())
    }),
];

/// Adds jobs by partition, account and user: those who have any.
pub(super) fn add_jobs(jobs: &JobCounts, top: usize, page: &mut Page) {
    let partitions = jobs.by_partition.top(usize::MAX);
    add_columns(page, PARTITION_JOBS, &labelled("partition", &partitions));
    let (accounts, users) = (jobs.by_account.top(top), jobs.by_user.top(top));
    add_columns(page, ACCOUNT_JOBS, &labelled("account", &accounts));
    add_columns(page, USER_JOBS, &labelled("user", &users));
}

const PARTITION_JOBS: &[Column<ByState>] =
    &[("slurm_partition_jobs_pending", "Jobs that wait in the partition.", pending)];

const ACCOUNT_JOBS: &[Column<ByState>] = &[
    ("slurm_account_jobs_pending", "Jobs of the account that wait.", pending),
    ("slurm_account_jobs_running", "Jobs of the account that run.", running),
    ("slurm_account_cpus_running", "CPUs of the account's running jobs.", running_cpus),
    ("slurm_account_jobs_suspended", "Jobs of the account that are suspended.", suspended),
];

const USER_JOBS: &[Column<ByState>] = &[
    ("slurm_user_jobs_pending", "Jobs of the user that wait.", pending),
    ("slurm_user_jobs_running", "Jobs of the user that run.", running),
    ("slurm_user_cpus_running", "CPUs of the user's running jobs.", running_cpus),
    ("slurm_user_jobs_suspended", "Jobs of the user that are suspended.", suspended),
];

fn pending(jobs: &ByState) -> Option<Value> {
    known_positive(jobs.get(JobState::Pending).jobs)
}

pub(super) fn running(jobs: &ByState) -> Option<Value> {
    known_positive(jobs.get(JobState::Running).jobs)
}

fn running_cpus(jobs: &ByState) -> Option<Value> {
    known_positive(jobs.get(JobState::Running).cpus)
}

fn suspended(jobs: &ByState) -> Option<Value> {
    known_positive(jobs.get(JobState::Suspended).jobs)
}

fn add_queue(jobs: &JobCounts, page: &mut Page) {
    let all = [([], &jobs.by_state)];
    for (word, state) in JOB_STATES {
        let name = format!("slurm_queue_{word}");
        add_family(page, name, "Jobs in this state.", &all, |jobs| {
            jobs.get(*state).jobs.known().map(Value::from)
        });
    }
    add_family(page, "slurm_queue_other", "Jobs in another state.", &all, |jobs| {
        jobs.sum(is_other_job).jobs.known().map(Value::from)
    });
    let waiting = jobs.by_reason.get("Dependency");
    let waiting = waiting.map_or(Sum::Nothing, |by_state| by_state.get(JobState::Pending).jobs);
    let help = "Jobs that wait for other jobs.";
    add_family(page, "slurm_queue_pending_dependency", help, &all, |_| {
        waiting.known().map(Value::from)
    });
}

/// Adds slurmctld's figures of its schedulers.
pub(super) fn add_scheduler(diag: &DiagCounts, page: &mut Page) {
    add_figures(page, SCHEDULER, diag);
}

const SCHEDULER: &[FigureRow] = &[
    ("slurm_scheduler_threads", "Threads that serve a request.", Figure::ServerThreads),
    ("slurm_scheduler_queue_size", "Requests to nodes that wait.", Figure::AgentQueue),
    ("slurm_scheduler_dbd_queue_size", "Messages that wait for slurmdbd.", Figure::DbdAgentQueue),
    (
        "slurm_scheduler_last_cycle",
        "Time of the last cycle, in microseconds.",
        Figure::MainLastCycle,
    ),
    ("slurm_scheduler_mean_cycle", "Mean time of cycles, in microseconds.", Figure::MainMeanCycle),
    ("slurm_scheduler_cycle_per_minute", "Cycles in a minute.", Figure::MainCyclesPerMinute),
    (
        "slurm_scheduler_backfill_last_cycle",
        "Time of backfill's last cycle, in microseconds.",
        Figure::BackfillLastCycle,
    ),
    (
        "slurm_scheduler_backfill_mean_cycle",
        "Mean time of backfill's cycles, in microseconds.",
        Figure::BackfillMeanCycle,
    ),
    (
        "slurm_scheduler_backfill_depth_mean",
        "Jobs that a cycle of backfill looks at, in the mean.",
        Figure::BackfillMeanDepth,
    ),
    (
        "slurm_scheduler_backfilled_jobs_since_start_total",
        "Jobs that backfill started since slurmctld's start.",
        Figure::BackfilledJobs,
    ),
    (
        "slurm_scheduler_backfilled_jobs_since_cycle_total",
        "Jobs that backfill started since slurmctld's figures began again.",
        Figure::BackfilledSinceReset,
    ),
    (
        "slurm_scheduler_backfilled_heterogeneous_total",
        "Components of heterogeneous jobs that backfill started since slurmctld's start.",
        Figure::BackfilledHetComponents,
    ),
];

/// Adds the accounts' fairshare factors.
pub(super) fn add_shares(shares: &Shares, page: &mut Page) {
    let accounts = shares.accounts.iter().map(|account| (&account.account, account));
    add_columns(page, ACCOUNT_SHARE, &labelled("account", accounts));
}

const ACCOUNT_SHARE: &[Column<AccountShare>] =
    &[("slurm_account_fairshare", "The account's own fairshare factor.", |account| {
        account.share.fair_share.map(Value::from)
    })];
