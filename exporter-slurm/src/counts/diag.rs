//! What sdiag says, and its counts as counters that go on where slurmctld's begin again.

use std::collections::BTreeMap;

use edctl_slurm::{Diag, Figure, RpcCount, Stamp};

use super::adding::{OTHER, grow};
use super::carried::Carried;
use super::sum::Sum;

/// Counted since slurmctld's last reset: at midnight, at its start, by `sdiag --reset`.
const SINCE_RESET: [Figure; 8] = [
    Figure::JobsSubmitted,
    Figure::JobsStarted,
    Figure::JobsCompleted,
    Figure::JobsCanceled,
    Figure::JobsFailed,
    Figure::MainCycles,
    Figure::BackfillCycles,
    Figure::BackfilledHetComponents,
];

/// Counted since slurmctld's start, or since `sdiag --reset`: midnight does not touch it (nothing else is
/// spared by `reset_stats` in slurmctld's `statistics.c`).
const SINCE_START: [Figure; 1] = [Figure::BackfilledJobs];

/// How many requests, and the time that slurmctld spent on them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RpcTotal {
    pub(crate) count: Sum<u64>,
    pub(crate) usec: Sum<u64>,
}

impl RpcTotal {
    /// Mean time of a request, in whole microseconds as sdiag has it.
    pub(crate) fn mean_usec(&self) -> Option<u64> {
        self.usec.said()?.checked_div(self.count.said()?)
    }
}

/// What one call of sdiag said.
#[derive(Debug, Default)]
pub(crate) struct DiagCounts {
    /// What holds now, or since the last reset.
    pub(crate) now: Diag,
    /// Those of the figures that are counts, as they would be if they never began again.
    pub(crate) totals: BTreeMap<Figure, u64>,
    pub(crate) rpcs_by_type: BTreeMap<String, RpcTotal>,
    pub(crate) rpcs_by_user: BTreeMap<String, RpcTotal>,
}

impl DiagCounts {
    /// Requests by type as sdiag has them, since slurmctld's start or `sdiag --reset`.
    pub(crate) fn types_now(&self) -> BTreeMap<&str, RpcTotal> {
        top(&self.now.rpcs_by_type, usize::MAX)
    }

    /// The same by user: the `most` users who send most, and all others together as `other`.
    pub(crate) fn users_now(&self, most: usize) -> BTreeMap<&str, RpcTotal> {
        top(&self.now.rpcs_by_user, most)
    }
}

fn top(rpcs: &[RpcCount], most: usize) -> BTreeMap<&str, RpcTotal> {
    let mut busiest: Vec<&RpcCount> = rpcs.iter().collect();
    busiest.sort_by_key(|rpc| std::cmp::Reverse(rpc.count.ok()));
    let mut top = BTreeMap::<&str, RpcTotal>::new();
    for (place, rpc) in busiest.into_iter().enumerate() {
        let total = top.entry(if place < most { &rpc.name } else { OTHER }).or_default();
        total.count.add(rpc.count);
        total.usec.add(rpc.total_usec);
    }
    top
}

/// The counts of all calls of sdiag so far.
#[derive(Debug, Default)]
pub(crate) struct DiagCounters {
    since: Option<Stamp>,
    since_reset: Carried<Figure>,
    since_start: Carried<Figure>,
    totals: BTreeMap<Figure, u64>,
    types: Rpcs,
    users: Rpcs,
}

impl DiagCounters {
    /// Takes in one more answer. `names` is how many users are told apart.
    pub(crate) fn add(&mut self, diag: Diag, names: usize) -> DiagCounts {
        // A stamp that could not be read tells nothing.
        let is_reset = diag.since.is_some() && self.since.is_some() && diag.since != self.since;
        self.since = diag.since.or(self.since);
        let since_reset = self.since_reset.growth(&chosen(&diag, &SINCE_RESET), is_reset);
        let since_start = self.since_start.growth(&chosen(&diag, &SINCE_START), false);
        for (figure, growth) in since_reset.into_iter().chain(since_start) {
            grow(self.totals.entry(figure).or_default(), growth);
        }
        self.types.add(&diag.rpcs_by_type, usize::MAX);
        self.users.add(&diag.rpcs_by_user, names);
        DiagCounts {
            now: diag,
            totals: self.totals.clone(),
            rpcs_by_type: self.types.totals.clone(),
            rpcs_by_user: self.users.totals.clone(),
        }
    }
}

fn chosen(diag: &Diag, figures: &[Figure]) -> BTreeMap<Figure, u64> {
    figures.iter().filter_map(|figure| Some((*figure, *diag.figures.get(figure)?))).collect()
}

/// Requests by a name. Midnight does not touch them, so that only a count which falls tells that they
/// began again.
#[derive(Debug, Default)]
struct Rpcs {
    carried: Carried<(String, Part)>,
    totals: BTreeMap<String, RpcTotal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Count,
    Usec,
}

impl Rpcs {
    /// Adds what came since the last call. The busiest get a name while there is room for `names`; who
    /// has one keeps it, and what others send is counted as `other`'s.
    fn add(&mut self, rpcs: &[RpcCount], names: usize) {
        let mut busiest: Vec<&RpcCount> = rpcs.iter().collect();
        busiest.sort_by_key(|rpc| std::cmp::Reverse(rpc.count.ok()));
        for rpc in busiest {
            let named = self.totals.len() - usize::from(self.totals.contains_key(OTHER));
            if named < names {
                self.totals.entry(rpc.name.clone()).or_default();
            }
        }
        let mut now = BTreeMap::new();
        for rpc in rpcs {
            for (part, value) in [(Part::Count, rpc.count), (Part::Usec, rpc.total_usec)] {
                // One that could not be read says nothing.
                if let Ok(value) = value {
                    grow(now.entry((rpc.name.clone(), part)).or_default(), value);
                }
            }
        }
        for ((name, part), growth) in self.carried.growth(&now, false) {
            let known = self.totals.contains_key(&name);
            let name = if known { name } else { OTHER.to_owned() };
            let total = self.totals.entry(name).or_default();
            match part {
                Part::Count => total.count.add(Ok(growth)),
                Part::Usec => total.usec.add(Ok(growth)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diag(since: u64, submitted: u64, backfilled: u64, rpcs: &[(&str, u64)]) -> Diag {
        let rpc = |(name, count): &(&str, u64)| RpcCount {
            name: (*name).to_owned(),
            count: Ok(*count),
            total_usec: Ok(count * 100),
        };
        Diag {
            since: Some(Stamp::of(since)),
            figures: [(Figure::JobsSubmitted, submitted), (Figure::BackfilledJobs, backfilled)]
                .into(),
            rpcs_by_type: rpcs.iter().map(rpc).collect(),
            rpcs_by_user: rpcs.iter().map(rpc).collect(),
            ..Diag::default()
        }
    }

    #[test]
    fn counters_survive_midnight_a_reset_and_a_restart() {
        let mut counters = DiagCounters::default();
        for (answer, submitted, backfilled, rpcs) in [
            (diag(100, 10, 4, &[("x", 50)]), 10, 4, 50),
            (diag(100, 12, 5, &[("x", 60)]), 12, 5, 60),
            // Midnight: more jobs than before came since, and the requests go on.
            (diag(200, 13, 6, &[("x", 70)]), 25, 6, 70),
            // A reset or a restart.
            (diag(300, 1, 1, &[("x", 2)]), 26, 7, 72),
            // A restart within the second of the last one.
            (diag(300, 0, 0, &[("x", 1)]), 26, 7, 73),
        ] {
            let counts = counters.add(answer, 9);
            assert_eq!(counts.totals[&Figure::JobsSubmitted], submitted);
            assert_eq!(counts.totals[&Figure::BackfilledJobs], backfilled);
            let total = RpcTotal { count: Sum::Of(rpcs), usec: Sum::Of(rpcs * 100) };
            assert_eq!(counts.rpcs_by_type["x"], total);
        }
    }

    #[test]
    fn midnight_ends_the_count_of_het_components_but_not_that_of_jobs() {
        let mut counters = DiagCounters::default();
        for (since, components, all_components) in [(100, 5, 5), (200, 0, 5), (200, 2, 7)] {
            let mut answer = diag(since, 0, 40, &[]);
            answer.figures.insert(Figure::BackfilledHetComponents, components);
            let totals = counters.add(answer, 9).totals;
            assert_eq!(totals[&Figure::BackfilledHetComponents], all_components);
            assert_eq!(totals[&Figure::BackfilledJobs], 40);
        }
    }

    #[test]
    fn counters_stay_at_the_largest_number() {
        let mut counters = DiagCounters::default();
        let most = u64::MAX;
        let rpc = || RpcCount { name: "x".to_owned(), count: Ok(most), total_usec: Ok(most) };
        for since in [1, 2] {
            let answer = Diag { rpcs_by_type: vec![rpc(), rpc()], ..diag(since, most, most, &[]) };
            let counts = counters.add(answer, 9);
            assert_eq!(counts.totals[&Figure::JobsSubmitted], most);
            assert_eq!(
                counts.rpcs_by_type["x"],
                RpcTotal { count: Sum::Of(most), usec: Sum::Of(most) }
            );
        }
    }

    #[test]
    fn what_was_not_read_is_not_counted_twice() {
        let mut counters = DiagCounters::default();
        counters.add(diag(100, 10, 4, &[("x", 50), ("y", 3)]), 9);
        let blind = Diag { rpcs_by_type: Vec::new(), since: None, ..diag(0, 11, 4, &[]) };
        assert_eq!(counters.add(blind, 9).totals[&Figure::JobsSubmitted], 11);
        let counts = counters.add(diag(100, 11, 4, &[("x", 51), ("y", 3)]), 9);
        assert_eq!(counts.totals[&Figure::JobsSubmitted], 11);
        assert_eq!(
            (counts.rpcs_by_type["x"].count, counts.rpcs_by_type["y"].count),
            (Sum::Of(51), Sum::Of(3))
        );
    }

    #[test]
    fn a_time_that_cannot_be_read_leaves_the_count() {
        let mut counters = DiagCounters::default();
        let odd = |answer: Diag| {
            let mut rpcs = answer.rpcs_by_type.clone();
            rpcs[0].total_usec = Err(edctl_slurm::RowError::Number);
            Diag { rpcs_by_type: rpcs, ..answer }
        };
        let x = |counts: &DiagCounts| (counts.rpcs_by_type["x"], counts.types_now()["x"]);
        let first = counters.add(odd(diag(100, 1, 1, &[("x", 5)])), 9);
        let count_alone = RpcTotal { count: Sum::Of(5), usec: Sum::Nothing };
        assert_eq!(x(&first), (count_alone, RpcTotal { usec: Sum::Unknown, ..count_alone }));
        let second = counters.add(diag(100, 1, 1, &[("x", 6)]), 9);
        assert_eq!(x(&second).0, RpcTotal { count: Sum::Of(6), usec: Sum::Of(600) });
        let third = counters.add(odd(diag(100, 1, 1, &[("x", 7)])), 9);
        assert_eq!(x(&third).0, RpcTotal { count: Sum::Of(7), usec: Sum::Of(600) });
    }

    #[test]
    fn counts_begin_again_where_slurmctld_first_says_since_when() {
        let mut counters = DiagCounters::default();
        for (since, submitted, total) in [(0, 35, 35), (0, 36, 36), (700, 37, 73)] {
            let counts = counters.add(diag(since, submitted, 0, &[]), 9);
            assert_eq!(counts.totals[&Figure::JobsSubmitted], total);
        }
    }

    #[test]
    fn the_busiest_users_keep_their_names_and_no_counter_falls() {
        let mut counters = DiagCounters::default();
        let mut users = |rpcs: &[(&str, u64)]| -> Vec<(String, u64)> {
            let counts = counters.add(diag(1, 0, 0, rpcs), 2);
            counts
                .rpcs_by_user
                .into_iter()
                .map(|(name, total)| (name, total.count.said().unwrap()))
                .collect()
        };
        let named = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
            pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        assert_eq!(
            users(&[("ada", 1), ("bob", 9), ("eve", 5)]),
            named(&[("bob", 9), ("eve", 5), ("other", 1)])
        );
        assert_eq!(
            users(&[("ada", 99), ("bob", 9), ("eve", 6)]),
            named(&[("bob", 9), ("eve", 6), ("other", 99)])
        );
        // One who is called so is one of them.
        assert_eq!(
            users(&[("other", 1), ("bob", 10), ("eve", 6)]),
            named(&[("bob", 10), ("eve", 6), ("other", 100)])
        );
    }
}
