//! Jobs counted by a name that others choose.

use std::collections::BTreeMap;

use edctl_slurm::JobState;

use super::{OTHER, grow};

/// Most names that are told apart while rows come in; further ones are counted as `other`.
const MOST_NAMES: usize = 10_000;

/// Jobs by state.
pub(crate) type ByState = BTreeMap<JobState, u64>;

/// Jobs by name and state. However many names strangers think of, it stays small.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally(BTreeMap<String, ByState>);

impl Tally {
    /// Counts `jobs` under `name`.
    pub(super) fn add(&mut self, name: &str, state: JobState, jobs: u64) {
        let is_new = !self.0.contains_key(name);
        let name = if is_new && self.0.len() >= MOST_NAMES { OTHER } else { name };
        let by_state = match self.0.get_mut(name) {
            Some(by_state) => by_state,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        grow(by_state.entry(state).or_default(), jobs);
    }

    /// The names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// What stands under `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&ByState> {
        self.0.get(name)
    }

    /// The `most` names with most jobs, and all others together as `other`, in the order of the names.
    pub(crate) fn top(&self, most: usize) -> BTreeMap<&str, ByState> {
        let mut names: Vec<(&str, &ByState)> =
            self.0.iter().map(|(name, by_state)| (name.as_str(), by_state)).collect();
        names.sort_by_key(|(_, by_state)| std::cmp::Reverse(jobs_of(by_state)));
        let mut top = BTreeMap::<&str, ByState>::new();
        for (place, (name, by_state)) in names.into_iter().enumerate() {
            let sums = top.entry(if place < most { name } else { OTHER }).or_default();
            for (state, jobs) in by_state {
                grow(sums.entry(*state).or_default(), *jobs);
            }
        }
        top
    }
}

/// Jobs of all states.
fn jobs_of(by_state: &ByState) -> u64 {
    by_state.values().fold(0, |sum, jobs| sum.saturating_add(*jobs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_have_names_and_nothing_is_lost() {
        let mut tally = Tally::default();
        for (name, state, jobs) in [
            ("ada", JobState::Running, 1),
            ("bob", JobState::Pending, 9),
            ("eve", JobState::Running, 2),
            ("eve", JobState::Pending, 2),
            ("mallory", JobState::Running, 1),
        ] {
            tally.add(name, state, jobs);
        }
        let top = tally.top(2);
        assert_eq!(top.keys().collect::<Vec<_>>(), [&"bob", &"eve", &"other"]);
        assert_eq!(top["other"], [(JobState::Running, 2)].into());
        assert_eq!(tally.top(9).len(), 4);
    }

    #[test]
    fn names_without_end_become_other() {
        let mut tally = Tally::default();
        for n in 0..MOST_NAMES + 5 {
            tally.add(&n.to_string(), JobState::Running, 1);
        }
        tally.add("0", JobState::Running, 1);
        assert_eq!(tally.names().count(), MOST_NAMES + 1);
        assert_eq!(tally.get(OTHER), Some(&[(JobState::Running, 5)].into()));
        assert_eq!(tally.get("0"), Some(&[(JobState::Running, 2)].into()));
    }
}
