//! Rows of [`crate::commands::JOBS`]: one for each job, or for the waiting rest of an array.

use crate::comment::JobComment;
use crate::lost::{Field, LeftOut, RowError};
use crate::rows::{fields, keeps_frame, name, number, optional_word, time};
use crate::state::JobState;
use crate::tres::JobTres;

/// A job, or all tasks of an array that still wait.
#[derive(Debug, PartialEq, Eq)]
pub struct JobRow<'a> {
    /// Which job it is.
    pub key: Field<JobKey>,
    /// How many jobs the row stands for.
    pub jobs: Field<u64>,
    /// What it does.
    pub state: Field<JobState>,
    /// The CPUs that each has or asks for.
    pub cpus_each: Field<u64>,
    /// What else each has or asks for.
    pub tres: JobTres,
    /// When it was submitted, in seconds since the epoch; for a requeued job, when it was requeued.
    pub submitted: Field<Option<u32>>,
    /// When it started, or when Slurm expects to start it, in seconds since the epoch.
    pub started: Field<Option<u32>>,
    /// When it ended, or must end, in seconds since the epoch.
    pub ended: Field<Option<u32>>,
    /// Its user's name.
    pub user: Option<&'a str>,
    /// The account that pays; nothing where there are no accounts.
    pub account: Option<&'a str>,
    /// Its quality of service; `None` where the job has none.
    pub qos: Option<&'a str>,
    /// Why it waits or how it ended, by Slurm's word, without the details that may follow it.
    pub reason: Option<&'a str>,
    /// What edctl wrote into its comment.
    pub label: JobComment<'a>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
    pub(crate) partitions: &'a str,
}

impl<'a> JobRow<'a> {
    /// Reads one row, of which [`crate::query`] has seen the mark.
    ///
    /// # Errors
    /// Says why it is no row: it has too few fields, or too many that are odd.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [
            id,
            _mark,
            state,
            partitions,
            cpus,
            tres,
            submitted,
            started,
            ended,
            user,
            account,
            qos,
            reason,
            comment,
        ] = fields(row)?;
        let mut left_out = LeftOut::default();
        let (key, jobs) = parse_id(id);
        let tres = JobTres::parse(tres);
        let _counted = (left_out.note(key.and(jobs)), left_out.note(tres.check()));
        let _counted = left_out.note(check_partitions(partitions));
        let row = Self {
            key,
            jobs,
            state: left_out.note(JobState::parse(state).ok_or(RowError::State)),
            cpus_each: left_out.note(number(cpus)),
            tres,
            submitted: left_out.note(time(submitted)),
            started: left_out.note(time(started)),
            ended: left_out.note(time(ended)),
            user: optional_word(user),
            account: optional_word(account),
            qos: optional_word(qos),
            reason: optional_word(bare_reason(reason)).filter(|reason| *reason != "None"),
            label: JobComment::parse(comment),
            left_out,
            partitions,
        };
        keeps_frame(&left_out).map(|()| row)
    }

    /// The state under which the job is counted: one that cannot be read is `Other`, as one that is not known.
    pub fn shown_state(&self) -> JobState {
        self.state.unwrap_or(JobState::Other)
    }

    /// Where it runs, or the one or more partitions in which it waits; those whose names cannot be read are
    /// left out.
    pub fn partitions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.partitions.split(',').filter(|partition| name(partition).is_ok())
    }
}

/// Whether each of a job's partitions, with commas between, is a name.
///
/// # Errors
/// [`RowError::Name`] where a name cannot be read.
pub(crate) fn check_partitions(list: &str) -> Result<(), RowError> {
    list.split(',').try_for_each(|partition| name(partition).map(|_| ()))
}

/// A reason's own words: node names and the like may follow them.
fn bare_reason(reason: &str) -> &str {
    reason.split([',', ':', '(']).next().unwrap_or_default().trim()
}

/// A job's identity, small enough to remember half a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobKey {
    job: u32,
    part: u32,
}

impl JobKey {
    /// The part of a job that is no array.
    const WHOLE: u32 = u32::MAX;
    /// The tasks of an array that have no row of their own.
    const REST: u32 = u32::MAX - 1;
    /// Components of a heterogeneous job begin here. No array has so many tasks.
    const HET: u32 = 1 << 31;

    fn new(job: &str, part: u32) -> Field<Self> {
        Ok(Self { job: small(job)?, part })
    }

    /// Whether it stands for those tasks of an array that have no row of their own.
    pub fn is_rest(self) -> bool {
        self.part == Self::REST
    }

    /// Where it may have stood in an earlier row: a task among the rest of its array, before it had a row
    /// of its own; and that rest, once it is cancelled, under a plain id. Of such a rest slurmctld has
    /// forgotten which tasks it was, until it starts again (22.05).
    pub fn earlier(self) -> Option<JobKey> {
        let part = match self.part {
            Self::WHOLE => Self::REST,
            Self::REST => Self::WHOLE,
            task if task < Self::HET => Self::REST,
            _ => return None,
        };
        Some(JobKey { part, ..self })
    }
}

/// Reads a job's id, and how many jobs it stands for: 1 for `7`, `7_3` and `7+1`, else the length of
/// the list in `7_[0-99:2,200%4]`, in which `%4` is how many may run at once.
pub(crate) fn parse_id(id: &str) -> (Field<JobKey>, Field<u64>) {
    if let Some((job, component)) = id.split_once('+') {
        return (task(component).and_then(|part| JobKey::new(job, JobKey::HET | part)), Ok(1));
    }
    let Some((job, part)) = id.split_once('_') else {
        return (JobKey::new(id, JobKey::WHOLE), Ok(1));
    };
    match part.strip_prefix('[') {
        Some(list) => (JobKey::new(job, JobKey::REST), count_tasks(list)),
        None => (task(part).and_then(|part| JobKey::new(job, part)), Ok(1)),
    }
}

/// The length of the list in `0-99:2,200%4]`.
fn count_tasks(list: &str) -> Field<u64> {
    let list = list.strip_suffix(']').ok_or(RowError::Array)?;
    let list = match list.split_once('%') {
        Some((list, at_once)) => number(at_once).map(|_| list)?,
        None => list,
    };
    list.split(',').try_fold(0u64, |sum, part| {
        count_range(part).and_then(|n| sum.checked_add(n)).ok_or(RowError::Array)
    })
}

fn small(text: &str) -> Field<u32> {
    u32::try_from(number(text)?).map_err(|_| RowError::Number)
}

fn task(text: &str) -> Field<u32> {
    small(text).and_then(|n| if n < JobKey::HET >> 1 { Ok(n) } else { Err(RowError::Number) })
}

/// The length of `5`, `0-9` or `0-9:2`.
fn count_range(text: &str) -> Option<u64> {
    let Some((first, rest)) = text.split_once('-') else { return number(text).ok().map(|_| 1) };
    let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let (first, last, step) = (number(first).ok()?, number(last).ok()?, number(step).ok()?);
    last.checked_sub(first)?.checked_div(step)?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows_of_slurm_22_05() {
        let row = JobRow::parse(
            "2_[1-97:3%4]|ROW|PENDING|latency|2|cpu=2,mem=300M,node=1,billing=2|1795548870|N/A|NONE|bob-x|chips|normal|\
             JobArrayTaskLimit|say \"x\" | it, (null)",
        )
        .unwrap();
        assert_eq!(row.state, Ok(JobState::Pending));
        assert_eq!(row.partitions().collect::<Vec<_>>(), ["latency"]);
        assert_eq!((row.jobs, row.cpus_each), (Ok(33), Ok(2)));
        let (memory_bytes, nodes) = (Ok(Some(300 << 20)), Ok(Some(1)));
        assert_eq!(row.tres, JobTres { memory_bytes, nodes, gpus: Ok(None) });
        assert_eq!((row.submitted, row.started), (Ok(Some(1_795_548_870)), Ok(None)));
        assert_eq!((row.ended, row.left_out), (Ok(None), LeftOut::default()));
        assert_eq!(
            (row.user, row.account, row.qos),
            (Some("bob-x"), Some("chips"), Some("normal"))
        );
        assert_eq!(row.reason, Some("JobArrayTaskLimit"));
        assert_eq!(row.label, JobComment::default());

        let row = JobRow::parse(
            "1|ROW|RUNNING|latency,throughput|1||5|7|1795548871|root|(null)||None|edctl/1 run=R stage=sim",
        )
        .unwrap();
        assert_eq!(row.partitions().collect::<Vec<_>>(), ["latency", "throughput"]);
        assert_eq!(row.jobs, Ok(1));
        assert_eq!((row.started, row.ended), (Ok(Some(7)), Ok(Some(1_795_548_871))));
        assert_eq!((row.account, row.qos, row.reason), (None, None, None));
        assert_eq!(row.label.stage, Some("sim"));
    }

    #[test]
    fn a_reason_is_without_its_details() {
        for (text, reason) in [
            ("Resources", Some("Resources")),
            ("ReqNodeNotAvail, UnavailableNodes:w[1-2]", Some("ReqNodeNotAvail")),
            ("None", None),
            ("(null)", None),
            ("", None),
            ("Nodes required for job are DOWN, DRAINED", Some("Nodes required for job are DOWN")),
        ] {
            let row = format!("1|ROW|PENDING|p|1||5|N/A|N/A|u|a|q|{text}|");
            assert_eq!(JobRow::parse(&row).unwrap().reason, reason, "{text}");
        }
    }

    #[test]
    fn counts_arrays_without_expanding_them() {
        for (id, jobs) in [
            ("7", 1),
            ("7_3", 1),
            ("7+1", 1),
            ("7_[3]", 1),
            ("7_[0-9]", 10),
            ("7_[0-9:2]", 5),
            ("7_[0-8:2]", 5),
            ("7_[1,3,5-7]", 5),
            ("7_[1-4,10-40:10%2]", 8),
            ("7_[0-4000000000]", 4_000_000_001),
        ] {
            let (key, counted) = parse_id(id);
            assert_eq!((key.is_ok(), counted), (true, Ok(jobs)), "{id}");
        }
    }

    #[test]
    fn each_job_has_its_key_and_knows_where_it_may_have_been() {
        let key = |id| parse_id(id).0.unwrap();
        let ids = ["7", "8", "7_0", "7_1", "7+0", "7+1", "7_[2-9]"];
        for (i, one) in ids.iter().enumerate() {
            for (j, other) in ids.iter().enumerate() {
                assert_eq!(key(one) == key(other), i == j, "{one} {other}");
            }
        }
        assert!(key("7_[2-9]").is_rest());
        for (id, earlier) in [
            ("7_1", Some("7_[2-9]")),
            ("7", Some("7_[2-9]")),
            ("7_[2-9]", Some("7")),
            ("7+1", None),
        ] {
            assert_eq!(key(id).earlier(), earlier.map(key), "{id}");
        }
    }

    #[test]
    fn one_odd_field_costs_itself_alone() {
        let good_text = "7|ROW|RUNNING|p|1|node=1|5|6|NONE|u|a|q|None|";
        let good = JobRow::parse(good_text).unwrap();
        for (from, to, error) in [
            ("RUNNING", "", RowError::State),
            ("RUNNING", "RUN NING", RowError::State),
            ("|p|", "||", RowError::Name),
            ("|p|", "|p x|", RowError::Name),
            ("|1|node", "||node", RowError::Number),
            ("|1|node", "|-1|node", RowError::Number),
            ("node=1", "node=x", RowError::Number),
            ("|5|6|", "||6|", RowError::Time),
            ("|5|6|", "|yesterday|6|", RowError::Time),
            ("|5|6|", "|-62135596800|6|", RowError::Time),
            ("|5|6|", "|5|4294967296|", RowError::Time),
            ("7|", "|", RowError::Number),
            ("7|", "7_|", RowError::Number),
            ("7|", "7+x|", RowError::Number),
            ("7|", "7_2147483648|", RowError::Number),
            ("7|", "4294967296|", RowError::Number),
        ] {
            let text = good_text.replacen(from, to, 1);
            let row = JobRow::parse(&text).unwrap();
            assert_eq!(row.left_out.iter().collect::<Vec<_>>(), [(error, 1)], "{text}");
            let same = [
                row.key == good.key,
                row.state == good.state,
                row.cpus_each == good.cpus_each,
                row.tres == good.tres,
                row.submitted == good.submitted,
                row.started == good.started,
                row.ended == good.ended,
                row.partitions().eq(good.partitions()),
                (row.jobs, row.user, row.account, row.qos)
                    == (Ok(1), Some("u"), Some("a"), Some("q")),
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{text}: {same:?}");
        }
        let text = good_text.replacen("|p|", "|p,,q|", 1);
        let row = JobRow::parse(&text).unwrap();
        assert_eq!(
            (row.partitions().collect::<Vec<_>>(), row.left_out.total()),
            (vec!["p", "q"], 1)
        );
        for (from, to) in [("|5|6|NONE|", "|0|Unknown|N/A|"), ("|5|6|NONE|", "|None|(null)|0|")] {
            let text = good_text.replacen(from, to, 1);
            let row = JobRow::parse(&text).unwrap();
            assert_eq!((row.submitted, row.started, row.ended), (Ok(None), Ok(None), Ok(None)));
            assert_eq!(row.left_out.total(), 0);
        }
    }

    #[test]
    fn tasks_that_cannot_be_counted_are_some_and_of_a_known_array() {
        for (id, error) in [
            ("7_[]", RowError::Array),
            ("7_[1-9...]", RowError::Array),
            ("7_[1-9,", RowError::Array),
            ("7_[9-1]", RowError::Array),
            ("7_[1-9:0]", RowError::Array),
            ("7_[1-9%x]", RowError::Number),
            ("7_[0-18446744073709551615]", RowError::Array),
        ] {
            assert_eq!(parse_id(id), (parse_id("7_[1]").0, Err(error)), "{id}");
        }
    }

    #[test]
    fn a_row_that_lost_its_frame_is_given_up() {
        let good = "7|ROW|RUNNING|p|1|node=1|5|6|NONE|u|a|q|None|";
        for (from, to) in [(good, ""), ("|None|", ""), ("|p|", "|p|q|"), ("|ROW|", "|ROW|8|")] {
            let row = good.replacen(from, to, 1);
            assert_eq!(JobRow::parse(&row), Err(RowError::Fields), "{row}");
        }
    }
}
