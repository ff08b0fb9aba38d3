//! What [`crate::commands::DIAG`] prints: slurmctld's figures of itself.

use std::collections::BTreeMap;

use crate::rows::{RowError, number};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident = $section:ident $label:literal $(| $alias:literal)*,)*) => {
        /// One of sdiag's single numbers. Times are in microseconds, as sdiag has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Figure { $($(#[$doc])* $name,)* }

        impl Figure {
            fn find(section: Section, label: &str) -> Option<Self> {
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

/// A number that sdiag shows and nobody here needs.
const UNUSED: (Section, &str) = (Section::Head, "RPC queue enabled");

/// The requests of one type, or of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcCount {
    /// The type's or the user's name.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Time that slurmctld spent on them, in microseconds.
    pub total_usec: u64,
}

/// All that one call of sdiag said. What it did not say, or not in words that are known, is not there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Diag {
    /// Since when slurmctld counts what it counts "since the last reset", in seconds since the epoch.
    pub since: Option<u64>,
    /// When it was asked, in seconds since the epoch.
    pub asked: Option<u64>,
    /// When slurmctld last counted its waiting and running jobs, in seconds since the epoch.
    pub jobs_counted: Option<u64>,
    /// Whether backfill was at work; nothing where sdiag says nothing of backfill.
    pub is_backfilling: Option<bool>,
    /// When backfill's last cycle was, in seconds since the epoch; nothing where there was none.
    pub backfill_last_cycle: Option<u64>,
    /// The single numbers.
    pub figures: BTreeMap<Figure, u64>,
    /// Requests by their type, since slurmctld's start or `sdiag --reset`.
    pub rpcs_by_type: Vec<RpcCount>,
    /// Requests by their user, since slurmctld's start or `sdiag --reset`.
    pub rpcs_by_user: Vec<RpcCount>,
}

/// Reads sdiag's lines one by one: what a line means depends on the heading that stands before it.
#[derive(Debug, Default)]
pub struct DiagReader {
    section: Section,
    diag: Diag,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Section {
    #[default]
    Head,
    Main,
    Backfill,
    MainExits,
    BackfillExits,
    Types,
    Users,
    /// Requests that wait to be sent: their number is the agent queue's, their lines name nodes.
    Pending,
}

/// How the sections' headings begin; what follows differs (`:`, a warning, a unit).
const HEADINGS: &[(&str, Section)] = &[
    ("Main schedule statistics", Section::Main),
    ("Main scheduler exit", Section::MainExits),
    ("Backfilling stats", Section::Backfill),
    ("Backfill exit", Section::BackfillExits),
    ("Remote Procedure Call statistics by message type", Section::Types),
    ("Remote Procedure Call statistics by user", Section::Users),
    ("Pending RPC", Section::Pending),
];

/// What the heading of backfill's figures has in brackets while it works.
const BACKFILLING: &str = "in the middle of backfilling";

/// The line that stands alone after the last section of figures, with its unit behind the number.
const LATENCY: &str = "Latency for ";
const LATENCY_UNIT: &str = " microseconds";

impl DiagReader {
    /// Takes in one line.
    ///
    /// # Errors
    /// `Unknown` for a line that no known Slurm prints there, `Number` and `Time` for a value that is
    /// none: then the value is missing.
    pub fn line(&mut self, line: &str) -> Result<(), RowError> {
        if !line.starts_with([' ', '\t'])
            && let Some((_, section)) = HEADINGS.iter().find(|(begin, _)| line.starts_with(begin))
        {
            self.section = *section;
            if self.section == Section::Backfill {
                self.diag.is_backfilling = Some(line.contains(BACKFILLING));
            }
            return Ok(());
        }
        if line.starts_with(LATENCY) {
            self.section = Section::Head;
        }
        let line = line.trim();
        if line.bytes().all(|b| b == b'*') {
            return Ok(());
        }
        match self.section {
            Section::Types => self.diag.rpcs_by_type.push(rpc_count(line)?),
            Section::Users => self.diag.rpcs_by_user.push(rpc_count(line)?),
            Section::Pending => {}
            Section::Head
            | Section::Main
            | Section::MainExits
            | Section::Backfill
            | Section::BackfillExits => return self.figure(line),
        }
        Ok(())
    }

    /// Ends the reading.
    pub fn finish(self) -> Diag {
        self.diag
    }

    fn figure(&mut self, line: &str) -> Result<(), RowError> {
        if let Some(when) = line.strip_prefix("sdiag output at ") {
            self.diag.asked = Some(epoch(when)?);
            return Ok(());
        }
        if let Some(when) = line.strip_prefix("Data since ") {
            self.diag.since = Some(epoch(when)?);
            return Ok(());
        }
        let (label, value) = line.split_once(':').ok_or(RowError::Unknown)?;
        let value = value.trim();
        match (self.section, label) {
            (Section::Head, "Job states ts" | "Jobs running ts") => {
                self.diag.jobs_counted = Some(epoch(value)?);
                Ok(())
            }
            (Section::Backfill, "Last cycle when") => {
                if value != "N/A" {
                    self.diag.backfill_last_cycle = Some(epoch(value)?);
                }
                Ok(())
            }
            UNUSED => Ok(()),
            (section, label) => {
                let figure = Figure::find(section, label).ok_or(RowError::Unknown)?;
                let value = value.strip_suffix(LATENCY_UNIT).unwrap_or(value);
                self.diag.figures.insert(figure, number(value)?);
                Ok(())
            }
        }
    }
}

/// The number of seconds in `Tue Nov 24 19:35:17 2026 (1795548917)`.
fn epoch(text: &str) -> Result<u64, RowError> {
    let (_, seconds) = text.trim().rsplit_once('(').ok_or(RowError::Time)?;
    number(seconds.strip_suffix(')').ok_or(RowError::Time)?).map_err(|_| RowError::Time)
}

/// `NAME ( 2009) count:3      ave_time:208    total_time:624`, where the name may hold anything, and
/// newer releases put more behind.
fn rpc_count(line: &str) -> Result<RpcCount, RowError> {
    let (name_and_number, figures) = line.rsplit_once(") count:").ok_or(RowError::Unknown)?;
    let (name, id) = name_and_number.rsplit_once('(').ok_or(RowError::Unknown)?;
    number(id.trim())?;
    let name = name.trim();
    if name.is_empty() {
        return Err(RowError::Name);
    }
    let mut words = figures.split_ascii_whitespace();
    let count = number(words.next().unwrap_or_default())?;
    let total = words.find_map(|word| word.strip_prefix("total_time:")).ok_or(RowError::Fields)?;
    Ok(RpcCount { name: name.to_owned(), count, total_usec: number(total)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Diag, Vec<(String, RowError)>) {
        let mut reader = DiagReader::default();
        let refused = text
            .lines()
            .filter_map(|line| Some((line.to_owned(), reader.line(line).err()?)))
            .collect();
        (reader.finish(), refused)
    }

    /// As Slurm 20.11 words it, before jobs' states had a time of their own.
    const OLD: &str = "\
*******************************************************
sdiag output at Mon Mar 01 10:00:07 2021 (1614592807)
Data since      Mon Mar 01 00:00:00 2021 (1614556800)
*******************************************************
Server thread count:  4
Agent queue size:     2
Agent count:          1
Agent thread count:   3
DBD Agent queue size: 9

Jobs submitted: 120
Jobs started:   80
Jobs completed: 70
Jobs canceled:  5
Jobs failed:    1

Job states ts:  Mon Mar 01 09:59:50 2021 (1614592790)
Jobs pending:   35
Jobs running:   10

Main schedule statistics (microseconds):
\tLast cycle:   44
\tMax cycle:    900
\tTotal cycles: 61
\tMean cycle:   51
\tMean depth cycle:  7
\tCycles per minute: 1
\tLast queue length: 35

Backfilling stats (WARNING: data obtained in the middle of backfilling execution.)
\tTotal backfilled jobs (since last slurm start): 12
\tTotal backfilled jobs (since last stats cycle start): 3
\tTotal backfilled heterogeneous job components: 0
\tTotal cycles: 0
\tLast cycle when: N/A
\tLast cycle: 0
\tMax cycle:  0
\tLast depth cycle: 0
\tLast depth cycle (try sched): 0
\tLast queue length: 0
\tLast table size: 0

Latency for 1000 calls to gettimeofday(): 31 microseconds

Remote Procedure Call statistics by message type
\tREQUEST_PARTITION_INFO                  ( 2009) count:14     ave_time:201    total_time:2814

Remote Procedure Call statistics by user
\troot            (       0) count:10     ave_time:150    total_time:1500
\teve (x) count:9 (    1007) count:4      ave_time:250    total_time:1000

Pending RPC statistics
\tREQUEST_TERMINATE_JOB                   ( 6011) count:1

Pending RPCs
\t 1: REQUEST_TERMINATE_JOB                w[1-2]
";

    #[test]
    fn reads_what_slurm_20_11_says() {
        let (diag, refused) = read(OLD);
        assert_eq!(refused, []);
        assert_eq!(diag.since, Some(1_614_556_800));
        assert_eq!((diag.asked, diag.jobs_counted), (Some(1_614_592_807), Some(1_614_592_790)));
        assert_eq!((diag.is_backfilling, diag.backfill_last_cycle), (Some(true), None));
        assert_eq!(diag.figures[&Figure::ClockLatency], 31);
        assert_eq!(diag.figures[&Figure::DbdAgentQueue], 9);
        assert_eq!(diag.figures[&Figure::JobsFailed], 1);
        assert_eq!(diag.figures[&Figure::MainMaxCycle], 900);
        assert_eq!(diag.figures[&Figure::BackfilledJobs], 12);
        assert_eq!(diag.figures.get(&Figure::BackfillMeanCycle), None);
        let user =
            |name: &str, count, total_usec| RpcCount { name: name.into(), count, total_usec };
        assert_eq!(diag.rpcs_by_type, [user("REQUEST_PARTITION_INFO", 14, 2814)]);
        assert_eq!(diag.rpcs_by_user, [user("root", 10, 1500), user("eve (x) count:9", 4, 1000)]);
    }

    #[test]
    fn reads_what_newer_releases_add() {
        let text = OLD
            .replace(
                "Backfilling stats",
                "Main scheduler exit:\n\tEnd of job queue: 61\n\nBackfilling stats",
            )
            .replace("Latency", "Backfill exit\n\tEnd of job queue: 1\n\nLatency")
            .replace("total_time:2814", "total_time:2814 queued:0 dropped:0");
        let (mut diag, refused) = read(&text);
        assert_eq!(refused, []);
        assert_eq!(diag.figures.remove(&Figure::MainExitEnd), Some(61));
        assert_eq!(diag.figures.remove(&Figure::BackfillExitEnd), Some(1));
        assert_eq!(diag, read(OLD).0);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_there() {
        let text = "\
Server thread count:  many
Agent queue size:
Agents asleep:        4
DBD Agent queue size: 0
Data since      yesterday
and now for something else
Main schedule statistics (microseconds):
\tLast cycle:   -1
\tServer thread count:  4
Remote Procedure Call statistics by message type
\tREQUEST_NODE_INFO                       ( 2007) count:x      ave_time:201    total_time:2814
\tREQUEST_NODE_INFO                       ( 2007) count:3      ave_time:201
\tREQUEST_NODE_INFO                         2007  count:3      ave_time:201    total_time:2814
\t                                        ( 2007) count:3      ave_time:201    total_time:2814
";
        let (diag, refused) = read(text);
        let reasons: Vec<RowError> = refused.into_iter().map(|(_, error)| error).collect();
        assert_eq!(
            reasons,
            [
                RowError::Number,
                RowError::Number,
                RowError::Unknown,
                RowError::Time,
                RowError::Unknown,
                RowError::Number,
                RowError::Unknown,
                RowError::Number,
                RowError::Fields,
                RowError::Unknown,
                RowError::Name,
            ]
        );
        assert_eq!(diag, Diag { figures: [(Figure::DbdAgentQueue, 0)].into(), ..Diag::default() });
    }
}
