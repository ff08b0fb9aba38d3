//! slurmctld's figures of itself.

use edctl_exposition::{Page, Value};
use edctl_slurm::{Figure, Stamp};

use crate::counts::DiagCounts;
use crate::page::table::{Column, FigureRow, add_columns, add_figures};

/// Adds all families of sdiag's figures.
pub(super) fn render(diag: &DiagCounts, page: &mut Page) {
    add_figures(page, FIGURES, diag);
    add_columns(page, TIMES, &[([], diag)]);
}

const TIMES: &[Column<DiagCounts>] = &[
    ("slurm_bf_active", "1 while backfill works.", |diag| diag.now.is_backfilling.map(Value::from)),
    ("slurm_bf_when_last_cycle", "Unix time of backfill's last cycle.", |diag| {
        seconds(diag.now.backfill_last_cycle)
    }),
    ("slurm_last_proc_req_start", "Unix time since which requests are counted.", |diag| {
        seconds(diag.now.since)
    }),
    ("slurm_sched_stats_timestamp", "Unix time of these figures.", |diag| seconds(diag.now.asked)),
    ("slurm_sdiag_job_states_ts", "Unix time at which jobs were counted.", |diag| {
        seconds(diag.now.jobs_counted)
    }),
];

fn seconds(stamp: Option<Stamp>) -> Option<Value> {
    stamp.and_then(Stamp::seconds).map(Value::from)
}

const FIGURES: &[FigureRow] = &[
    ("slurm_agent_cnt", "Agents that send requests to nodes.", Figure::Agents),
    ("slurm_agent_queue_size", "Requests to nodes that wait.", Figure::AgentQueue),
    ("slurm_agent_thread_cnt", "Threads that all agents have.", Figure::AgentThreads),
    (
        "slurm_backfilled_het_jobs",
        "Components of heterogeneous jobs that backfill started since slurmctld's start.",
        Figure::BackfilledHetComponents,
    ),
    (
        "slurm_backfilled_jobs",
        "Jobs that backfill started since slurmctld's start.",
        Figure::BackfilledJobs,
    ),
    ("slurm_bf_cycle_cnt", "Backfill's cycles.", Figure::BackfillCycles),
    ("slurm_bf_cycle_last", "Time of the last, in microseconds.", Figure::BackfillLastCycle),
    ("slurm_bf_cycle_max", "Time of the longest, in microseconds.", Figure::BackfillMaxCycle),
    ("slurm_bf_depth_mean", "Jobs that a cycle looks at, in the mean.", Figure::BackfillMeanDepth),
    ("slurm_bf_exit_end", "Cycles that saw the whole queue.", Figure::BackfillExitEnd),
    (
        "slurm_bf_exit_max_job_start",
        "Cycles that ended at bf_max_job_start.",
        Figure::BackfillExitStarts,
    ),
    (
        "slurm_bf_exit_max_job_test",
        "Cycles that ended at bf_max_job_test.",
        Figure::BackfillExitTests,
    ),
    (
        "slurm_bf_exit_state_changed",
        "Cycles that ended since something changed meanwhile.",
        Figure::BackfillExitChanged,
    ),
    (
        "slurm_bf_exit_table_limit",
        "Cycles that ended at bf_node_space_size.",
        Figure::BackfillExitTable,
    ),
    ("slurm_bf_exit_timeout", "Cycles that ended at bf_max_time.", Figure::BackfillExitTimeout),
    ("slurm_bf_last_depth", "Jobs that the last cycle looked at.", Figure::BackfillLastDepth),
    (
        "slurm_bf_last_depth_try",
        "Jobs that the last cycle tried to start.",
        Figure::BackfillLastTried,
    ),
    ("slurm_bf_mean_cycle", "Mean time of cycles, in microseconds.", Figure::BackfillMeanCycle),
    (
        "slurm_bf_mean_table_sz",
        "Time slots that a cycle tests, in the mean.",
        Figure::BackfillMeanTable,
    ),
    ("slurm_bf_queue_len", "Jobs that waited at the last cycle.", Figure::BackfillQueue),
    (
        "slurm_bf_queue_len_mean",
        "Jobs that waited at a cycle, in the mean.",
        Figure::BackfillMeanQueue,
    ),
    ("slurm_bf_table_size", "Time slots that the last cycle tested.", Figure::BackfillTable),
    (
        "slurm_bf_try_depth_mean",
        "Jobs that a cycle tries to start, in the mean.",
        Figure::BackfillMeanTried,
    ),
    (
        "slurm_last_backfilled_jobs",
        "Jobs that backfill started since slurmctld's figures began again.",
        Figure::BackfilledSinceReset,
    ),
    ("slurm_sched_exit_end", "Cycles that saw the whole queue.", Figure::MainExitEnd),
    ("slurm_sched_exit_lic", "Cycles that ended for licences.", Figure::MainExitLicenses),
    (
        "slurm_sched_exit_max_depth",
        "Cycles that ended at default_queue_depth.",
        Figure::MainExitDepth,
    ),
    (
        "slurm_sched_exit_max_job_start",
        "Cycles that ended at sched_max_job_start.",
        Figure::MainExitStarts,
    ),
    ("slurm_sched_exit_rpc_cnt", "Cycles that ended at max_rpc_cnt.", Figure::MainExitRpcs),
    ("slurm_sched_exit_timeout", "Cycles that ended at max_sched_time.", Figure::MainExitTimeout),
    ("slurm_sched_mean_cycle", "Mean time of cycles, in microseconds.", Figure::MainMeanCycle),
    (
        "slurm_sched_mean_depth_cycle",
        "Jobs that a cycle looks at, in the mean.",
        Figure::MainMeanDepth,
    ),
    ("slurm_schedule_cycle_cnt", "Cycles of the main scheduler.", Figure::MainCycles),
    ("slurm_schedule_cycle_last", "Time of the last, in microseconds.", Figure::MainLastCycle),
    ("slurm_schedule_cycle_max", "Time of the longest, in microseconds.", Figure::MainMaxCycle),
    ("slurm_schedule_queue_len", "Jobs that waited at the last cycle.", Figure::MainQueue),
    ("slurm_sdiag_jobs_canceled", "Jobs cancelled.", Figure::JobsCanceled),
    ("slurm_sdiag_jobs_completed", "Jobs completed.", Figure::JobsCompleted),
    ("slurm_sdiag_jobs_failed", "Jobs failed for Slurm's own reasons.", Figure::JobsFailed),
    ("slurm_sdiag_jobs_pending", "Jobs that waited when they were counted.", Figure::JobsPending),
    ("slurm_sdiag_jobs_running", "Jobs that ran when they were counted.", Figure::JobsRunning),
    ("slurm_sdiag_jobs_started", "Jobs started.", Figure::JobsStarted),
    ("slurm_sdiag_jobs_submitted", "Jobs submitted.", Figure::JobsSubmitted),
    (
        "slurm_sdiag_latency",
        "Time of 1000 calls to ask the clock, in microseconds.",
        Figure::ClockLatency,
    ),
    ("slurm_server_thread_cnt", "Threads that serve a request.", Figure::ServerThreads),
    ("slurm_slurmdbd_queue_size", "Messages that wait for slurmdbd.", Figure::DbdAgentQueue),
];
