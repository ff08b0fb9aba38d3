//! The names of rivosinc/prometheus-slurm-exporter (1.7.0): gauges, but for the errors, as there. What
//! differs from the original: docs/profiles.md.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page, Value};
use edctl_slurm::{Figure, JobState};

use super::snapshot::Snapshot;
use super::table::{
    Column, FigureRow, add_columns, add_figures, known_positive, labelled, positive,
};
use crate::board::Health;
use crate::counts::{
    ByState, DiagCounts, JobCounts, License, Load, NodeCounts, NodeSums, NodeUse, RpcTotal,
};
use crate::source::Source;

/// Adds all families.
pub(super) fn render(snapshot: &Snapshot<'_>, page: &mut Page) {
    if let Some(nodes) = snapshot.nodes {
        add_nodes(nodes, page);
    }
    if let Some(jobs) = snapshot.jobs {
        add_jobs(jobs, snapshot.top, page);
    }
    if let Some(diag) = snapshot.diag {
        add_diag(diag, snapshot.top, page);
    }
    if let Some(licenses) = snapshot.licenses {
        let licenses = licenses.iter().map(|license| (&license.name, license));
        add_columns(page, LICENSE, &labelled("name", licenses));
    }
    for (what, source) in [
        ("node", Source::Nodes),
        ("job", Source::Jobs),
        ("diag", Source::Diag),
        ("lic", Source::Licenses),
    ] {
        if let Some(health) = snapshot.health(source) {
            add_health(what, health, page);
        }
    }
}

fn add_nodes(nodes: &NodeCounts, page: &mut Page) {
    add_columns(page, CLUSTER, &[([], &nodes.all)]);
    add_columns(page, PARTITION, &labelled("partition", &nodes.partitions));

    let mut cpus = Family::gauge("slurm_cpus_per_state", "CPUs of nodes in the state.");
    let mut count = Family::gauge("slurm_node_count_per_state", "Nodes in the state.");
    for (condition, nodes) in &nodes.all.by_condition {
        count.push(&[("state", condition.word())], *nodes);
    }
    for (condition, used) in &nodes.all.use_by_condition {
        cpus.push_known(&[("state", condition.word())], used.cpus.known());
    }
    page.add(cpus);
    page.add(count);
    add_partition_states(&nodes.partitions, page);
}

fn add_partition_states(partitions: &BTreeMap<String, NodeSums>, page: &mut Page) {
    let mut count =
        Family::gauge("slurm_partition_node_count", "Nodes of the partition in the state.");
    for (partition, sums) in partitions {
        for (condition, nodes) in &sums.by_condition {
            count.push(&[("partition", partition), ("state", condition.word())], *nodes);
        }
    }
    page.add(count);
    for (name, help, read) in PARTITION_USE {
        let mut family = Family::gauge(*name, *help);
        for (partition, sums) in partitions {
            for (condition, used) in &sums.use_by_condition {
                let labels = [("partition", partition.as_str()), ("state", condition.word())];
                family.push_known(&labels, read(used));
            }
        }
        page.add(family);
    }
}

const CLUSTER: &[Column<NodeSums>] = &[
    ("slurm_cpus_total", "All CPUs.", |all| all.cpus.total.known().map(Value::from)),
    ("slurm_cpus_idle", "CPUs that are free.", |all| all.cpus.idle.known().map(Value::from)),
    ("slurm_cpu_load", "Load of all nodes, in the mean of five minutes.", |all| {
        all.cpu_load.said().map(Value::from)
    }),
    ("slurm_mem_real", "Memory of all nodes for jobs, in bytes.", |all| {
        all.memory_bytes.known().map(Value::from)
    }),
    ("slurm_mem_free", "Memory of all nodes that nobody uses, in bytes.", |all| {
        all.free_memory_bytes.said().map(Value::from)
    }),
    ("slurm_mem_alloc", "Memory of all nodes that jobs were given, in bytes.", |all| {
        all.allocated_memory_bytes.known().map(Value::from)
    }),
];

const PARTITION: &[Column<NodeSums>] = &[
    ("slurm_partition_total_cpus", "All CPUs of its nodes.", |sums| {
        known_positive(sums.cpus.total)
    }),
    ("slurm_partition_idle_cpus", "CPUs of its nodes that are free.", |sums| {
        known_positive(sums.cpus.idle)
    }),
    ("slurm_partition_real_mem", "Memory of its nodes for jobs, in bytes.", |sums| {
        known_positive(sums.memory_bytes)
    }),
    ("slurm_partition_free_mem", "Memory of its nodes that nobody uses, in bytes.", |sums| {
        known_positive(sums.free_memory_bytes)
    }),
    ("slurm_partition_cpu_load", "Load of its nodes, in the mean of five minutes.", |sums| {
        sums.cpu_load.said().filter(|load| *load > 0.0).map(Value::from)
    }),
    ("slurm_partition_weight", "Weights of its nodes together.", |sums| {
        known_positive(sums.weight)
    }),
];

const PARTITION_USE: &[Column<NodeUse>] = &[
    ("slurm_partition_alloc_cpus", "CPUs of its nodes in the state that jobs have.", |used| {
        known_positive(used.allocated_cpus)
    }),
    (
        "slurm_partition_alloc_mem",
        "Memory of its nodes in the state that jobs were given, in bytes.",
        |used| known_positive(used.allocated_memory_bytes),
    ),
];

fn add_jobs(jobs: &JobCounts, top: usize, page: &mut Page) {
    add_by_state(page, USER, "username", &jobs.by_user.top(top));
    add_by_state(page, PARTITION_JOBS, "partition", &jobs.by_partition.top(usize::MAX));
    add_by_state(page, ACCOUNT, "account", &jobs.by_account.top(top));
    let reasons = jobs.by_reason.top(top);
    add_columns(page, REASON, &labelled("reason", &reasons));
}

/// Adds families of jobs by a name and their state, in Slurm's capital letters.
fn add_by_state(
    page: &mut Page,
    columns: &[Column<Load>],
    label: &'static str,
    names: &BTreeMap<&str, ByState>,
) {
    for (family, help, read) in columns {
        let mut family = Family::gauge(*family, *help);
        for (name, by_state) in names {
            for (state, load) in by_state.iter() {
                let state = state.word().to_ascii_uppercase();
                family.push_known(&[(label, name), ("state", &state)], read(load));
            }
        }
        page.add(family);
    }
}

const USER: &[Column<Load>] = &[
    ("slurm_user_state_total", "Jobs of the user in the state.", jobs),
    ("slurm_user_cpu_alloc", "CPUs that they have or ask for.", cpus),
    ("slurm_user_mem_alloc", "Memory that they have or ask for, in bytes.", memory),
];

const PARTITION_JOBS: &[Column<Load>] =
    &[("slurm_partition_job_state_total", "Jobs of the partition in the state.", jobs)];

const ACCOUNT: &[Column<Load>] = &[
    ("slurm_account_job_state_total", "Jobs of the account in the state.", jobs),
    ("slurm_account_job_state_cpu_alloc", "CPUs that they have or ask for.", cpus),
    ("slurm_account_job_state_mem_alloc", "Memory that they have or ask for, in bytes.", memory),
];

const REASON: &[Column<ByState>] =
    &[("slurm_pending_reason_total", "Jobs that wait for the reason.", |by_state| {
        known_positive(by_state.get(JobState::Pending).jobs)
    })];

fn jobs(load: &Load) -> Option<Value> {
    load.jobs.known().map(Value::from)
}

fn cpus(load: &Load) -> Option<Value> {
    load.cpus.known().map(Value::from)
}

fn memory(load: &Load) -> Option<Value> {
    load.memory_bytes.said().map(Value::from)
}

fn add_diag(diag: &DiagCounts, top: usize, page: &mut Page) {
    add_figures(page, DIAG, diag);
    add_columns(page, USER_RPC, &labelled("user", &diag.users_now(top)));
    add_columns(page, TYPE_RPC, &labelled("type", &diag.types_now()));
}

const DIAG: &[FigureRow] = &[
    ("slurm_daemon_thread_count", "Threads that serve a request.", Figure::ServerThreads),
    ("slurm_dbd_agent_queue_size", "Messages that wait for slurmdbd.", Figure::DbdAgentQueue),
    (
        "slurm_backfill_job_count",
        "Jobs that backfill started since slurmctld's start.",
        Figure::BackfilledJobs,
    ),
    (
        "slurm_backfill_cycle_count",
        "Backfill's cycles since slurmctld's figures began again.",
        Figure::BackfillCycles,
    ),
    (
        "slurm_backfill_cycle_counter",
        "Backfill's cycles since slurmctld's figures began again.",
        Figure::BackfillCycles,
    ),
    (
        "slurm_backfill_last_depth",
        "Jobs that backfill's last cycle looked at.",
        Figure::BackfillLastDepth,
    ),
    (
        "slurm_backfill_last_depth_try_sched",
        "Jobs that backfill's last cycle tried to start.",
        Figure::BackfillLastTried,
    ),
];

const USER_RPC: &[Column<RpcTotal>] = &[
    ("slurm_rpc_user_count", "Requests of the user.", |rpc| rpc.count.said().map(Value::from)),
    ("slurm_rpc_user_total_time", "Time for them, in microseconds.", |rpc| {
        rpc.usec.said().map(Value::from)
    }),
];

const TYPE_RPC: &[Column<RpcTotal>] = &[
    ("slurm_rpc_msg_type_count", "Requests of the type.", |rpc| rpc.count.said().map(Value::from)),
    ("slurm_rpc_msg_type_avg_time", "Mean time for them, in microseconds.", |rpc| {
        rpc.mean_usec().map(Value::from)
    }),
    ("slurm_rpc_msg_type_total_time", "Time for them, in microseconds.", |rpc| {
        rpc.usec.said().map(Value::from)
    }),
];

const LICENSE: &[Column<License>] = &[
    ("slurm_lic_total", "All of the licence.", |license| license.total.and_then(positive)),
    ("slurm_lic_used", "Those that jobs have.", |license| license.used.and_then(positive)),
    ("slurm_lic_free", "Those that a job can have.", |license| license.free.and_then(positive)),
    ("slurm_lic_reserved", "Those that reservations hold.", |license| {
        license.reserved.and_then(positive)
    }),
    ("slurm_lic_last_consumed", "Those in use by the server's last word.", |license| {
        license.last_consumed.and_then(positive)
    }),
    ("slurm_lic_last_deficit", "Those in use that Slurm did not know of.", |license| {
        license.last_deficit.and_then(positive)
    }),
];

fn add_health(what: &str, health: &Health, page: &mut Page) {
    let errors = health.failures.values().sum::<u64>();
    let help = "Polls that failed.";
    page.add(Family::counter(format!("slurm_{what}_scrape_error"), help).with(&[], errors));
    let took = health.last_duration.map(|took| took.as_secs_f64() * 1e3);
    // The original has none for licences.
    if let Some(took) = took.filter(|_| what != "lic") {
        let help = "Time that the last poll took, in milliseconds.";
        page.add(Family::gauge(format!("slurm_{what}_scrape_duration"), help).with(&[], took));
    }
}
