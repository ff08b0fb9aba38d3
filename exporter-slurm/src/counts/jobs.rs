//! What one snapshot says of jobs.

use edctl_slurm::JobRow;

use super::grow;
use super::history::JobTotals;
use super::tally::{ByState, Tally};

/// Counts of jobs; each task of an array is a job.
#[derive(Debug, Default)]
pub(crate) struct JobCounts {
    pub(crate) by_state: ByState,
    /// CPUs that jobs have or ask for, but for those of finished jobs.
    pub(crate) cpus_by_state: ByState,
    /// A job that waits in several partitions counts in each of them.
    pub(crate) by_partition: Tally,
    /// Jobs whose reason says something.
    pub(crate) by_reason: Tally,
    pub(crate) by_account: Tally,
    pub(crate) by_user: Tally,
    pub(crate) by_qos: Tally,
    /// Jobs of edctl, as their comments say.
    pub(crate) by_flow: Tally,
    pub(crate) by_stage: Tally,
    pub(crate) by_profile: Tally,
    /// What this and all earlier snapshots say together.
    pub(crate) totals: JobTotals,
}

impl JobCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        grow(self.by_state.entry(row.state).or_default(), row.jobs);
        if !row.state.is_finished() {
            let cpus = row.jobs.saturating_mul(row.cpus_each);
            grow(self.cpus_by_state.entry(row.state).or_default(), cpus);
        }
        for partition in row.partitions() {
            self.by_partition.add(partition, row.state, row.jobs);
        }
        for (tally, name) in [
            (&mut self.by_reason, row.reason),
            (&mut self.by_account, row.account),
            (&mut self.by_user, row.user),
            (&mut self.by_qos, row.qos),
            (&mut self.by_flow, row.label.flow),
            (&mut self.by_stage, row.label.stage),
            (&mut self.by_profile, row.label.profile),
        ] {
            if let Some(name) = name {
                tally.add(name, row.state, row.jobs);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_state.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use edctl_slurm::JobState;

    use super::*;

    #[test]
    fn arrays_finished_jobs_and_several_partitions() {
        let mut counts = JobCounts::default();
        for row in [
            "1|ROW|PENDING|latency,throughput|2||5|N/A|N/A|ada|soc|normal|Priority|",
            "2_[0-9]|ROW|PENDING|latency|3||5|N/A|N/A|bob|(null)|normal|Resources|edctl/1 stage=sim",
            "2_10|ROW|RUNNING|latency|1||5|6|NONE|bob|(null)|normal|None|edctl/1 stage=sim",
            "3|ROW|COMPLETED|latency|8||5|6|7|ada|soc|normal|None|(null)",
        ] {
            counts.add(&JobRow::parse(row).unwrap());
        }
        let by_state = |tally: &Tally, name| tally.get(name).cloned().unwrap_or_default();
        assert_eq!(counts.by_state[&JobState::Pending], 11);
        assert_eq!(counts.cpus_by_state[&JobState::Pending], 32);
        assert_eq!(by_state(&counts.by_partition, "throughput"), [(JobState::Pending, 1)].into());
        assert_eq!(by_state(&counts.by_partition, "latency")[&JobState::Pending], 11);
        assert_eq!(counts.by_state[&JobState::Completed], 1);
        assert_eq!(counts.cpus_by_state.get(&JobState::Completed), None);
        assert_eq!(by_state(&counts.by_reason, "Resources"), [(JobState::Pending, 10)].into());
        assert_eq!(by_state(&counts.by_stage, "sim")[&JobState::Running], 1);
        // No account is no name.
        assert_eq!(counts.by_account.names().collect::<Vec<_>>(), ["soc"]);
        assert_eq!(by_state(&counts.by_user, "bob")[&JobState::Pending], 10);
    }

    #[test]
    fn sums_stay_at_the_largest_number() {
        let mut counts = JobCounts::default();
        let most = u64::MAX;
        for array in ["1", "2", "3"] {
            let tasks = format!("{array}_[0-{}]", most - 1);
            let row = format!("{tasks}|ROW|PENDING|p|{most}||5|N/A|N/A|ada|soc|normal|Priority|");
            counts.add(&JobRow::parse(&row).unwrap());
        }
        assert_eq!(counts.by_state, [(JobState::Pending, most)].into());
        assert_eq!(counts.cpus_by_state, [(JobState::Pending, most)].into());
        assert_eq!(counts.by_user.top(0)["other"], [(JobState::Pending, most)].into());
    }
}
