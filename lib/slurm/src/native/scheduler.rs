//! The page of the schedulers: what sdiag says too, but for requests by type and user.

use super::sample::Sample;
use crate::diag::{Diag, Figure, Stamp};
use crate::lost::{LeftOut, RowError};

/// Reads the page, line by line.
#[derive(Debug, Default)]
pub struct SchedulerReader(Diag);

impl SchedulerReader {
    /// Takes in one line, and says what of it could not be taken.
    ///
    /// # Errors
    /// Says why the line cannot be read.
    pub fn line(&mut self, line: &str) -> Result<LeftOut, RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(LeftOut::default()) };
        let left_out = sample.left_out();
        let Sample { name, label: None, value: Ok(value) } = sample else { return Ok(left_out) };
        let stamp = Some(Stamp::of(value));
        match name {
            // Slurm's word for what sdiag calls "Data since".
            "last_proc_req_start" => self.0.since = stamp,
            "sched_stats_timestamp" => self.0.asked = stamp,
            "sdiag_job_states_ts" => self.0.jobs_counted = stamp,
            "bf_active" => self.0.is_backfilling = Some(value > 0),
            "bf_when_last_cycle" => self.0.backfill_last_cycle = stamp,
            _ => {
                if let Some(figure) = figure(name) {
                    self.0.figures.insert(figure, value);
                }
            }
        }
        Ok(left_out)
    }

    /// Ends the reading; nothing where it was no page of the schedulers.
    pub fn finish(self) -> Option<Diag> {
        Some(self.0.without_what_never_was()).filter(|diag| !diag.figures.is_empty())
    }
}

/// The figure of sdiag that a name stands for; times are in microseconds here too. SchedMD's guide has two
/// names that Slurm does not print, in case that it will.
fn figure(name: &str) -> Option<Figure> {
    Some(match name {
        "server_thread_cnt" => Figure::ServerThreads,
        "agent_queue_size" => Figure::AgentQueue,
        "agent_cnt" => Figure::Agents,
        "agent_thread_cnt" => Figure::AgentThreads,
        "slurmdbd_queue_size" => Figure::DbdAgentQueue,
        "sdiag_jobs_submitted" => Figure::JobsSubmitted,
        "sdiag_jobs_started" => Figure::JobsStarted,
        "sdiag_jobs_completed" => Figure::JobsCompleted,
        "sdiag_jobs_canceled" => Figure::JobsCanceled,
        "sdiag_jobs_failed" => Figure::JobsFailed,
        "sdiag_jobs_pending" => Figure::JobsPending,
        "sdiag_jobs_running" => Figure::JobsRunning,
        "sdiag_latency" => Figure::ClockLatency,
        "schedule_cycle_last" | "sched_cycle_last" => Figure::MainLastCycle,
        "schedule_cycle_max" => Figure::MainMaxCycle,
        "schedule_cycle_cnt" | "sched_cycle_cnt" => Figure::MainCycles,
        "sched_mean_cycle" => Figure::MainMeanCycle,
        "sched_mean_depth_cycle" => Figure::MainMeanDepth,
        "schedule_queue_len" => Figure::MainQueue,
        "sched_exit_end" => Figure::MainExitEnd,
        "sched_exit_max_depth" => Figure::MainExitDepth,
        "sched_exit_max_job_start" => Figure::MainExitStarts,
        "sched_exit_lic" => Figure::MainExitLicenses,
        "sched_exit_rpc_cnt" => Figure::MainExitRpcs,
        "sched_exit_timeout" => Figure::MainExitTimeout,
        "backfilled_jobs" => Figure::BackfilledJobs,
        "last_backfilled_jobs" => Figure::BackfilledSinceReset,
        "backfilled_het_jobs" => Figure::BackfilledHetComponents,
        "bf_cycle_cnt" => Figure::BackfillCycles,
        "bf_cycle_last" => Figure::BackfillLastCycle,
        "bf_cycle_max" => Figure::BackfillMaxCycle,
        "bf_mean_cycle" => Figure::BackfillMeanCycle,
        "bf_last_depth" => Figure::BackfillLastDepth,
        "bf_last_depth_try" => Figure::BackfillLastTried,
        "bf_depth_mean" => Figure::BackfillMeanDepth,
        "bf_try_depth_mean" => Figure::BackfillMeanTried,
        "bf_queue_len_mean" => Figure::BackfillMeanQueue,
        "bf_mean_table_sz" => Figure::BackfillMeanTable,
        "bf_exit_end" => Figure::BackfillExitEnd,
        "bf_exit_max_job_start" => Figure::BackfillExitStarts,
        "bf_exit_max_job_test" => Figure::BackfillExitTests,
        "bf_exit_state_changed" => Figure::BackfillExitChanged,
        "bf_exit_table_limit" => Figure::BackfillExitTable,
        "bf_exit_timeout" => Figure::BackfillExitTimeout,
        "bf_queue_len" => Figure::BackfillQueue,
        "bf_table_size" => Figure::BackfillTable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<Diag> {
        let mut reader = SchedulerReader::default();
        for line in lines {
            reader.line(line).unwrap();
        }
        reader.finish()
    }

    #[test]
    fn reads_what_sdiag_says_too() {
        let diag = read(&[
            "# TYPE slurm_server_thread_cnt gauge",
            "slurm_server_thread_cnt 3",
            "slurm_last_proc_req_start 1764561600",
            "slurm_schedule_cycle_cnt 40",
            "slurm_sched_mean_cycle 431",
            "slurm_bf_cycle_cnt 20",
            "slurm_bf_depth_mean 5",
            "slurm_bf_when_last_cycle 1764597580",
            "slurm_bf_active 1",
            "slurm_sched_stats_timestamp 1764597600",
        ]);
        let diag = diag.unwrap();
        let at = |seconds| Some(Stamp::At(seconds));
        assert_eq!(diag.since, at(1_764_561_600));
        assert_eq!(diag.backfill_last_cycle, at(1_764_597_580));
        assert_eq!((diag.asked, diag.is_backfilling), (at(1_764_597_600), Some(true)));
        let figures = [
            (Figure::ServerThreads, 3),
            (Figure::MainCycles, 40),
            (Figure::MainMeanCycle, 431),
            (Figure::BackfillCycles, 20),
            (Figure::BackfillMeanDepth, 5),
        ];
        assert_eq!(diag.figures, figures.into());
    }

    #[test]
    fn what_never_was_has_no_mean_and_no_time() {
        let diag = read(&[
            "slurm_server_thread_cnt 1",
            "slurm_schedule_cycle_cnt 0",
            "slurm_sched_mean_cycle 0",
            "slurm_bf_cycle_cnt 0",
            "slurm_bf_mean_cycle 0",
            "slurm_bf_depth_mean 0",
            "slurm_bf_mean_table_sz 0",
            "slurm_bf_when_last_cycle 0",
        ]);
        let diag = diag.unwrap();
        let figures =
            [(Figure::ServerThreads, 1), (Figure::MainCycles, 0), (Figure::BackfillCycles, 0)];
        assert_eq!((diag.figures, diag.backfill_last_cycle), (figures.into(), Some(Stamp::Never)));
    }

    #[test]
    fn what_is_no_page_of_the_schedulers_tells_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["slurm_nodes 3", "slurm_jobs_running 1"]), None);
    }
}
