//! What one snapshot says of jobs.

use std::collections::BTreeMap;

use edctl_slurm::{JobRow, JobState};

use super::JobOverview;
use super::history::JobTotals;
use super::load::{ByState, Load, is_held};
use super::queues::Queues;
use super::tally::Tally;

/// Counts of jobs; each task of an array is a job.
#[derive(Debug, Default)]
pub(crate) struct JobCounts {
    pub(crate) by_state: ByState,
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
    pub(crate) queues: Queues,
    /// By partition in which jobs wait.
    pub(crate) wanted_nodes: BTreeMap<String, WantedNodes>,
    /// What this and all earlier snapshots say together.
    pub(crate) totals: JobTotals,
    /// Where no single jobs are known, this alone, with jobs by partition, account and user.
    pub(crate) overview: Option<JobOverview>,
}

/// The most nodes that a job which waits in a partition cannot do without.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedNodes {
    pub(crate) most: u64,
    /// Without jobs that somebody holds.
    pub(crate) most_not_held: u64,
}

impl JobCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        let load = Load::of(row);
        self.by_state.add(row.state, &load);
        for partition in row.partitions() {
            self.by_partition.add(partition, row.state, &load);
            self.note_wanted_nodes(partition, row);
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
                tally.add(name, row.state, &load);
            }
        }
        self.queues.add(row, &load);
    }

    fn note_wanted_nodes(&mut self, partition: &str, row: &JobRow<'_>) {
        let Some(nodes) = row.tres.nodes.filter(|_| row.state == JobState::Pending) else { return };
        if !self.wanted_nodes.contains_key(partition) {
            // Partitions whose names are told apart have counts of their own.
            if self.by_partition.get(partition).is_none() {
                return;
            }
            self.wanted_nodes.insert(partition.to_owned(), WantedNodes::default());
        }
        if let Some(wanted) = self.wanted_nodes.get_mut(partition) {
            wanted.most = wanted.most.max(nodes);
            let not_held = if is_held(row) { 0 } else { nodes };
            wanted.most_not_held = wanted.most_not_held.max(not_held);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_state.is_empty() && self.overview.is_none()
    }
}

#[cfg(test)]
mod tests {
    use edctl_slurm::JobTres;

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
        let jobs = |tally: &Tally, name, state| tally.get(name).map(|it| it.get(state).jobs);
        assert_eq!(counts.by_state.get(JobState::Pending).jobs, 11);
        assert_eq!(counts.by_state.get(JobState::Pending).cpus, 32);
        assert_eq!(jobs(&counts.by_partition, "throughput", JobState::Pending), Some(1));
        assert_eq!(jobs(&counts.by_partition, "throughput", JobState::Running), Some(0));
        assert_eq!(jobs(&counts.by_partition, "latency", JobState::Pending), Some(11));
        assert_eq!(counts.by_state.get(JobState::Completed).jobs, 1);
        assert_eq!(jobs(&counts.by_reason, "Resources", JobState::Pending), Some(10));
        assert_eq!(jobs(&counts.by_stage, "sim", JobState::Running), Some(1));
        // No account is no name.
        assert_eq!(counts.by_account.names().collect::<Vec<_>>(), ["soc"]);
        assert_eq!(jobs(&counts.by_user, "bob", JobState::Pending), Some(10));
    }

    #[test]
    fn held_jobs_are_those_that_wait_for_somebodys_word() {
        let mut counts = JobCounts::default();
        for (state, reason) in [
            ("PENDING", "JobHeldUser"),
            ("PENDING", "JobHeldAdmin"),
            ("PENDING", "Priority"),
            ("RUNNING", "JobHeldUser"),
        ] {
            let tres = if reason == "Priority" { "node=2" } else { "node=3,mem=1M" };
            let row = format!("1|ROW|{state}|p|1|{tres}|5|N/A|N/A|ada|soc|normal|{reason}|");
            counts.add(&JobRow::parse(&row).unwrap());
        }
        let all = counts.by_state.sum(|_| true);
        assert_eq!((all.jobs, all.held), (4, 2));
        assert_eq!(counts.wanted_nodes["p"], WantedNodes { most: 3, most_not_held: 2 });
        let tres = JobTres { memory_bytes: Some(3 << 20), nodes: Some(11), gpus: None };
        assert_eq!(all.tres, tres);
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
        let pending = counts.by_state.get(JobState::Pending);
        assert_eq!((pending.jobs, pending.cpus), (most, most));
        assert_eq!(counts.by_user.top(0)["other"].get(JobState::Pending).jobs, most);
        assert_eq!(counts.queues.top(0).values().next().unwrap().cpus, most);
    }
}
