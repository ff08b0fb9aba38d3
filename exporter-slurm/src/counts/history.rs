//! What became of jobs from one snapshot to the next: counters and distributions.

use std::collections::{BTreeMap, BTreeSet};

use edctl_exposition::Histogram;
use edctl_slurm::{JobKey, JobRow, JobState};

use super::adding::{OTHER, grow};

/// Upper bounds of waits and runs, in seconds: from a second to a week.
const BOUNDS_SECS: &[f64] =
    &[1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0];

fn empty() -> Histogram {
    Histogram::new(BOUNDS_SECS)
}

/// What has become of jobs since the first snapshot. That one counts for nothing: when what it shows
/// has happened, before the exporter's start or after, is not known.
#[derive(Debug, Default, Clone)]
pub(crate) struct JobTotals {
    /// Changes of state that two snapshots show. Nothing stands for a job that was not there before,
    /// or that went without an end.
    pub(crate) transitions: BTreeMap<(Option<JobState>, Option<JobState>), u64>,
    /// Jobs that ended, by their last state and their profile.
    pub(crate) outcomes: BTreeMap<(JobState, String), u64>,
    /// From submission to start, of jobs that started; by partition and profile.
    pub(crate) waits: BTreeMap<(String, String), Histogram>,
    /// From start to end, of jobs that ran and ended; by partition and profile.
    pub(crate) runs: BTreeMap<(String, String), Histogram>,
    /// The profiles that have a name of their own.
    profiles: BTreeSet<String>,
}

impl JobTotals {
    /// The name under which a job's profile is counted: empty where it has none, `other` where there
    /// are `most` others already, since users write them.
    fn profile(&mut self, row: &JobRow<'_>, most: usize) -> String {
        let Some(profile) = row.label.profile else { return String::new() };
        if !self.profiles.contains(profile) {
            if self.profiles.len() >= most {
                return OTHER.to_owned();
            }
            self.profiles.insert(profile.to_owned());
        }
        profile.to_owned()
    }
}

/// What is remembered of a job from one snapshot to the next.
#[derive(Debug, Clone, Copy)]
struct Record {
    key: JobKey,
    /// When it started, in seconds since the epoch; 0 if it has not.
    started: u32,
    state: JobState,
}

/// The last snapshot's jobs, and all that became of jobs so far.
#[derive(Debug, Default)]
pub(crate) struct JobHistory {
    /// In the order of their keys; nothing before the first snapshot.
    records: Option<Vec<Record>>,
    pub(crate) totals: JobTotals,
}

impl JobHistory {
    /// Forgets the last snapshot: it was of other jobs than the next may be of, which did not come or go.
    /// The next one counts for nothing, as the first did.
    pub(crate) fn forget_snapshot(&mut self) {
        self.records = None;
    }

    /// Begins to compare one more snapshot, row by row; `profiles` is how many are told apart. What it
    /// finds counts only when the next history is taken from it.
    pub(crate) fn compare(&self, profiles: usize) -> Comparison<'_> {
        let before = self.records.as_deref();
        let totals = self.totals.clone();
        let records = Vec::with_capacity(before.map_or(0, |before| before.len() / 8 * 9));
        Comparison { before, records, totals, profiles, lacks_a_job: false }
    }
}

/// A snapshot that is being compared with the one before it.
pub(crate) struct Comparison<'a> {
    before: Option<&'a [Record]>,
    records: Vec<Record>,
    totals: JobTotals,
    profiles: usize,
    /// Whether a row could not be read so far that it is one of the records.
    lacks_a_job: bool,
}

impl Comparison<'_> {
    /// Takes in one row. Nothing comes of one of which it cannot be told which job it is, or what it does.
    pub(crate) fn add(&mut self, row: &JobRow<'_>) {
        let (Ok(key), Ok(state)) = (row.key, row.state) else {
            self.lacks_a_job = true;
            return;
        };
        let known = self
            .before
            .and_then(|before| find(before, key).or_else(|| find(before, key.earlier()?)));
        let begun = match row.started {
            Ok(_) => begun(row, state),
            // It is known from before, or not at all.
            Err(_) => known.map(|record| record.started).filter(|started| *started > 0),
        };
        if self.before.is_some() {
            self.compare(row, state, begun, known);
        }
        self.records.push(Record { key, started: begun.unwrap_or(0), state });
    }

    /// The history with this snapshot in it, once it is whole.
    pub(crate) fn finish(mut self) -> JobHistory {
        self.records.sort_unstable_by_key(|record| record.key);
        let gone: Vec<Record> = self
            .before
            .into_iter()
            .flatten()
            .filter(|record| find(&self.records, record.key).is_none())
            .copied()
            .collect();
        if self.lacks_a_job {
            // One of them may be the job that could not be read.
            self.records.extend(gone);
            self.records.sort_unstable_by_key(|record| record.key);
        } else {
            // An array's rest goes when its last tasks have rows of their own.
            let is_over = |record: &Record| record.state.is_finished() || record.key.is_rest();
            for gone in gone.into_iter().filter(|record| !is_over(record)) {
                grow(self.totals.transitions.entry((Some(gone.state), None)).or_default(), 1);
            }
        }
        JobHistory { records: Some(self.records), totals: self.totals }
    }

    fn compare(
        &mut self,
        row: &JobRow<'_>,
        state: JobState,
        begun: Option<u32>,
        known: Option<Record>,
    ) {
        let was = known.map(|record| record.state);
        let jobs = row.jobs.unwrap_or(0);
        if was != Some(state) && jobs > 0 {
            grow(self.totals.transitions.entry((was, Some(state))).or_default(), jobs);
        }
        let is_new_start = begun.is_some() && begun != known.map(|record| record.started);
        let is_new_end = state.is_finished() && !was.is_some_and(JobState::is_finished);
        if !is_new_start && !is_new_end {
            return;
        }
        let profile = self.totals.profile(row, self.profiles);
        // A job that has started is in one partition.
        let place = row.partitions().next().map(|name| (name.to_owned(), profile.clone()));
        if is_new_start
            && let Some(secs) = between(row.submitted.ok().flatten(), begun)
            && let Some(place) = place.clone()
        {
            self.totals.waits.entry(place).or_insert_with(empty).observe(f64::from(secs));
        }
        if is_new_end {
            if jobs > 0 {
                grow(self.totals.outcomes.entry((state, profile)).or_default(), jobs);
            }
            if let Some(secs) = between(begun, row.ended.ok().flatten())
                && let Some(place) = place
            {
                self.totals.runs.entry(place).or_insert_with(empty).observe(f64::from(secs));
            }
        }
    }
}

fn find(records: &[Record], key: JobKey) -> Option<Record> {
    let place = records.binary_search_by_key(&key, |record| record.key).ok()?;
    Some(records[place])
}

/// When the job started. One that waits shows when it may start; one that was cancelled while it waited
/// shows the moment of that as its start and its end.
fn begun(row: &JobRow<'_>, state: JobState) -> Option<u32> {
    use JobState as State;
    let (started, ended) = (row.started.ok().flatten(), row.ended.ok().flatten());
    match state {
        State::Pending
        | State::Requeued
        | State::RequeueFed
        | State::RequeueHold
        | State::ResvDelHold
        | State::Revoked
        | State::SpecialExit
        | State::Other => None,
        State::Cancelled | State::Deadline if ended <= started => None,
        _ => started,
    }
}

fn between(from: Option<u32>, to: Option<u32>) -> Option<u32> {
    to?.checked_sub(from?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row by its id, state, submission, start and end.
    fn row(id: &str, state: &str, submitted: u32, started: &str, ended: &str) -> String {
        let comment = "edctl/1 stage=sim profile=latency";
        let times = format!("{submitted}|{started}|{ended}");
        format!("{id}|ROW|{state}|fast|1|node=1|{times}|ada|soc|normal|None|{comment}")
    }

    fn after(history: &JobHistory, rows: &[String]) -> JobHistory {
        let mut comparison = history.compare(2);
        for row in rows {
            comparison.add(&JobRow::parse(row).unwrap());
        }
        comparison.finish()
    }

    /// The history of several snapshots.
    fn history(snapshots: &[&[String]]) -> JobTotals {
        let begin = JobHistory::default();
        snapshots.iter().fold(begin, |history, rows| after(&history, rows)).totals
    }

    /// Changes as `from>to count`.
    fn transitions(totals: &JobTotals) -> Vec<String> {
        let word = |state: Option<JobState>| state.map_or("-", JobState::word);
        let changes = totals.transitions.iter();
        changes.map(|((from, to), n)| format!("{}>{} {n}", word(*from), word(*to))).collect()
    }

    fn outcomes(totals: &JobTotals) -> Vec<(&str, u64)> {
        totals.outcomes.iter().map(|((state, _), n)| (state.word(), *n)).collect()
    }

    /// How many there are, and their sum.
    fn observed(histograms: &BTreeMap<(String, String), Histogram>) -> (u64, u64) {
        let all = histograms.values();
        all.fold((0, 0), |sum, h| (sum.0 + h.count(), sum.1 + h.sum() as u64))
    }

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record>() <= 16);
    }

    #[test]
    fn the_first_snapshot_counts_for_nothing() {
        let totals = history(&[&[
            row("1", "RUNNING", 100, "150", "NONE"),
            row("2", "COMPLETED", 100, "150", "170"),
        ]]);
        assert_eq!(transitions(&totals), [""; 0]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((0, 0), (0, 0)));
    }

    #[test]
    fn a_job_waits_runs_and_ends_once() {
        let pending = [row("1", "PENDING", 100, "999", "N/A")];
        let running = [row("1", "RUNNING", 100, "150", "NONE")];
        let ended = [row("1", "FAILED", 100, "150", "170")];
        let totals = history(&[&[], &pending, &pending, &running, &running, &ended, &ended, &[]]);
        assert_eq!(transitions(&totals), ["->pending 1", "pending>running 1", "running>failed 1"]);
        assert_eq!(outcomes(&totals), [("failed", 1)]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((1, 50), (1, 20)));
        assert_eq!(totals.waits.keys().next(), Some(&("fast".to_owned(), "latency".to_owned())));
    }

    #[test]
    fn one_that_came_and_went_between_two_snapshots_counts_as_well() {
        let totals = history(&[&[], &[row("1", "COMPLETED", 100, "103", "103")]]);
        assert_eq!(transitions(&totals), ["->completed 1"]);
        assert_eq!(outcomes(&totals), [("completed", 1)]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((1, 3), (1, 0)));
    }

    #[test]
    fn one_that_was_cancelled_before_its_start_has_neither_waited_nor_run() {
        let totals = history(&[
            &[row("1", "PENDING", 100, "N/A", "N/A"), row("2", "RUNNING", 100, "110", "NONE")],
            &[row("1", "CANCELLED", 100, "160", "160"), row("2", "CANCELLED", 100, "110", "160")],
        ]);
        assert_eq!(outcomes(&totals), [("cancelled", 2)]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((0, 0), (1, 50)));
    }

    #[test]
    fn the_tasks_of_an_array_come_out_of_its_rest() {
        let rest = |ids: &str| row(&format!("7_[{ids}]"), "PENDING", 100, "N/A", "N/A");
        let totals = history(&[
            &[],
            &[rest("0-9")],
            &[
                rest("2-9"),
                row("7_0", "RUNNING", 100, "120", "NONE"),
                row("7_1", "COMPLETED", 100, "120", "130"),
            ],
            &[
                row("7_[2-9]", "CANCELLED", 100, "140", "140"),
                row("7_0", "RUNNING", 100, "120", "NONE"),
            ],
            &[],
        ]);
        assert_eq!(
            transitions(&totals),
            [
                "->pending 10",
                "pending>cancelled 8",
                "pending>completed 1",
                "pending>running 1",
                "running>- 1"
            ]
        );
        assert_eq!(outcomes(&totals), [("cancelled", 8), ("completed", 1)]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((2, 40), (1, 10)));
    }

    #[test]
    fn an_array_s_rest_is_known_when_it_is_cancelled_under_a_plain_id() {
        let cancelled = |id: &str| [row(id, "CANCELLED", 100, "140", "140")];
        let totals = history(&[
            &[row("7_[2-9]", "PENDING", 100, "N/A", "N/A")],
            &cancelled("7"),
            &cancelled("7"),
            // As slurmctld says after a restart.
            &cancelled("7_[2-9]"),
        ]);
        assert_eq!(transitions(&totals), ["pending>cancelled 1"]);
        assert_eq!(outcomes(&totals), [("cancelled", 1)]);
    }

    #[test]
    fn a_requeued_job_waits_and_starts_again() {
        let totals = history(&[
            &[row("1", "RUNNING", 100, "110", "NONE")],
            &[row("1", "PENDING", 200, "N/A", "N/A")],
            &[row("1", "RUNNING", 200, "230", "NONE")],
            // And once more between two snapshots.
            &[row("1", "RUNNING", 300, "301", "NONE")],
        ]);
        assert_eq!(transitions(&totals), ["pending>running 1", "running>pending 1"]);
        assert_eq!(observed(&totals.waits), (2, 31));
    }

    #[test]
    fn jobs_that_come_into_sight_are_not_new() {
        let running = |id: &str| row(id, "RUNNING", 100, "110", "NONE");
        let mut history = after(&JobHistory::default(), &[]);
        history = after(&history, &[running("1")]);
        history.forget_snapshot();
        history = after(&history, &[running("2"), running("3")]);
        assert_eq!(transitions(&history.totals), ["->running 1"]);
        history = after(&history, &[running("2"), running("3"), running("4")]);
        assert_eq!(transitions(&history.totals), ["->running 2"]);
    }

    #[test]
    fn times_that_cannot_be_are_not_observed() {
        let totals = history(&[
            &[],
            &[row("1", "COMPLETED", 200, "150", "140"), row("2", "FAILED", 200, "Unknown", "300")],
        ]);
        assert_eq!(outcomes(&totals), [("completed", 1), ("failed", 1)]);
        assert_eq!((observed(&totals.waits), observed(&totals.runs)), ((0, 0), (0, 0)));
    }

    #[test]
    fn one_odd_value_makes_no_job_come_go_or_start_again() {
        let running = row("1", "RUNNING", 100, "150", "NONE");
        for (from, to) in [
            ("1|ROW", "x|ROW"),
            ("RUNNING", "RUN NING"),
            ("|150|", "|soon|"),
            ("|100|", "|-100|"),
            ("|NONE|", "|-1|"),
        ] {
            let odd = [running.replacen(from, to, 1)];
            let good = [running.clone()];
            let totals = history(&[&[], &good, &odd, &good]);
            assert_eq!(transitions(&totals), ["->running 1"], "{to}");
            assert_eq!(
                (observed(&totals.waits), observed(&totals.runs)),
                ((1, 50), (0, 0)),
                "{to}"
            );
        }
    }

    #[test]
    fn profiles_beyond_the_first_are_other() {
        let rows = ["a", "b", "c", "d"]
            .map(|profile| row("1", "RUNNING", 1, "2", "NONE").replace("latency", profile));
        let mut history = after(&JobHistory::default(), &[]);
        for (id, row) in rows.iter().enumerate() {
            history = after(&history, &[row.replacen('1', &id.to_string(), 1)]);
        }
        let profiles: Vec<_> = history.totals.waits.keys().map(|(_, p)| p.as_str()).collect();
        assert_eq!(profiles, ["a", "b", "other"]);
        assert_eq!(observed(&history.totals.waits), (4, 4));
    }
}
