//! Context switches of a process. The kernel counts them for each thread, and gives no sum.

use std::collections::HashMap;

use super::files::Pair;
use crate::usage::growth;

/// A process's threads as the last scan read them, and what was counted of them: voluntary switches
/// and others.
#[derive(Debug, Default)]
pub(super) struct Switches {
    threads: HashMap<u32, Pair>,
    /// Also what its threads had done before they were met.
    total: [u64; 2],
}

impl Switches {
    /// Takes in what each thread says now, and gives what is to be counted. A thread that has begun
    /// since the last reading counts from its start, and so do the first ones of a new process. A
    /// count that is absent stands still.
    pub(super) fn grow(&mut self, mut now: HashMap<u32, Pair>, is_new: bool) -> [u64; 2] {
        let is_first = self.threads.is_empty();
        let mut counted = [0, 0];
        for (thread, after) in &mut now {
            let known = self.threads.get(thread);
            for kind in [0, 1] {
                let before = known.map_or(Some(0), |known| known[kind]);
                let more = growth(after[kind], before);
                self.total[kind] = self.total[kind].saturating_add(more);
                if known.is_some() || is_new || !is_first {
                    counted[kind] = u64::saturating_add(counted[kind], more);
                }
                after[kind] = after[kind].or(before.filter(|_| known.is_some()));
            }
        }
        self.threads = now;
        counted
    }

    pub(super) fn total(&self) -> [u64; 2] {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_come_and_go_are_counted_once() {
        for (is_new, at_first) in [(false, [0, 0]), (true, [12, 3])] {
            let mut switches = Switches::default();
            let mut grow = |threads: &[(u32, [u64; 2])]| {
                let threads = threads.iter().map(|(id, pair)| (*id, pair.map(Some)));
                switches.grow(threads.collect(), is_new)
            };
            assert_eq!(grow(&[(7, [10, 1]), (8, [2, 2])]), at_first);
            // One has ended, one has begun, one's id is another thread's now.
            assert_eq!(grow(&[(7, [15, 1]), (9, [4, 4])]), [9, 4]);
            assert_eq!(grow(&[(7, [15, 1]), (9, [1, 5])]), [0, 1]);
            assert_eq!(switches.total(), [21, 8]);
        }
    }

    #[test]
    fn a_count_that_makes_no_sense_stands_still_and_counts_on() {
        let mut switches = Switches::default();
        let mut grow = |pair: Pair| switches.grow(HashMap::from([(7, pair)]), true);
        assert_eq!(grow([Some(10), Some(1)]), [10, 1]);
        assert_eq!(grow([None, Some(3)]), [0, 2]);
        assert_eq!(grow([Some(15), None]), [5, 0]);
        assert_eq!(grow([Some(15), Some(4)]), [0, 1]);
    }
}
