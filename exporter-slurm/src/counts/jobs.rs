//! What one snapshot says of jobs.

use std::collections::BTreeMap;

use edctl_slurm::{JobRow, JobState};

use super::history::JobTotals;
use super::load::{ByState, Load, is_held};
use super::overview::JobOverview;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedNodes {
    /// Nothing where that of a job cannot be read.
    pub(crate) most: Option<u64>,
    /// Without jobs that somebody holds.
    pub(crate) most_not_held: Option<u64>,
}

impl Default for WantedNodes {
    fn default() -> Self {
        Self { most: Some(0), most_not_held: Some(0) }
    }
}

impl JobCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        let load = Load::of(row);
        let state = row.shown_state();
        self.by_state.add(state, &load);
        for partition in row.partitions() {
            self.by_partition.add(partition, state, &load);
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
                tally.add(name, state, &load);
            }
        }
        self.queues.add(row, &load);
    }

    fn note_wanted_nodes(&mut self, partition: &str, row: &JobRow<'_>) {
        let Some(nodes) = row.tres.nodes.transpose() else { return };
        if row.state != Ok(JobState::Pending) {
            return;
        }
        if !self.wanted_nodes.contains_key(partition) {
            // Partitions whose names are told apart have counts of their own.
            if self.by_partition.get(partition).is_none() {
                return;
            }
            self.wanted_nodes.insert(partition.to_owned(), WantedNodes::default());
        }
        if let Some(wanted) = self.wanted_nodes.get_mut(partition) {
            let most = |so_far: Option<u64>, nodes: Option<u64>| Some(so_far?.max(nodes?));
            wanted.most = most(wanted.most, nodes.ok());
            let not_held = if is_held(row) { Some(0) } else { nodes.ok() };
            wanted.most_not_held = most(wanted.most_not_held, not_held);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_state.is_empty() && self.overview.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Sum;
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
        let jobs = |tally: &Tally, name, state| {
            tally.get(name).map(|it| it.get(state).jobs.known().unwrap())
        };
        assert_eq!(counts.by_state.get(JobState::Pending).jobs, Sum::Of(11));
        assert_eq!(counts.by_state.get(JobState::Pending).cpus, Sum::Of(32));
        assert_eq!(jobs(&counts.by_partition, "throughput", JobState::Pending), Some(1));
        assert_eq!(jobs(&counts.by_partition, "throughput", JobState::Running), Some(0));
        assert_eq!(jobs(&counts.by_partition, "latency", JobState::Pending), Some(11));
        assert_eq!(counts.by_state.get(JobState::Completed).jobs, Sum::Of(1));
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
        assert_eq!((all.jobs, all.held), (Sum::Of(4), Sum::Of(2)));
        assert_eq!(counts.wanted_nodes["p"], WantedNodes { most: Some(3), most_not_held: Some(2) });
        let tres = (all.memory_bytes, all.nodes, all.gpus);
        assert_eq!(tres, (Sum::Of(3 << 20), Sum::Of(11), Sum::Nothing));
    }

    #[test]
    fn sums_stay_at_the_largest_number() {
        let mut counts = JobCounts::default();
        let (most, part) = (u64::MAX, u64::MAX >> 1);
        for array in ["1", "2", "3"] {
            let tasks = format!("{array}_[0-{}]", part - 1);
            let row = format!("{tasks}|ROW|PENDING|p|{part}||5|N/A|N/A|ada|soc|normal|Priority|");
            counts.add(&JobRow::parse(&row).unwrap());
        }
        let pending = counts.by_state.get(JobState::Pending);
        assert_eq!((pending.jobs, pending.cpus), (Sum::Of(most), Sum::Of(most)));
        assert_eq!(counts.by_user.top(0)["other"].get(JobState::Pending).jobs, Sum::Of(most));
        assert_eq!(counts.queues.top(0).values().next().unwrap().cpus, Sum::Of(most));
    }

    #[test]
    fn a_sum_of_which_one_job_lacks_its_part_is_not_told_and_the_others_are() {
        let mut counts = JobCounts::default();
        for row in [
            "1|ROW|RUNNING|p|-1|mem=1M,node=1|5|6|NONE|ada|soc|normal|None|",
            "2|ROW|RUNNING|q|2|mem=much,node=1|5|6|NONE|bob|soc|normal|None|",
            "3_[1-9...]|ROW|PENDING|p|2|mem=1M,node=x|5|N/A|N/A|bob|soc|normal|Priority|",
            "x|ROW|FAI LED|q|2|mem=1M|5|6|7|eve|soc|normal|None|",
        ] {
            counts.add(&JobRow::parse(row).unwrap());
        }
        let running = counts.by_state.get(JobState::Running);
        assert_eq!((running.jobs, running.cpus), (Sum::Of(2), Sum::Unknown));
        assert_eq!((running.memory_bytes, running.nodes), (Sum::Unknown, Sum::Of(2)));
        let of = |tally: &Tally, name, state| tally.get(name).unwrap().get(state);
        assert_eq!(of(&counts.by_user, "bob", JobState::Running).cpus, Sum::Of(2));
        assert_eq!(of(&counts.by_partition, "p", JobState::Running).cpus, Sum::Unknown);
        assert_eq!(of(&counts.by_partition, "p", JobState::Pending).jobs, Sum::Unknown);
        assert_eq!(counts.wanted_nodes["p"], WantedNodes { most: None, most_not_held: None });
        // Where it is, whose it is and that it is there are known.
        assert_eq!(of(&counts.by_user, "eve", JobState::Other).jobs, Sum::Of(1));
        assert_eq!(counts.by_state.get(JobState::Other).jobs, Sum::Of(1));
    }
}
