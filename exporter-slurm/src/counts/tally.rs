//! Jobs counted by a name that others choose.

use std::collections::BTreeMap;

use edctl_slurm::JobState;

use super::adding::OTHER;
use super::load::{ByState, Load};

/// Most names that are told apart while rows come in; further ones are counted as `other`.
const MOST_NAMES: usize = 10_000;

/// Jobs by name and state. However many names strangers think of, it stays small.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally(BTreeMap<String, ByState>);

impl Tally {
    /// Counts jobs under `name`.
    pub(super) fn add(&mut self, name: &str, state: JobState, load: &Load) {
        let is_new = !self.0.contains_key(name);
        let name = if is_new && self.0.len() >= MOST_NAMES { OTHER } else { name };
        let by_state = match self.0.get_mut(name) {
            Some(by_state) => by_state,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        by_state.add(state, load);
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
        names.sort_by_key(|(_, by_state)| std::cmp::Reverse(by_state.sum(|_| true).jobs.known()));
        let mut top = BTreeMap::<&str, ByState>::new();
        for (place, (name, by_state)) in names.into_iter().enumerate() {
            let sums = top.entry(if place < most { name } else { OTHER }).or_default();
            for (state, load) in by_state.iter() {
                sums.add(state, load);
            }
        }
        top
    }
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
            tally.add(name, state, &Load::of_jobs(Ok(jobs)));
        }
        let top = tally.top(2);
        assert_eq!(top.keys().collect::<Vec<_>>(), [&"bob", &"eve", &"other"]);
        assert_eq!(top["other"].get(JobState::Running).jobs.known(), Some(2));
        assert_eq!(top["other"].get(JobState::Pending).jobs.known(), Some(0));
        assert_eq!(tally.top(9).len(), 4);
    }

    #[test]
    fn names_without_end_become_other() {
        let mut tally = Tally::default();
        let one = Load::of_jobs(Ok(1));
        for n in 0..MOST_NAMES + 5 {
            tally.add(&n.to_string(), JobState::Running, &one);
        }
        tally.add("0", JobState::Running, &one);
        assert_eq!(tally.names().count(), MOST_NAMES + 1);
        let running = |name| tally.get(name).unwrap().get(JobState::Running).jobs.known();
        assert_eq!((running(OTHER), running("0")), (Some(5), Some(2)));
    }
}
