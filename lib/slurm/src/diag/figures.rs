//! sdiag's single numbers, and under which heading each stands.

use super::section::Section;

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident = $section:ident $label:literal $(| $alias:literal)*,)*) => {
        /// One of sdiag's single numbers. Times are in microseconds, as sdiag has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Figure { $($(#[$doc])* $name,)* }

        impl Figure {
            pub(super) fn find(section: Section, label: &str) -> Option<Self> {
                match (section, label) {
                    $((Section::$section, $label $(| $alias)*) => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

figures! {
    /// Threads of slurmctld that serve a request now.
    ServerThreads = Head "Server thread count",
    /// Outgoing requests that wait to be sent again.
    AgentQueue = Head "Agent queue size",
    /// Agents that send requests to nodes.
    Agents = Head "Agent count",
    /// Threads that these agents have.
    AgentThreads = Head "Agent thread count",
    /// Messages that wait for slurmdbd.
    DbdAgentQueue = Head "DBD Agent queue size",
    /// Jobs submitted since [`Diag::since`].
    JobsSubmitted = Head "Jobs submitted",
    /// Jobs started since [`Diag::since`].
    JobsStarted = Head "Jobs started",
    /// Jobs completed since [`Diag::since`].
    JobsCompleted = Head "Jobs completed",
    /// Jobs cancelled since [`Diag::since`].
    JobsCanceled = Head "Jobs canceled",
    /// Jobs that failed for Slurm's own reasons since [`Diag::since`].
    JobsFailed = Head "Jobs failed",
    /// Jobs that wait, as of [`Diag::jobs_counted`].
    JobsPending = Head "Jobs pending",
    /// Jobs that run, as of [`Diag::jobs_counted`].
    JobsRunning = Head "Jobs running",
    /// Time of the main scheduler's last cycle.
    MainLastCycle = Main "Last cycle",
    /// Time of its longest cycle since [`Diag::since`].
    MainMaxCycle = Main "Max cycle",
    /// Its cycles since [`Diag::since`].
    MainCycles = Main "Total cycles",
    /// Mean time of these cycles.
    MainMeanCycle = Main "Mean cycle",
    /// Jobs that it looks at in a cycle, in the mean.
    MainMeanDepth = Main "Mean depth cycle",
    /// Its cycles in a minute, in the mean.
    MainCyclesPerMinute = Main "Cycles per minute",
    /// Jobs that waited at its last cycle.
    MainQueue = Main "Last queue length",
    /// Its cycles that saw the whole queue; this and the next from Slurm 23.11 on.
    MainExitEnd = MainExits "End of job queue",
    /// Its cycles that ended at `default_queue_depth`.
    MainExitDepth = MainExits "Hit default_queue_depth",
    /// Its cycles that ended at `sched_max_job_start`.
    MainExitStarts = MainExits "Hit sched_max_job_start",
    /// Its cycles that ended since licences were missing.
    MainExitLicenses = MainExits "Blocked on licenses",
    /// Its cycles that ended at `max_rpc_cnt`.
    MainExitRpcs = MainExits "Hit max_rpc_cnt",
    /// Its cycles that ended at `max_sched_time`.
    MainExitTimeout = MainExits "Timeout (max_sched_time)",
    /// Jobs that backfill started since slurmctld's start.
    BackfilledJobs = Backfill "Total backfilled jobs (since last slurm start)",
    /// Jobs that backfill started since [`Diag::since`].
    BackfilledSinceReset = Backfill "Total backfilled jobs (since last stats cycle start)",
    /// Components of heterogeneous jobs that backfill started since [`Diag::since`].
    BackfilledHetComponents = Backfill "Total backfilled heterogeneous job components",
    /// Backfill's cycles since [`Diag::since`].
    BackfillCycles = Backfill "Total cycles",
    /// Time of its last cycle.
    BackfillLastCycle = Backfill "Last cycle",
    /// Time of its longest cycle since [`Diag::since`].
    BackfillMaxCycle = Backfill "Max cycle",
    /// Mean time of its cycles; missing where there was none.
    BackfillMeanCycle = Backfill "Mean cycle",
    /// Jobs that its last cycle looked at.
    BackfillLastDepth = Backfill "Last depth cycle",
    /// Jobs that its last cycle tried to start.
    BackfillLastTried = Backfill "Last depth cycle (try sched)",
    /// Jobs that a cycle looks at, in the mean; missing where there was none.
    BackfillMeanDepth = Backfill "Depth Mean",
    /// Jobs that a cycle tries to start, in the mean; missing where there was none.
    BackfillMeanTried = Backfill "Depth Mean (try depth)" | "Depth Mean (try sched)",
    /// Jobs that waited at its last cycle.
    BackfillQueue = Backfill "Last queue length",
    /// Jobs that waited at a cycle, in the mean; missing where there was none.
    BackfillMeanQueue = Backfill "Queue length mean",
    /// Time slots that its last cycle tested.
    BackfillTable = Backfill "Last table size",
    /// Time slots that a cycle tests, in the mean; missing where there was none.
    BackfillMeanTable = Backfill "Mean table size",
    /// Its cycles that saw the whole queue; this and the next from Slurm 23.11 on.
    BackfillExitEnd = BackfillExits "End of job queue",
    /// Its cycles that ended at `bf_max_job_start`.
    BackfillExitStarts = BackfillExits "Hit bf_max_job_start",
    /// Its cycles that ended at `bf_max_job_test`.
    BackfillExitTests = BackfillExits "Hit bf_max_job_test",
    /// Its cycles that ended since something changed meanwhile.
    BackfillExitChanged = BackfillExits "System state changed",
    /// Its cycles that ended at `bf_node_space_size`.
    BackfillExitTable = BackfillExits "Hit table size limit (bf_node_space_size)",
    /// Its cycles that ended at `bf_max_time`.
    BackfillExitTimeout = BackfillExits "Timeout (bf_max_time)",
    /// Time of 1000 calls to ask the clock.
    ClockLatency = Head "Latency for 1000 calls to gettimeofday()",
}
