//! From the board to the page: the `edctl` names.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

use edctl_exposition::{Family, Page};
use edctl_slurm::{CpuCounts, JobState, NodeCondition, NodeFlag, RowError};

use crate::board::{Board, Slot};
use crate::counts::{JobCounts, NodeCounts};
use crate::source::{PollError, Source};

/// States that each partition shows also when they are 0; the others only when they are not, so that
/// a cluster of hundreds of partitions keeps to the families' limits.
const PARTITION_CONDITIONS: [NodeCondition; 6] = [
    NodeCondition::Down,
    NodeCondition::NotResponding,
    NodeCondition::Drained,
    NodeCondition::Allocated,
    NodeCondition::Mixed,
    NodeCondition::Idle,
];
const PARTITION_JOB_STATES: [JobState; 2] = [JobState::Pending, JobState::Running];

/// Adds everything that the board says at `now` to the page. A state that no node or job has is 0,
/// because all of them were counted; a source that is not fresh shows nothing.
pub(crate) fn render(board: &Board, now: Instant, max_age: Duration, page: &mut Page) {
    if let Some(nodes) = board.nodes.fresh(now, max_age) {
        render_nodes(nodes, page);
        render_partitions(nodes, page);
    }
    if let Some(jobs) = board.jobs.fresh(now, max_age) {
        // A partition without jobs is known only from its nodes.
        let partitions = board.nodes.fresh(now, max_age).map(|nodes| &nodes.partitions);
        render_jobs(jobs, partitions.into_iter().flat_map(BTreeMap::keys), page);
    }
    let mut health = HealthFamilies::default();
    health.push(Source::Nodes, &board.nodes, now, max_age);
    health.push(Source::Jobs, &board.jobs, now, max_age);
    health.add_to(page);
}

fn render_nodes(nodes: &NodeCounts, page: &mut Page) {
    let mut by_state = Family::gauge(
        "edctl_slurm_nodes",
        "Nodes by state; each node counts once, under the most serious word that holds.",
    );
    for condition in NodeCondition::ALL {
        by_state.push(&[("state", condition.word())], count(&nodes.by_condition, condition));
    }
    page.add(by_state);

    let mut by_flag = Family::gauge(
        "edctl_slurm_nodes_flagged",
        "Nodes that have the flag beside their base state; a node may have several.",
    );
    for flag in NodeFlag::ALL {
        by_flag.push(&[("flag", flag.word())], count(&nodes.by_flag, &flag.word()));
    }
    page.add(by_flag);

    let mut cpus = Family::gauge(
        "edctl_slurm_cpus",
        "CPUs of all nodes: allocated to jobs, idle, or other (not to be had).",
    );
    push_cpus(&mut cpus, &[], &nodes.cpus);
    page.add(cpus);

    page.add(
        Family::gauge("edctl_slurm_memory_bytes", "Memory of all nodes that jobs may have.")
            .with(&[], nodes.memory_bytes),
    );
    page.add(
        Family::gauge(
            "edctl_slurm_memory_allocated_bytes",
            "Memory of all nodes that jobs were given, whether they use it or not.",
        )
        .with(&[], nodes.allocated_memory_bytes),
    );
}

fn render_partitions(nodes: &NodeCounts, page: &mut Page) {
    let mut by_state = Family::gauge(
        "edctl_slurm_partition_nodes",
        "Nodes of the partition by state; a node counts in each of its partitions.",
    );
    let mut cpus = Family::gauge(
        "edctl_slurm_partition_cpus",
        "CPUs of the partition's nodes: allocated (by jobs of any partition), idle, or other.",
    );
    for (name, partition) in &nodes.partitions {
        for condition in NodeCondition::ALL {
            let nodes = count(&partition.by_condition, condition);
            if nodes == 0 && !PARTITION_CONDITIONS.contains(condition) {
                continue;
            }
            by_state.push(&[("partition", name), ("state", condition.word())], nodes);
        }
        push_cpus(&mut cpus, &[("partition", name)], &partition.cpus);
    }
    page.add(by_state);
    page.add(cpus);
}

fn render_jobs<'a>(
    jobs: &'a JobCounts,
    partitions_of_nodes: impl Iterator<Item = &'a String>,
    page: &mut Page,
) {
    let mut by_state = Family::gauge(
        "edctl_slurm_jobs",
        "Jobs by state, each task of an array as one; finished jobs for slurm.conf's MinJobAge.",
    );
    let mut cpus = Family::gauge(
        "edctl_slurm_job_cpus",
        "CPUs that unfinished jobs have or ask for, by the jobs' state.",
    );
    for state in JobState::ALL {
        by_state.push(&[("state", state.word())], count(&jobs.by_state, state));
        if !state.is_finished() {
            cpus.push(&[("state", state.word())], count(&jobs.cpus_by_state, state));
        }
    }
    page.add(by_state);
    page.add(cpus);

    let mut by_partition = Family::gauge(
        "edctl_slurm_partition_jobs",
        "Jobs by partition and state; a job that waits in several partitions counts in each.",
    );
    let mut partitions: Vec<&String> =
        jobs.by_partition.keys().map(|(name, _)| name).chain(partitions_of_nodes).collect();
    partitions.sort_unstable();
    partitions.dedup();
    for partition in partitions {
        for state in JobState::ALL {
            let jobs = count(&jobs.by_partition, &(partition.clone(), *state));
            if jobs == 0 && !PARTITION_JOB_STATES.contains(state) {
                continue;
            }
            by_partition.push(&[("partition", partition), ("state", state.word())], jobs);
        }
    }
    page.add(by_partition);
}

fn push_cpus(family: &mut Family, labels: &[(&'static str, &str)], cpus: &CpuCounts) {
    for (state, value) in
        [("allocated", cpus.allocated), ("idle", cpus.idle), ("other", cpus.other)]
    {
        family.push(&[labels, &[("state", state)]].concat(), value);
    }
}

fn count<K: Ord>(counts: &BTreeMap<K, u64>, key: &K) -> u64 {
    counts.get(key).copied().unwrap_or(0)
}

/// The families that stay when the data leaves.
struct HealthFamilies {
    up: Family,
    failing: Family,
    polls: Family,
    errors: Family,
    rejected: Family,
    last_duration: Family,
    total_duration: Family,
    timestamp: Family,
    age: Family,
}

impl Default for HealthFamilies {
    fn default() -> Self {
        Self {
            up: Family::gauge(
                "edctl_slurm_up",
                "1 if the last poll of the source succeeded and its data is shown, else 0.",
            ),
            failing: Family::gauge(
                "edctl_slurm_poll_failing",
                "1, with the reason, while the last poll of the source is a failure.",
            ),
            polls: Family::counter("edctl_slurm_polls_total", "Polls of the source."),
            errors: Family::counter("edctl_slurm_poll_errors_total", "Polls that failed."),
            rejected: Family::counter(
                "edctl_slurm_rows_rejected_total",
                "Rows that could not be read; what they stand for is missing in the counts.",
            ),
            last_duration: Family::gauge(
                "edctl_slurm_poll_duration_seconds",
                "Time that the last poll of the source took.",
            ),
            total_duration: Family::counter(
                "edctl_slurm_poll_seconds_total",
                "Time that all polls of the source took.",
            ),
            timestamp: Family::gauge(
                "edctl_slurm_snapshot_timestamp_seconds",
                "Unix time at which the last good data of the source was asked for.",
            ),
            age: Family::gauge(
                "edctl_slurm_snapshot_age_seconds",
                "Age of the last good data of the source.",
            ),
        }
    }
}

impl HealthFamilies {
    fn push<T>(&mut self, source: Source, slot: &Slot<T>, now: Instant, max_age: Duration) {
        let health = &slot.health;
        let label = ("source", source.word());
        let is_up = health.failing.is_none() && slot.fresh(now, max_age).is_some();
        self.up.push(&[label], is_up);
        if let Some(reason) = health.failing {
            self.failing.push(&[label, ("reason", reason)], 1u64);
        }
        self.polls.push(&[label], health.polls);
        for reason in PollError::REASONS {
            self.errors.push(&[label, ("reason", reason)], count(&health.failures, &reason));
        }
        for error in RowError::ALL {
            let reason = error.reason();
            let rows = count(&health.rejected_rows, &reason);
            self.rejected.push(&[label, ("reason", reason)], rows);
        }
        self.total_duration.push(&[label], health.total_duration.as_secs_f64());
        if let Some(took) = health.last_duration {
            self.last_duration.push(&[label], took.as_secs_f64());
        }
        if let Some(taken) = slot.taken() {
            if let Ok(since_epoch) = taken.wall.duration_since(UNIX_EPOCH) {
                self.timestamp.push(&[label], since_epoch.as_secs_f64());
            }
            let age = now.saturating_duration_since(taken.instant);
            self.age.push(&[label], age.as_secs_f64());
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.up,
            self.failing,
            self.polls,
            self.errors,
            self.rejected,
            self.last_duration,
            self.total_duration,
            self.timestamp,
            self.age,
        ] {
            page.add(family);
        }
    }
}
