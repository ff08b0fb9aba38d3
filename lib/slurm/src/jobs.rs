//! Rows of [`crate::commands::JOBS`]: one for each job, or for the waiting rest of an array.

use crate::rows::{RowError, fields, name, number};
use crate::state::JobState;

/// A job, or all tasks of an array that still wait.
#[derive(Debug, PartialEq, Eq)]
pub struct JobRow<'a> {
    /// What it does.
    pub state: JobState,
    /// Where it runs, or the one or more partitions in which it waits.
    pub partitions: Vec<&'a str>,
    /// How many jobs the row stands for.
    pub jobs: u64,
    /// The CPUs that each has or asks for.
    pub cpus_each: u64,
}

impl<'a> JobRow<'a> {
    /// Reads one row.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [state, partitions, cpus, id] = fields(row)?;
        Ok(Self {
            state: JobState::parse(state).ok_or(RowError::State)?,
            partitions: partitions.split(',').map(name).collect::<Result<_, _>>()?,
            jobs: count_tasks(id)?,
            cpus_each: number(cpus)?,
        })
    }
}

/// How many jobs an id stands for: 1 for `7` and `7_3`, else the length of the list in
/// `7_[0-99:2,200%4]`, in which `%4` is how many may run at once.
fn count_tasks(id: &str) -> Result<u64, RowError> {
    let Some((job, task)) = id.split_once('_') else { return number(id).map(|_| 1) };
    number(job)?;
    let Some(list) = task.strip_prefix('[').and_then(|list| list.strip_suffix(']')) else {
        return number(task).map(|_| 1);
    };
    let list = match list.split_once('%') {
        Some((list, at_once)) => number(at_once).map(|_| list)?,
        None => list,
    };
    list.split(',').try_fold(0u64, |sum, part| {
        count_range(part).and_then(|n| sum.checked_add(n)).ok_or(RowError::Array)
    })
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
        let row = JobRow::parse("PENDING|latency|2|2_[1-97:3%4]").unwrap();
        assert_eq!(row.state, JobState::Pending);
        assert_eq!(row.partitions, ["latency"]);
        assert_eq!((row.jobs, row.cpus_each), (33, 2));

        let row = JobRow::parse("PENDING|latency,throughput|1|1").unwrap();
        assert_eq!(row.partitions, ["latency", "throughput"]);
        assert_eq!(row.jobs, 1);
    }

    #[test]
    fn counts_arrays_without_expanding_them() {
        for (id, jobs) in [
            ("7", 1),
            ("7_3", 1),
            ("7_[3]", 1),
            ("7_[0-9]", 10),
            ("7_[0-9:2]", 5),
            ("7_[0-8:2]", 5),
            ("7_[1,3,5-7]", 5),
            ("7_[1-4,10-40:10%2]", 8),
            ("7_[0-4000000000]", 4_000_000_001),
        ] {
            assert_eq!(count_tasks(id), Ok(jobs), "{id}");
        }
    }

    #[test]
    fn never_guesses() {
        for (row, error) in [
            ("", RowError::Fields),
            ("RUNNING|p|1", RowError::Fields),
            ("|p|1|7", RowError::State),
            ("RUN NING|p|1|7", RowError::State),
            ("RUNNING||1|7", RowError::Name),
            ("RUNNING|p,|1|7", RowError::Name),
            ("RUNNING|p||7", RowError::Number),
            ("RUNNING|p|1|", RowError::Number),
            ("RUNNING|p|1|7|8", RowError::Number),
            ("RUNNING|p|1|7_", RowError::Number),
            ("RUNNING|p|1|7_[]", RowError::Array),
            ("RUNNING|p|1|7_[1-9...]", RowError::Array),
            ("RUNNING|p|1|7_[9-1]", RowError::Array),
            ("RUNNING|p|1|7_[1-9:0]", RowError::Array),
            ("RUNNING|p|1|7_[1-9%x]", RowError::Number),
            ("RUNNING|p|1|7_[0-18446744073709551615]", RowError::Array),
        ] {
            assert_eq!(JobRow::parse(row), Err(error), "{row}");
        }
    }
}
