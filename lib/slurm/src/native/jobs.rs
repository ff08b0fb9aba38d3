//! Numbers of jobs: all of them, or those of a partition, an account or a user.

use std::collections::BTreeMap;

use super::sample::Sample;
use super::wrapped::NodeCpus;
use crate::lost::{Field, LeftOut, RowError};
use crate::state::JobState;

/// What Slurm counts of a set of jobs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct NativeJobs {
    /// Jobs by base state; each job has one, and all tasks of an array that wait are jobs. What squeue shows
    /// in its place, such as completing or configuring, are flags beside it, which may be set together.
    pub by_state: BTreeMap<JobState, Field<u64>>,
    cpus_told: Option<u64>,
}

impl NativeJobs {
    /// CPUs of the running jobs. Nothing where some are suspended, since Slurm counts theirs too; where it
    /// tells 0, as all releases before 25.11.5 do whatever runs; and where the sum may have wrapped.
    pub fn running_cpus(&self, nodes: &NodeCpus) -> Option<u64> {
        let jobs = |state| self.by_state.get(&state).and_then(|jobs| jobs.ok());
        let told = self.cpus_told?;
        if jobs(JobState::Suspended)? > 0 || (told == 0 && jobs(JobState::Running) != Some(0)) {
            return None;
        }
        nodes.unwrap_jobs(told)
    }

    /// Takes in the number that stands behind `jobs_`.
    pub(super) fn note(&mut self, word: &str, value: Field<u64>) {
        if let Some(state) = base_state(word) {
            self.by_state.insert(state, value);
        } else if word == "cpus_alloc" {
            self.cpus_told = value.ok();
        }
    }

    /// Puts jobs under `Other` that are in no base state which is known here, so that the sum is `jobs`.
    fn fill_up_to(&mut self, jobs: u64) {
        let mut numbers = self.by_state.values();
        let counted = numbers.try_fold(0u64, |sum, jobs| Some(sum.saturating_add((*jobs).ok()?)));
        if let Some(others @ 1..) = counted.and_then(|counted| jobs.checked_sub(counted)) {
            self.by_state.insert(JobState::Other, Ok(others));
        }
    }
}

/// The base state of which a name counts the jobs.
pub(super) fn base_state(word: &str) -> Option<JobState> {
    Some(match word {
        "bootfail" => JobState::BootFail,
        "cancelled" => JobState::Cancelled,
        "completed" => JobState::Completed,
        "deadline" => JobState::Deadline,
        "failed" => JobState::Failed,
        "node_failed" => JobState::NodeFail,
        "outofmemory" => JobState::OutOfMemory,
        "pending" => JobState::Pending,
        "preempted" => JobState::Preempted,
        "running" => JobState::Running,
        "suspended" => JobState::Suspended,
        "timeout" => JobState::Timeout,
        _ => return None,
    })
}

/// Reads the page of all jobs, line by line.
#[derive(Debug, Default)]
pub struct JobsReader {
    /// `slurm_jobs`.
    told: Option<u64>,
    jobs: NativeJobs,
}

impl JobsReader {
    /// Takes in one line, and says what of it could not be taken.
    ///
    /// # Errors
    /// Says why the line cannot be read.
    pub fn line(&mut self, line: &str) -> Result<LeftOut, RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(LeftOut::default()) };
        if sample.label.is_none() {
            if sample.name == "jobs" {
                self.told = sample.value.ok();
            } else if let Some(word) = sample.name.strip_prefix("jobs_") {
                self.jobs.note(word, sample.value);
            }
        }
        Ok(sample.left_out())
    }

    /// Ends the reading; nothing where it was no page of jobs.
    pub fn finish(self) -> Option<NativeJobs> {
        let Self { told, mut jobs } = self;
        if jobs.by_state.is_empty() {
            return None;
        }
        if let Some(told) = told {
            jobs.fill_up_to(told);
        }
        Some(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: NodeCpus = NodeCpus { total: Some(80_000), allocated: Some(70_000) };

    fn read(lines: &[&str]) -> Option<NativeJobs> {
        let mut reader = JobsReader::default();
        for line in lines {
            reader.line(line).unwrap();
        }
        reader.finish()
    }

    #[test]
    fn reads_base_states_and_no_flags() {
        let jobs = read(&[
            "# TYPE slurm_jobs gauge",
            "slurm_jobs 9",
            "slurm_jobs_pending 5",
            "slurm_jobs_hold 2",
            "slurm_jobs_running 3",
            "slurm_jobs_configuring 1",
            "slurm_jobs_completed 1",
            "slurm_jobs_finished 1",
            "slurm_jobs_completing 1",
            "slurm_jobs_outofmemory 0",
            "slurm_jobs_invented 7",
        ]);
        let by_state = [
            (JobState::Pending, Ok(5)),
            (JobState::Running, Ok(3)),
            (JobState::Completed, Ok(1)),
            (JobState::OutOfMemory, Ok(0)),
        ];
        assert_eq!(jobs.unwrap().by_state, by_state.into());
    }

    #[test]
    fn jobs_in_a_state_that_is_not_known_are_others() {
        let jobs = |lines: &[&str]| read(lines).unwrap().by_state;
        let (pending, other) = ((JobState::Pending, Ok(5)), (JobState::Other, Ok(2)));
        let unknown = ["slurm_jobs_pending 5", "slurm_jobs_levitating 2", "slurm_jobs 7"];
        assert_eq!(jobs(&unknown), [pending, other].into());
        assert_eq!(jobs(&unknown[..2]), [pending].into());
        // How many of the others run is not known.
        let odd = ["slurm_jobs_pending 5", "slurm_jobs_running -2", "slurm_jobs 7"];
        let running = (JobState::Running, Err(RowError::Number));
        assert_eq!(jobs(&odd), [pending, running].into());
        assert_eq!(jobs(&odd[1..2]), [running].into());
    }

    #[test]
    fn what_is_no_page_of_jobs_tells_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["slurm_nodes 3", "slurm_user_jobs_running{username=\"a\"} 3"]), None);
    }

    #[test]
    fn cpus_are_told_where_they_are_known() {
        for (running, suspended, told, cpus) in [
            (2, "0", "4464", Some(70_000)),
            (0, "0", "0", None),
            // Before 25.11.5.
            (2, "0", "0", None),
            (2, "1", "4464", None),
            (2, "0", "4463", None),
        ] {
            let jobs = read(&[
                &format!("slurm_jobs_running {running}"),
                &format!("slurm_jobs_suspended {suspended}"),
                &format!("slurm_jobs_cpus_alloc {told}"),
            ]);
            assert_eq!(jobs.unwrap().running_cpus(&NODES), cpus, "{running} {suspended} {told}");
        }
        let idle = NodeCpus { total: Some(80_000), allocated: Some(0) };
        let none = ["slurm_jobs_running 0", "slurm_jobs_suspended 0", "slurm_jobs_cpus_alloc 0"];
        assert_eq!(read(&none).unwrap().running_cpus(&idle), Some(0));
        assert_eq!(read(&none[1..]).unwrap().running_cpus(&idle), None);
    }
}
