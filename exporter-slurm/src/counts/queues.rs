//! Jobs by user, partition and reason at once.

use std::collections::{BTreeMap, HashMap};

use edctl_slurm::{JobRow, JobState};

use super::adding::{OTHER, grow};
use super::load::Load;
use super::sum::Sum;

/// Most users, partitions or reasons that are told apart; further ones are counted as `other`.
const MOST_NAMES: usize = 10_000;

/// Most combinations that are told apart; what comes after them is counted under the user `other`.
const MOST_QUEUES: usize = 100_000;

/// Jobs by where they are and why. A large site has tens of thousands of combinations: names are kept
/// once.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    users: Names,
    partitions: Names,
    reasons: Names,
    loads: HashMap<Group, QueueLoad>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    user: u32,
    partition: u32,
    /// Nothing where no reason was given, or where it is no reason to wait.
    reason: Option<u32>,
    state: JobState,
}

/// Where jobs are and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Queue<'a> {
    pub(crate) user: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) state: JobState,
    /// Why they wait; empty where they do not, or Slurm does not say.
    pub(crate) reason: &'a str,
}

/// Jobs, and the CPUs that they have or ask for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueLoad {
    pub(crate) jobs: Sum<u64>,
    pub(crate) cpus: Sum<u64>,
}

impl QueueLoad {
    /// Adds jobs, and their CPUs.
    pub(crate) fn add(&mut self, jobs: Sum<u64>, cpus: Sum<u64>) {
        self.jobs.add_sum(jobs);
        self.cpus.add_sum(cpus);
    }
}

impl Queues {
    /// Counts a row, in each of its partitions.
    pub(super) fn add(&mut self, row: &JobRow<'_>, load: &Load) {
        let Some(user) = row.user else { return };
        let user = self.users.number(user);
        let state = row.shown_state();
        let reason = row.reason.filter(|_| state == JobState::Pending);
        let reason = reason.map(|reason| self.reasons.number(reason));
        for partition in row.partitions() {
            let partition = self.partitions.number(partition);
            let mut place = Group { user, partition, reason, state };
            if self.loads.len() >= MOST_QUEUES && !self.loads.contains_key(&place) {
                place.user = self.users.number(OTHER);
            }
            self.loads.entry(place).or_default().add(load.jobs, load.cpus);
        }
    }

    /// Jobs by queue, of the `most` users with most jobs and of all others together as `other`.
    pub(crate) fn top(&self, most: usize) -> BTreeMap<Queue<'_>, QueueLoad> {
        let mut jobs = vec![0; self.users.list.len()];
        for (place, load) in &self.loads {
            grow(&mut jobs[place.user as usize], load.jobs.known().unwrap_or(0));
        }
        let mut users: Vec<usize> = (0..jobs.len()).collect();
        users.sort_by_key(|user| std::cmp::Reverse(jobs[*user]));
        let mut names = vec![OTHER; jobs.len()];
        for user in users.into_iter().take(most) {
            names[user] = &self.users.list[user];
        }
        let mut top = BTreeMap::<Queue<'_>, QueueLoad>::new();
        for (place, load) in &self.loads {
            let queue = Queue {
                user: names[place.user as usize],
                partition: self.partitions.name(place.partition),
                state: place.state,
                reason: place.reason.map_or("", |reason| self.reasons.name(reason)),
            };
            top.entry(queue).or_default().add(load.jobs, load.cpus);
        }
        top
    }

    /// Jobs that wait for the reason, by partition.
    pub(crate) fn waiting_for(&self, reason: &str) -> BTreeMap<&str, Sum<u64>> {
        let mut by_partition = BTreeMap::<&str, Sum<u64>>::new();
        let Some(reason) = self.reasons.numbers.get(reason) else { return by_partition };
        for (place, load) in self.loads.iter().filter(|(place, _)| place.reason == Some(*reason)) {
            let partition = self.partitions.name(place.partition);
            by_partition.entry(partition).or_default().add_sum(load.jobs);
        }
        by_partition
    }
}

/// Names by number.
#[derive(Debug, Default)]
struct Names {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if self.list.len() >= MOST_NAMES && name != OTHER {
            return self.number(OTHER);
        }
        let number = self.list.len() as u32;
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u32) -> &str {
        &self.list[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(rows: &[(&str, &str, &str)]) -> Queues {
        let mut queues = Queues::default();
        for (user, partitions, reason) in rows {
            let row =
                format!("1|ROW|PENDING|{partitions}|2||5|N/A|N/A|{user}|soc|normal|{reason}|");
            let row = JobRow::parse(&row).unwrap();
            queues.add(&row, &Load::of(&row));
        }
        queues
    }

    #[test]
    fn the_busiest_users_have_queues_of_their_own() {
        let queues = queues(&[
            ("ada", "a", "Priority"),
            ("ada", "a", "Priority"),
            ("ada", "a,b", "Resources"),
            ("bob", "a", "Priority"),
            ("eve", "a", "Priority"),
        ]);
        let top: Vec<_> = queues
            .top(1)
            .into_iter()
            .map(|(queue, load)| {
                (
                    queue.user,
                    queue.partition,
                    queue.reason,
                    load.jobs.known().unwrap(),
                    load.cpus.known().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            top,
            [
                ("ada", "a", "Priority", 2, 4),
                ("ada", "a", "Resources", 1, 2),
                ("ada", "b", "Resources", 1, 2),
                ("other", "a", "Priority", 2, 4),
            ]
        );
        assert_eq!(queues.waiting_for("Resources"), [("a", Sum::Of(1)), ("b", Sum::Of(1))].into());
        assert_eq!(queues.waiting_for("Licenses"), [].into());
    }

    #[test]
    fn names_without_end_become_other_and_no_job_is_lost() {
        let mut queues = Queues::default();
        let count = MOST_NAMES + 5;
        for n in 0..count {
            let partitions: Vec<String> = (0..11).map(|m| format!("p{m}")).collect();
            let partitions = partitions.join(",");
            let row = format!("1|ROW|PENDING|{partitions}|2||5|N/A|N/A|user{n}|soc|normal|r{n}|");
            let row = JobRow::parse(&row).unwrap();
            queues.add(&row, &Load::of(&row));
        }
        assert!(queues.users.list.len() <= MOST_NAMES + 1);
        assert!(queues.loads.len() < MOST_QUEUES + 11 * (MOST_NAMES + 2));
        let jobs: u64 = queues.top(50).values().map(|load| load.jobs.known().unwrap()).sum();
        assert_eq!(jobs, 11 * count as u64);
    }
}
