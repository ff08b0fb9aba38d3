//! What [`crate::commands::DIAG`] prints: slurmctld's figures of itself.

use super::figures::Figure;
use super::said::{Diag, RpcCount, Stamp};
use super::section::{HEADINGS, Section};
use crate::lost::{Field, LeftOut, RowError};
use crate::rows::number;

/// A number that sdiag shows and nobody here needs.
const UNUSED: (Section, &str) = (Section::Head, "RPC queue enabled");

/// Reads sdiag's lines one by one: what a line means depends on the heading that stands before it.
#[derive(Debug, Default)]
pub struct DiagReader {
    section: Section,
    diag: Diag,
}

/// What the heading of backfill's figures has in brackets while it works.
const BACKFILLING: &str = "in the middle of backfilling";

/// The line that stands alone after the last section of figures, with its unit behind the number.
const LATENCY: &str = "Latency for ";
const LATENCY_UNIT: &str = " microseconds";

impl DiagReader {
    /// Takes in one line, and says what of it could not be taken.
    ///
    /// # Errors
    /// `Unknown` for a line that no known Slurm prints there.
    pub fn line(&mut self, line: &str) -> Result<LeftOut, RowError> {
        let mut left_out = LeftOut::default();
        if line.trim().bytes().all(|b| b == b'*') {
            return Ok(left_out);
        }
        if !line.starts_with([' ', '\t']) && self.heading(line) {
            return Ok(left_out);
        }
        let line = line.trim();
        match self.section {
            Section::Types => self.diag.rpcs_by_type.push(rpc_count(line, &mut left_out)?),
            Section::Users => self.diag.rpcs_by_user.push(rpc_count(line, &mut left_out)?),
            Section::Pending => {}
            Section::Head
            | Section::Main
            | Section::MainExits
            | Section::Backfill
            | Section::BackfillExits => self.figure(line, &mut left_out)?,
            Section::Other => return Err(RowError::Unknown),
        }
        Ok(left_out)
    }

    /// Takes in a line that is not indented; false where it is one of figures.
    fn heading(&mut self, line: &str) -> bool {
        if let Some((_, section)) = HEADINGS.iter().find(|(begin, _)| line.starts_with(begin)) {
            self.section = *section;
            if self.section == Section::Backfill {
                self.diag.is_backfilling = Some(line.contains(BACKFILLING));
            }
            return true;
        }
        if line.starts_with(LATENCY) {
            self.section = Section::Head;
        } else if self.section != Section::Head {
            self.section = Section::Other;
        }
        false
    }

    /// Ends the reading; nothing where it was no output of sdiag's.
    pub fn finish(self) -> Option<Diag> {
        Some(self.diag.without_what_never_was()).filter(|diag| !diag.figures.is_empty())
    }

    fn figure(&mut self, line: &str, left_out: &mut LeftOut) -> Result<(), RowError> {
        if let Some(when) = line.strip_prefix("sdiag output at ") {
            self.diag.asked = left_out.note(stamp(when)).ok();
            return Ok(());
        }
        if let Some(when) = line.strip_prefix("Data since ") {
            self.diag.since = left_out.note(stamp(when)).ok();
            return Ok(());
        }
        let (label, value) = line.split_once(':').ok_or(RowError::Unknown)?;
        let value = value.trim();
        match (self.section, label) {
            (Section::Head, "Job states ts" | "Jobs running ts") => {
                // One that cannot be read tells as little of the jobs as none.
                self.diag.jobs_counted = Some(left_out.note(stamp(value)).unwrap_or(Stamp::Never));
            }
            (Section::Backfill, "Last cycle when") => {
                self.diag.backfill_last_cycle = left_out.note(stamp(value)).ok();
            }
            UNUSED => {}
            (section, label) => {
                let figure = Figure::find(section, label).ok_or(RowError::Unknown)?;
                let value = value.strip_suffix(LATENCY_UNIT).unwrap_or(value);
                if let Ok(value) = left_out.note(number(value)) {
                    self.diag.figures.insert(figure, value);
                }
            }
        }
        Ok(())
    }
}

/// The moment in `Tue Nov 24 19:35:17 2026 (1795548917)`.
fn stamp(text: &str) -> Field<Stamp> {
    if text == "N/A" {
        return Ok(Stamp::Never);
    }
    let seconds = text.trim().strip_suffix(')').and_then(|text| text.rsplit_once('('));
    let (_, seconds) = seconds.ok_or(RowError::Time)?;
    number(seconds).map(Stamp::of).map_err(|_| RowError::Time)
}

/// `NAME ( 2009) count:3      ave_time:208    total_time:624`, where the name may hold anything, and
/// newer releases put more behind.
fn rpc_count(line: &str, left_out: &mut LeftOut) -> Result<RpcCount, RowError> {
    let (name_and_number, figures) = line.rsplit_once(") count:").ok_or(RowError::Unknown)?;
    let (name, id) = name_and_number.rsplit_once('(').ok_or(RowError::Unknown)?;
    number(id.trim())?;
    let name = name.trim();
    if name.is_empty() {
        return Err(RowError::Name);
    }
    let mut words = figures.split_ascii_whitespace();
    let count = number(words.next().unwrap_or_default());
    let total = words.find_map(|word| word.strip_prefix("total_time:")).ok_or(RowError::Fields);
    Ok(RpcCount {
        name: name.to_owned(),
        count: left_out.note(count),
        total_usec: left_out.note(total.and_then(number)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Diag, Vec<(String, RowError)>) {
        let mut reader = DiagReader::default();
        let mut odd = Vec::new();
        for line in text.lines() {
            match reader.line(line) {
                Ok(left_out) => {
                    odd.extend(left_out.iter().map(|(error, _)| (line.to_owned(), error)));
                }
                Err(error) => odd.push((line.to_owned(), error)),
            }
        }
        (reader.finish().unwrap(), odd)
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
        let at = |seconds| Some(Stamp::At(seconds));
        assert_eq!(diag.since, at(1_614_556_800));
        assert_eq!((diag.asked, diag.jobs_counted), (at(1_614_592_807), at(1_614_592_790)));
        let never = Some(Stamp::Never);
        assert_eq!((diag.is_backfilling, diag.backfill_last_cycle), (Some(true), never));
        assert_eq!(diag.figures[&Figure::ClockLatency], 31);
        assert_eq!(diag.figures[&Figure::DbdAgentQueue], 9);
        assert_eq!(diag.figures[&Figure::JobsFailed], 1);
        assert_eq!(diag.figures[&Figure::MainMaxCycle], 900);
        assert_eq!(diag.figures[&Figure::BackfilledJobs], 12);
        assert_eq!(diag.figures.get(&Figure::BackfillMeanCycle), None);
        let user = |name: &str, count, total_usec| RpcCount {
            name: name.into(),
            count: Ok(count),
            total_usec: Ok(total_usec),
        };
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
        let rpc = |count, total_usec| RpcCount {
            name: "REQUEST_NODE_INFO".to_owned(),
            count,
            total_usec,
        };
        let rpcs_by_type =
            vec![rpc(Err(RowError::Number), Ok(2814)), rpc(Ok(3), Err(RowError::Fields))];
        let figures = [(Figure::DbdAgentQueue, 0)].into();
        assert_eq!(diag, Diag { figures, rpcs_by_type, ..Diag::default() });
        assert_eq!(DiagReader::default().finish(), None);
    }

    #[test]
    fn what_stands_under_an_unknown_heading_is_no_other_scheduler_s() {
        let (diag, odd) = read(&OLD.replace("Backfilling stats", "Sidefilling stats"));
        assert_eq!(diag.figures[&Figure::MainLastCycle], 44);
        assert_eq!((diag.figures.get(&Figure::BackfillCycles), diag.is_backfilling), (None, None));
        assert!(odd.iter().all(|(_, error)| *error == RowError::Unknown));
        assert_eq!((odd.len(), diag.rpcs_by_type.len()), (12, 1));
    }
}
