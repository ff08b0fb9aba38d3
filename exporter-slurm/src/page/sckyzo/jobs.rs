//! Jobs and their cores: all, and by user, partition and reason.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page, Value};
use edctl_slurm::JobState;

use crate::counts::{ByState, JobCounts, Queue, QueueLoad};
use crate::page::table::{Column, add_columns, add_family, known_positive, labelled};
use crate::page::vpenso::{JOB_STATES, is_other_job, running};

/// Adds what vpenso's exporter has not, or has under other labels.
pub(super) fn render(jobs: &JobCounts, top: usize, page: &mut Page) {
    let all = [([], &jobs.by_state)];
    for (word, state) in JOB_STATES {
        let name = format!("slurm_jobs_{word}");
        add_family(page, name, "Jobs in this state.", &all, |jobs| {
            jobs.get(*state).jobs.known().map(Value::from)
        });
    }
    add_family(page, "slurm_jobs_other", "Jobs in another state.", &all, |jobs| {
        jobs.sum(is_other_job).jobs.known().map(Value::from)
    });
    add_columns(page, CORES, &all);
    let partitions = jobs.by_partition.top(usize::MAX);
    add_columns(page, PARTITION, &labelled("partition", &partitions));
    let (accounts, users) = (jobs.by_account.top(top), jobs.by_user.top(top));
    add_columns(page, ACCOUNT, &labelled("account", &accounts));
    add_columns(page, USER, &labelled("user", &users));
    add_queues(jobs, top, page);
}

const CORES: &[Column<ByState>] = &[
    ("slurm_jobs_cores_pending", "CPUs that waiting jobs ask for.", |jobs| {
        jobs.get(JobState::Pending).cpus.known().map(Value::from)
    }),
    ("slurm_jobs_cores_running", "CPUs that running jobs have.", |jobs| {
        jobs.get(JobState::Running).cpus.known().map(Value::from)
    }),
];

const PARTITION: &[Column<ByState>] =
    &[("slurm_partition_jobs_running", "Jobs that run in the partition.", running)];

const ACCOUNT: &[Column<ByState>] =
    &[("slurm_account_gpus_running", "GPUs of the account's running jobs.", running_gpus)];

const USER: &[Column<ByState>] =
    &[("slurm_user_gpus_running", "GPUs of the user's running jobs.", running_gpus)];

fn running_gpus(jobs: &ByState) -> Option<Value> {
    known_positive(jobs.get(JobState::Running).gpus)
}

fn add_queues(jobs: &JobCounts, top: usize, page: &mut Page) {
    let queues = jobs.queues.top(top);
    for (word, state) in JOB_STATES {
        let mut count = Family::gauge(format!("slurm_queue_{word}"), "Jobs in this state.");
        let mut cores =
            Family::gauge(format!("slurm_cores_{word}"), "CPUs that they have or ask for.");
        for (queue, load) in queues.iter().filter(|(queue, _)| queue.state == *state) {
            let labels =
                [("user", queue.user), ("partition", queue.partition), ("reason", queue.reason)];
            // Only those that wait have the label.
            let labels = if *state == JobState::Pending { &labels[..] } else { &labels[..2] };
            count.push_known(labels, load.jobs.known());
            cores.push_known(labels, load.cpus.known());
        }
        page.add(count);
        page.add(cores);
    }
    add_other_queues(&queues, page);
}

/// Adds jobs in states for which the original has no word.
fn add_other_queues(queues: &BTreeMap<Queue<'_>, QueueLoad>, page: &mut Page) {
    let mut others = BTreeMap::<(&str, &str), QueueLoad>::new();
    for (queue, load) in queues.iter().filter(|(queue, _)| is_other_job(queue.state)) {
        others.entry((queue.user, queue.partition)).or_default().add(load.jobs, load.cpus);
    }
    let mut count = Family::gauge("slurm_queue_other", "Jobs in another state.");
    let mut cores = Family::gauge("slurm_cores_other", "CPUs that they have or ask for.");
    for ((user, partition), load) in &others {
        let labels = [("user", *user), ("partition", *partition)];
        count.push_known(&labels, load.jobs.known());
        cores.push_known(&labels, load.cpus.known());
    }
    page.add(count);
    page.add(cores);
}
