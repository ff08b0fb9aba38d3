//! What slurmctld said of itself, without the zeros of what has not been.

use std::collections::BTreeMap;

use super::figures::Figure;
use crate::lost::Field;

/// The requests of one type, or of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcCount {
    /// The type's or the user's name.
    pub name: String,
    /// How many.
    pub count: Field<u64>,
    /// Time that slurmctld spent on them, in microseconds.
    pub total_usec: Field<u64>,
}

/// A moment of which slurmctld tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// It has not been yet; Slurm says 0 or `N/A`.
    Never,
    /// In seconds since the epoch.
    At(u64),
}

impl Stamp {
    /// The moment at this number of seconds since the epoch, of which 0 says that it has not been.
    pub fn of(seconds: u64) -> Self {
        if seconds == 0 { Self::Never } else { Self::At(seconds) }
    }

    /// In seconds since the epoch, if it has been.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::At(seconds) => Some(seconds),
        }
    }
}

/// All that one call of sdiag said. What it did not say, or not in words that are known, is not there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Diag {
    /// Since when slurmctld counts what it counts "since the last reset".
    pub since: Option<Stamp>,
    /// When it was asked.
    pub asked: Option<Stamp>,
    /// When slurmctld last counted its waiting and running jobs.
    pub jobs_counted: Option<Stamp>,
    /// Whether backfill was at work; nothing where sdiag says nothing of backfill.
    pub is_backfilling: Option<bool>,
    /// When backfill's last cycle was.
    pub backfill_last_cycle: Option<Stamp>,
    /// The single numbers.
    pub figures: BTreeMap<Figure, u64>,
    /// Requests by their type, since slurmctld's start or `sdiag --reset`.
    pub rpcs_by_type: Vec<RpcCount>,
    /// Requests by their user, since slurmctld's start or `sdiag --reset`.
    pub rpcs_by_user: Vec<RpcCount>,
}

/// A scheduler's figures that are 0 before its first cycle.
struct Scheduler {
    cycles: Figure,
    last_cycle: Figure,
    /// Of its last cycle.
    last: &'static [Figure],
    /// Of its cycles since [`Diag::since`].
    since_reset: &'static [Figure],
}

const MAIN: Scheduler = Scheduler {
    cycles: Figure::MainCycles,
    last_cycle: Figure::MainLastCycle,
    last: &[Figure::MainLastCycle, Figure::MainQueue],
    since_reset: &[Figure::MainMaxCycle, Figure::MainMeanCycle, Figure::MainMeanDepth],
};

const BACKFILL: Scheduler = Scheduler {
    cycles: Figure::BackfillCycles,
    last_cycle: Figure::BackfillLastCycle,
    last: &[
        Figure::BackfillLastCycle,
        Figure::BackfillLastDepth,
        Figure::BackfillLastTried,
        Figure::BackfillQueue,
        Figure::BackfillTable,
    ],
    since_reset: &[
        Figure::BackfillMaxCycle,
        Figure::BackfillMeanCycle,
        Figure::BackfillMeanDepth,
        Figure::BackfillMeanTried,
        Figure::BackfillMeanQueue,
        Figure::BackfillMeanTable,
    ],
};

impl Diag {
    /// Without the zeros of what has not been: jobs that were never counted, and the last, the longest and the
    /// mean of no cycles. slurmctld forgets its cycles at a reset, and not the last one (`reset_stats` in its
    /// `statistics.c`).
    pub(crate) fn without_what_never_was(mut self) -> Self {
        if self.jobs_counted == Some(Stamp::Never) {
            self.forget_zeros(&[Figure::JobsPending, Figure::JobsRunning]);
        }
        let has_backfilled = matches!(self.backfill_last_cycle, Some(Stamp::At(_)));
        for (scheduler, has_been) in [(MAIN, false), (BACKFILL, has_backfilled)] {
            let is_positive = |figure| self.figures.get(&figure).is_some_and(|value| *value > 0);
            let has_cycles = is_positive(scheduler.cycles);
            let has_been = has_been || has_cycles || is_positive(scheduler.last_cycle);
            if !has_cycles {
                self.forget_zeros(scheduler.since_reset);
            }
            if !has_been {
                self.forget_zeros(scheduler.last);
            }
        }
        self
    }

    fn forget_zeros(&mut self, figures: &[Figure]) {
        self.figures.retain(|figure, value| *value > 0 || !figures.contains(figure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of these figures, of which the second is 0.
    fn left(diag: Diag) -> Vec<Figure> {
        diag.without_what_never_was().figures.into_keys().collect()
    }

    #[test]
    fn before_the_first_cycle_there_is_no_last_longest_or_mean_one() {
        let zeros: BTreeMap<Figure, u64> = [MAIN, BACKFILL]
            .iter()
            .flat_map(|one| one.last.iter().chain(one.since_reset).chain([&one.cycles]))
            .map(|figure| (*figure, 0))
            .collect();
        let none = [Figure::MainCycles, Figure::BackfillCycles];
        assert_eq!(left(Diag { figures: zeros.clone(), ..Diag::default() }), none);

        // After a reset the last cycle is still the last one.
        let mut figures = zeros.clone();
        figures.insert(Figure::MainLastCycle, 40);
        let left_then = left(Diag { figures, ..Diag::default() });
        assert!(
            left_then.contains(&Figure::MainQueue) && !left_then.contains(&Figure::MainMaxCycle)
        );

        let backfill_last_cycle = Some(Stamp::At(7));
        let left_then =
            left(Diag { figures: zeros.clone(), backfill_last_cycle, ..Diag::default() });
        assert!(left_then.contains(&Figure::BackfillLastDepth));
        assert!(!left_then.contains(&Figure::BackfillMaxCycle));

        let mut figures = zeros;
        figures.insert(Figure::BackfillCycles, 1);
        let left_then = left(Diag { figures, ..Diag::default() });
        assert!(left_then.contains(&Figure::BackfillMaxCycle));
        assert!(left_then.contains(&Figure::BackfillTable));
    }

    #[test]
    fn jobs_that_were_never_counted_are_no_jobs_that_wait() {
        let figures: BTreeMap<Figure, u64> =
            [(Figure::JobsPending, 0), (Figure::JobsRunning, 0)].into();
        for (jobs_counted, left_then) in
            [(Some(Stamp::Never), 0), (Some(Stamp::At(7)), 2), (None, 2)]
        {
            let figures = figures.clone();
            assert_eq!(left(Diag { figures, jobs_counted, ..Diag::default() }).len(), left_then);
        }
    }
}
