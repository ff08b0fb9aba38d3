//! Context switches of a process. The kernel counts them for each thread, and gives no sum.

use std::collections::HashMap;

/// Voluntary ones and others.
pub(super) type Pair = (u64, u64);

/// A process's threads as the last scan read them, and what was counted of them.
#[derive(Debug, Default)]
pub(super) struct Switches {
    threads: HashMap<u32, Pair>,
    /// Also what its threads had done before they were met.
    total: Pair,
}

impl Switches {
    /// Takes in what each thread says now, and gives what is to be counted. A thread that has begun
    /// since the last reading counts from its start, and so do the first ones of a new process.
    pub(super) fn grow(&mut self, now: HashMap<u32, Pair>, is_new: bool) -> Pair {
        let is_first = self.threads.is_empty();
        let mut growth = (0, 0);
        for (thread, after) in &now {
            let known = self.threads.get(thread).copied();
            let before = known.unwrap_or((0, 0));
            let more = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
            self.total = plus(self.total, more);
            if known.is_some() || is_new || !is_first {
                growth = plus(growth, more);
            }
        }
        self.threads = now;
        growth
    }

    pub(super) fn total(&self) -> Pair {
        self.total
    }
}

fn plus(one: Pair, other: Pair) -> Pair {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_come_and_go_are_counted_once() {
        for (is_new, at_first) in [(false, (0, 0)), (true, (12, 3))] {
            let mut switches = Switches::default();
            let mut grow =
                |threads: &[(u32, Pair)]| switches.grow(threads.iter().copied().collect(), is_new);
            assert_eq!(grow(&[(7, (10, 1)), (8, (2, 2))]), at_first);
            // One has ended, one has begun, one's id is another thread's now.
            assert_eq!(grow(&[(7, (15, 1)), (9, (4, 4))]), (9, 4));
            assert_eq!(grow(&[(7, (15, 1)), (9, (1, 5))]), (0, 1));
            assert_eq!(switches.total(), (21, 8));
        }
    }
}
