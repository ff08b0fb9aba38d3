//! Jobs: all, and by partition, account and user.

use edctl_exposition::{Page, Value};
use edctl_slurm::JobState;

use crate::counts::{ByState, JobCounts, Load, Sum, WantedNodes};
use crate::page::table::{Column, Labelled, add_columns, add_family, labelled};

/// Adds all families of jobs, with the `top` accounts and users in each.
pub(super) fn render(jobs: &JobCounts, top: usize, page: &mut Page) {
    let tracks_gpus = jobs.by_state.sum(|_| true).gpus != Sum::Nothing;
    let mut families = Families { page, tracks_gpus };
    families.add("slurm_jobs", &[([], &jobs.by_state)]);
    let partitions = jobs.by_partition.top(usize::MAX);
    let things = labelled("partition", &partitions);
    families.add("slurm_partition_jobs", &things);
    let (accounts, users) = (jobs.by_account.top(top), jobs.by_user.top(top));
    families.add("slurm_account_jobs", &labelled("account", &accounts));
    families.add("slurm_user_jobs", &labelled("username", &users));
    add_waiting(jobs, &things, page);
}

/// Where families of jobs go.
struct Families<'a> {
    page: &'a mut Page,
    /// Whether Slurm says which jobs have GPUs: where it says it of one, the others have none.
    tracks_gpus: bool,
}

impl Families<'_> {
    fn add<const LABELS: usize>(&mut self, begin: &str, jobs: &[Labelled<'_, ByState, LABELS>]) {
        for (end, state) in STATES {
            let help = format!("Jobs in the state {}.", state.word());
            add_family(self.page, format!("{begin}_{end}"), help, jobs, |jobs| {
                jobs.get(*state).jobs.known().map(Value::from)
            });
        }
        for (end, help, read) in SUMS {
            // The original's partitions have none of these.
            if (*end, begin) != ("_nodes_alloc", "slurm_partition_jobs") {
                add_family(self.page, format!("{begin}{end}"), *help, jobs, read);
            }
        }
        let tracks_gpus = self.tracks_gpus;
        let name = format!("{begin}_gpus_alloc");
        add_family(self.page, name, "GPUs that jobs have.", jobs, |jobs| {
            let gpus = allocated(jobs).gpus;
            if tracks_gpus { gpus.known() } else { gpus.said() }.map(Value::from)
        });
    }
}

/// How a family's name ends, and the state of the jobs that it counts.
const STATES: &[(&str, JobState)] = &[
    ("bootfail", JobState::BootFail),
    ("cancelled", JobState::Cancelled),
    ("completed", JobState::Completed),
    ("completing", JobState::Completing),
    ("configuring", JobState::Configuring),
    ("deadline", JobState::Deadline),
    ("expediting", JobState::Expediting),
    ("failed", JobState::Failed),
    ("fed_requeued", JobState::RequeueFed),
    ("node_failed", JobState::NodeFail),
    ("outofmemory", JobState::OutOfMemory),
    ("pending", JobState::Pending),
    ("preempted", JobState::Preempted),
    ("requeued", JobState::Requeued),
    ("resizing", JobState::Resizing),
    ("revoked", JobState::Revoked),
    ("running", JobState::Running),
    ("signaling", JobState::Signaling),
    ("stageout", JobState::StageOut),
    ("suspended", JobState::Suspended),
    ("timeout", JobState::Timeout),
];

/// How a family's name ends, its help, and what it shows.
const SUMS: &[Column<ByState>] = &[
    ("", "Jobs that Slurm knows of.", |jobs| known(jobs.sum(|_| true).jobs)),
    ("_finished", "Jobs that have ended.", |jobs| known(jobs.sum(JobState::is_finished).jobs)),
    ("_started", "Jobs that wait no more, those that have ended too.", |jobs| {
        known(jobs.sum(|state| !WAITS.contains(&state)).jobs)
    }),
    ("_hold", "Jobs that wait since somebody holds them.", |jobs| known(jobs.sum(|_| true).held)),
    ("_other", "Jobs in another state.", |jobs| {
        known(jobs.sum(|state| !STATES.iter().any(|(_, one)| *one == state)).jobs)
    }),
    ("_cpus_alloc", "CPUs that jobs have.", |jobs| known(allocated(jobs).cpus)),
    ("_memory_alloc", "Memory that jobs were given, in bytes.", |jobs| {
        unless_none(jobs, |load| load.memory_bytes)
    }),
    ("_nodes_alloc", "Nodes of jobs, each as often as jobs have it.", |jobs| {
        unless_none(jobs, |load| load.nodes)
    }),
];

/// States before a job's start.
const WAITS: &[JobState] = &[
    JobState::Pending,
    JobState::RequeueFed,
    JobState::RequeueHold,
    JobState::Requeued,
    JobState::ResvDelHold,
    JobState::Revoked,
    JobState::SpecialExit,
];

/// States in which a job has what it was given.
const HAS: &[JobState] = &[
    JobState::Completing,
    JobState::Configuring,
    JobState::Resizing,
    JobState::Running,
    JobState::Signaling,
    JobState::Stopped,
    JobState::Suspended,
];

fn allocated(jobs: &ByState) -> Load {
    jobs.sum(|state| HAS.contains(&state))
}

/// What these jobs have: 0 where there are none of them, nothing where Slurm does not say it.
fn unless_none(jobs: &ByState, what: fn(&Load) -> Sum<u64>) -> Option<Value> {
    let allocated = allocated(jobs);
    let has_none = allocated.jobs.known() == Some(0);
    if has_none { Some(Value::U64(0)) } else { what(&allocated).said().map(Value::from) }
}

fn known(sum: Sum<u64>) -> Option<Value> {
    sum.known().map(Value::from)
}

fn add_waiting(jobs: &JobCounts, partitions: &[Labelled<'_, ByState, 1>], page: &mut Page) {
    let waiting = jobs.queues.waiting_for("PartitionNodeLimit");
    let waiting: Vec<(&str, Sum<u64>)> = partitions
        .iter()
        .map(|([(_, name)], _)| (*name, waiting.get(name).copied().unwrap_or_default()))
        .collect();
    let things = labelled("partition", waiting.iter().map(|(name, jobs)| (name, jobs)));
    let help = "Jobs that wait since they want more nodes than the partition allows.";
    let name = "slurm_partition_jobs_wait_part_node_limit";
    add_family(page, name, help, &things, |jobs: &Sum<u64>| known(*jobs));
    add_columns(page, WANTED_NODES, &labelled("partition", &jobs.wanted_nodes));
}

const WANTED_NODES: &[Column<WantedNodes>] = &[
    (
        "slurm_partition_jobs_min_job_nodes",
        "The most nodes that a waiting job cannot do without.",
        |wanted| wanted.most.map(Value::from),
    ),
    (
        "slurm_partition_jobs_min_job_nodes_nohold",
        "The most nodes that a waiting job which nobody holds cannot do without.",
        |wanted| wanted.most_not_held.map(Value::from),
    ),
];
