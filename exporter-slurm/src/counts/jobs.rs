//! What one snapshot says of jobs.

use std::collections::BTreeMap;

use edctl_slurm::{JobRow, JobState};

/// Counts of jobs; each task of an array is a job.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct JobCounts {
    pub(crate) by_state: BTreeMap<JobState, u64>,
    /// CPUs that jobs have or ask for, but for those of finished jobs.
    pub(crate) cpus_by_state: BTreeMap<JobState, u64>,
    /// A job that waits in several partitions counts in each of them.
    pub(crate) by_partition: BTreeMap<(String, JobState), u64>,
}

impl JobCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        *self.by_state.entry(row.state).or_default() += row.jobs;
        if !row.state.is_finished() {
            let cpus = row.jobs.saturating_mul(row.cpus_each);
            *self.cpus_by_state.entry(row.state).or_default() += cpus;
        }
        for partition in &row.partitions {
            let key = ((*partition).to_owned(), row.state);
            *self.by_partition.entry(key).or_default() += row.jobs;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_state.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_finished_jobs_and_several_partitions() {
        let mut counts = JobCounts::default();
        for row in [
            "PENDING|latency,throughput|2|1",
            "PENDING|latency|3|2_[0-9]",
            "RUNNING|latency|1|2_10",
            "COMPLETED|latency|8|3",
        ] {
            counts.add(&JobRow::parse(row).unwrap());
        }
        assert_eq!(counts.by_state[&JobState::Pending], 11);
        assert_eq!(counts.cpus_by_state[&JobState::Pending], 32);
        assert_eq!(counts.by_partition[&("throughput".to_owned(), JobState::Pending)], 1);
        assert_eq!(counts.by_partition[&("latency".to_owned(), JobState::Pending)], 11);
        assert_eq!(counts.by_state[&JobState::Completed], 1);
        assert_eq!(counts.cpus_by_state.get(&JobState::Completed), None);
    }
}
