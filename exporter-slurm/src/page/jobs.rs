//! What squeue says of jobs.

use edctl_exposition::{Family, Page};
use edctl_slurm::JobState;

use super::count;
use crate::counts::JobCounts;

/// States that each partition shows also when they are 0.
const PARTITION_JOB_STATES: [JobState; 2] = [JobState::Pending, JobState::Running];

/// Adds all families of jobs. A partition without jobs is known only from its nodes.
pub(super) fn render<'a>(
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
