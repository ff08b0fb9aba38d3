//! What the poller writes and the page reads: for each source its last good snapshot and its health.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use edctl_exposition::Histogram;
use edctl_slurm::Rejected;

use crate::backend::Teller;
use crate::counts::{Access, DiagCounts, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::{Answer, PollError, Source};

/// When something was asked, by both clocks: one for ages, one for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }
}

/// Everything that the page shows.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) access: Slot<Access>,
    pub(crate) diag: Slot<DiagCounts>,
    pub(crate) nodes: Slot<NodeCounts>,
    pub(crate) jobs: Slot<JobCounts>,
    pub(crate) licenses: Slot<Vec<License>>,
    pub(crate) reservations: Slot<Vec<Reservation>>,
    pub(crate) shares: Slot<Shares>,
}

impl Board {
    /// How a source fares.
    pub(crate) fn health(&self, source: Source) -> &Health {
        match source {
            Source::Access => &self.access.health,
            Source::Diag => &self.diag.health,
            Source::Nodes => &self.nodes.health,
            Source::Jobs => &self.jobs.health,
            Source::Licenses => &self.licenses.health,
            Source::Reservations => &self.reservations.health,
            Source::Shares => &self.shares.health,
        }
    }

    /// Leaves out what our user sees only in part, as the last good answer says, however old it is.
    pub(crate) fn hide_what_is_private(&mut self) {
        let Some(access) = &self.access.data else { return };
        self.nodes.hide(access.hides(Source::Nodes));
        self.jobs.hide(access.hides(Source::Jobs));
        self.reservations.hide(access.hides(Source::Reservations));
        self.shares.hide(access.hides(Source::Shares));
    }
}

/// One source's last good snapshot, and how it fared.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    data: Option<T>,
    pub(crate) health: Health,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { data: None, health: Health::default() }
    }
}

impl<T> Slot<T> {
    /// Notes the outcome of a poll that began at `asked`. A failure leaves the last good snapshot.
    pub(crate) fn note(
        &mut self,
        asked: Moment,
        took: Duration,
        outcome: Result<Answer<T>, PollError>,
    ) {
        self.health.polls.observe(took.as_secs_f64());
        self.health.last_duration = Some(took);
        match outcome {
            Ok(Answer { counts, rejected }) => {
                self.health.failing = None;
                self.health.failures_in_a_row = 0;
                self.health.count(&rejected);
                self.health.taken = Some(asked);
                self.data = Some(counts);
            }
            Err(error) => {
                if let PollError::BadRows(rejected) = &error {
                    self.health.count(rejected);
                }
                self.health.failing = Some(error.reason());
                self.health.failures_in_a_row = self.health.failures_in_a_row.saturating_add(1);
                *self.health.failures.entry(error.reason()).or_default() += 1;
            }
        }
    }

    /// Notes because of which kind of private data it is hidden, if it is. Where that changes, the last
    /// snapshot is of what our user saw before, so that there is none until the next poll.
    fn hide(&mut self, kind: Option<&'static str>) {
        if self.health.hidden != kind {
            self.health.hidden = kind;
            self.health.taken = None;
            self.data = None;
        }
    }

    /// The last good snapshot, however old it is.
    pub(crate) fn last(&self) -> Option<&T> {
        self.data.as_ref()
    }

    /// The snapshot, unless it is older than `max_age` or hidden.
    pub(crate) fn fresh(&self, now: Instant, max_age: Duration) -> Option<&T> {
        self.data.as_ref().filter(|_| self.health.is_fresh(now, max_age))
    }
}

/// How a source's polls fared since the start.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Who was asked last.
    pub(crate) teller: Option<Teller>,
    /// How long the polls took.
    pub(crate) polls: Histogram,
    pub(crate) failures: BTreeMap<&'static str, u64>,
    pub(crate) failures_in_a_row: u32,
    /// Why the last poll failed, if it did.
    pub(crate) failing: Option<&'static str>,
    pub(crate) rejected_rows: BTreeMap<&'static str, u64>,
    /// Values that were left out of rows, by reason.
    pub(crate) left_out: BTreeMap<&'static str, u64>,
    /// What was lost for a reason for the first time, until it is logged.
    news: Vec<Loss>,
    pub(crate) last_duration: Option<Duration>,
    /// When the last good snapshot was asked for, however old it is.
    pub(crate) taken: Option<Moment>,
    /// The kind of private data because of which the source tells our user only part; then none of it
    /// is shown.
    pub(crate) hidden: Option<&'static str>,
}

/// What was lost for a reason, the first time.
#[derive(Debug)]
pub(crate) struct Loss {
    pub(crate) what: &'static str,
    pub(crate) reason: &'static str,
    /// The beginning of the row in which it stood.
    pub(crate) row: String,
}

impl Health {
    fn count(&mut self, rejected: &Rejected) {
        for (error, rows) in rejected.iter() {
            let sum = self.rejected_rows.entry(error.reason()).or_default();
            if *sum == 0 {
                let row = rejected.first_row(error).unwrap_or_default().to_owned();
                self.news.push(Loss { what: "a row cannot be read", reason: error.reason(), row });
            }
            *sum += rows;
        }
        for (error, values) in rejected.values() {
            let sum = self.left_out.entry(error.reason()).or_default();
            if *sum == 0 {
                let row = rejected.first_value(error).unwrap_or_default().to_owned();
                let what = "a value of a row cannot be read and is left out";
                self.news.push(Loss { what, reason: error.reason(), row });
            }
            *sum += values;
        }
    }

    /// What was lost for a reason for the first time since the last call.
    pub(crate) fn take_news(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.news)
    }

    /// Whether there is a snapshot that is not older than `max_age`, and whole.
    pub(crate) fn is_fresh(&self, now: Instant, max_age: Duration) -> bool {
        let is_young = |taken: Moment| now.saturating_duration_since(taken.instant) <= max_age;
        self.hidden.is_none() && self.taken.is_some_and(is_young)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(counts: u32) -> Result<Answer<u32>, PollError> {
        Ok(Answer { counts, rejected: edctl_slurm::Rejected::default() })
    }

    fn empty<T: Default>() -> Result<Answer<T>, PollError> {
        Ok(Answer { counts: T::default(), rejected: edctl_slurm::Rejected::default() })
    }

    #[test]
    fn a_failure_keeps_the_data_until_it_is_too_old() {
        let mut slot = Slot::default();
        let begin = Moment::now();
        let max_age = Duration::from_secs(300);
        assert_eq!(slot.fresh(begin.instant, max_age), None);

        slot.note(begin, Duration::from_secs(1), answer(7));
        slot.note(begin, Duration::from_secs(2), Err(PollError::NoRows));
        assert_eq!(slot.fresh(begin.instant + max_age, max_age), Some(&7));
        assert_eq!(slot.fresh(begin.instant + max_age + Duration::from_secs(1), max_age), None);
        assert_eq!(slot.health.failing, Some("no_rows"));
        assert_eq!(slot.health.polls.sum(), 3.0);
    }

    #[test]
    fn what_is_seen_only_in_part_is_not_shown() {
        let mut board = Board::default();
        let begin = Moment::now();
        let day = Duration::from_secs(86400);
        board.jobs.note(begin, Duration::ZERO, empty());
        board.nodes.note(begin, Duration::ZERO, empty());
        // While nothing is known, nothing is hidden.
        board.hide_what_is_private();
        assert!(board.jobs.fresh(begin.instant, day).is_some());
        for is_privileged in [false, true] {
            let counts = Access { private: ["jobs".to_owned()].into(), is_privileged };
            let answer = Answer { counts, rejected: edctl_slurm::Rejected::default() };
            board.access.note(begin, Duration::ZERO, Ok(answer));
            board.hide_what_is_private();
            // The snapshot is of what we saw before.
            assert!(board.jobs.fresh(begin.instant, day).is_none());
            assert!(board.nodes.fresh(begin.instant, day).is_some());
            board.jobs.note(begin, Duration::ZERO, empty());
            assert_eq!(board.jobs.fresh(begin.instant, day).is_some(), is_privileged);
        }
    }

    #[test]
    fn an_answer_ends_the_failures_but_not_their_count() {
        let mut slot = Slot::default();
        for _ in 0..2 {
            slot.note(Moment::now(), Duration::ZERO, Err(PollError::Truncated));
        }
        assert_eq!(slot.health.failures_in_a_row, 2);
        slot.note(Moment::now(), Duration::ZERO, answer(1));
        assert_eq!(slot.health.failures_in_a_row, 0);
        assert_eq!(slot.health.failing, None);
        assert_eq!(slot.health.failures["truncated"], 2);
        assert_eq!(slot.health.polls.count(), 3);
    }
}
