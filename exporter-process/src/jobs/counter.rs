//! Counters that never go back, whatever happens to the groups that they are read from.

use edctl_jobcgroup::Cpu;

/// Less than any of the kernel's units, more than what floating point makes of the same number.
const NOTHING: f64 = 1e-6;

/// A number that only grows in a group, carried on when the group is made anew.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counter {
    before: f64,
    last: f64,
}

impl Counter {
    pub(crate) fn value(self) -> f64 {
        self.before + self.last
    }

    /// Takes what was read; nothing where nothing could be.
    pub(crate) fn take(counter: &mut Option<Self>, read: Option<f64>) {
        if let Some(read) = read {
            let counter = counter.get_or_insert_default();
            if read + NOTHING < counter.last {
                counter.before += counter.last;
            }
            counter.last = read;
        }
    }
}

/// CPU time by how it was used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CpuTime {
    pub(crate) user_secs: f64,
    pub(crate) system_secs: f64,
}

impl CpuTime {
    /// Both together.
    pub(crate) fn total_secs(self) -> f64 {
        self.user_secs + self.system_secs
    }
}

/// CPU time: user and system only grow, and their sum is what was read.
///
/// v1 says exactly how much CPU time a group used, and by ticks how it was shared out; that share may
/// move between two readings. Where a reading does not say it, the last one's share stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CpuCounter {
    /// What the group's predecessors had.
    before: CpuTime,
    last_secs: f64,
    /// The share of system time at the last reading that said it.
    system_share: Option<f64>,
    value: CpuTime,
    /// Seconds since the last pass over all groups.
    pub(crate) moved_secs: f64,
    /// Whether this pass could read it, and whether the last one could.
    pub(crate) is_read: bool,
    pub(crate) was_read: bool,
}

impl CpuCounter {
    /// User and system time; `None` as long as only their sum is known.
    pub(crate) fn value(&self) -> Option<CpuTime> {
        self.system_share.map(|_| self.value)
    }

    /// User and system time together.
    pub(crate) fn total_secs(&self) -> f64 {
        self.value.total_secs()
    }

    /// Takes what was read.
    pub(crate) fn take(&mut self, read: Cpu) {
        let Cpu { total_secs, system_secs } = read;
        if total_secs + NOTHING < self.last_secs {
            self.before = self.value;
            self.last_secs = 0.0;
        }
        let mut delta = (total_secs - self.last_secs).max(0.0);
        self.moved_secs += delta;
        self.last_secs = total_secs;
        if let Some(system_secs) = system_secs {
            let share = if total_secs > 0.0 { system_secs / total_secs } else { 0.0 };
            if self.system_share.replace(share).is_none() {
                // Nobody was told yet how it is shared out.
                delta += self.value.total_secs();
                self.value = CpuTime::default();
            }
        }
        let share = self.system_share.unwrap_or(0.0);
        let system_goal = self.before.system_secs + system_secs.unwrap_or(total_secs * share);
        let system = (system_goal - self.value.system_secs).clamp(0.0, delta);
        self.value.system_secs += system;
        self.value.user_secs += delta - system;
    }

    /// Adds what the group used after it was read for the last time.
    fn add(&mut self, secs: f64) {
        self.take(Cpu { total_secs: self.last_secs + secs, system_secs: None });
    }

    /// Ends a pass.
    pub(crate) fn end_pass(&mut self) {
        self.moved_secs = 0.0;
        self.was_read = std::mem::replace(&mut self.is_read, false);
    }
}

/// Gives to the one group that ended since the last pass what the group above it used and the
/// groups in it do not tell of: its CPU time after its last reading. Where several have ended,
/// nobody can say whose it was, and it counts above only.
pub(crate) fn settle<'a>(
    above_secs: f64,
    most_secs: f64,
    groups: impl Iterator<Item = &'a mut CpuCounter>,
) {
    let mut told_secs = 0.0;
    let mut ended = Vec::new();
    for group in groups {
        told_secs += group.moved_secs;
        if group.was_read && !group.is_read {
            ended.push(group);
        }
    }
    if let [ended] = &mut ended[..] {
        let rest = (above_secs - told_secs).min(most_secs);
        if rest > 0.0 {
            ended.add(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(user_secs: f64, system_secs: f64) -> Cpu {
        Cpu::of(user_secs, system_secs)
    }

    fn time(user_secs: f64, system_secs: f64) -> Option<CpuTime> {
        Some(CpuTime { user_secs, system_secs })
    }

    #[test]
    fn a_group_that_is_made_anew_counts_on() {
        let mut counter = None;
        let mut values = Vec::new();
        for read in [None, Some(5.0), None, Some(7.0), Some(1.0), Some(1.0), Some(4.0)] {
            Counter::take(&mut counter, read);
            values.push(counter.map(Counter::value));
        }
        let expected = [None, Some(5.0), Some(5.0), Some(7.0), Some(8.0), Some(8.0), Some(11.0)];
        assert_eq!(values, expected);
    }

    #[test]
    fn cpu_time_only_grows_and_is_shared_out_whole() {
        let mut counter = CpuCounter::default();
        for (read, expected) in [
            (cpu(3.0, 1.0), time(3.0, 1.0)),
            // The share moved back: system stays, user takes all.
            (cpu(4.5, 0.5), time(4.0, 1.0)),
            (cpu(4.0, 2.0), time(4.0, 2.0)),
            // The group is made anew.
            (cpu(1.0, 1.0), time(5.0, 3.0)),
            (cpu(1.0, 1.0), time(5.0, 3.0)),
        ] {
            counter.take(read);
            assert_eq!(counter.value(), expected, "{read:?}");
        }
        assert_eq!(counter.moved_secs, 8.0);
    }

    /// Two groups that were read at (3 + 1) s, of which the first `ended` are gone now.
    fn after(ended: usize, above_secs: f64, most_secs: f64) -> [f64; 2] {
        let mut groups = [CpuCounter::default(); 2];
        for group in &mut groups {
            group.take(cpu(3.0, 1.0));
            group.is_read = true;
            group.end_pass();
        }
        for group in &mut groups[ended..] {
            group.take(cpu(4.0, 1.0));
            group.is_read = true;
        }
        settle(above_secs, most_secs, groups.iter_mut());
        groups.map(|group| group.total_secs())
    }

    #[test]
    fn the_rest_is_that_of_the_one_that_ended() {
        assert_eq!(after(1, 3.0, 9.0), [6.0, 5.0]);
        assert_eq!(after(1, 3.0, 0.5), [4.5, 5.0], "more than its CPUs can do");
        assert_eq!(after(1, 0.5, 9.0), [4.0, 5.0], "read a moment earlier than the groups");
        assert_eq!(after(2, 3.0, 9.0), [4.0, 4.0], "nobody can say whose it was");
        assert_eq!(after(0, 3.0, 9.0), [5.0, 5.0]);
    }

    #[test]
    fn a_group_that_comes_back_counts_nothing_twice() {
        let mut counter = CpuCounter::default();
        counter.take(cpu(3.0, 1.0));
        counter.is_read = true;
        counter.end_pass();
        settle(2.0, 9.0, std::iter::once(&mut counter));
        assert_eq!(counter.value(), time(4.5, 1.5));
        counter.take(cpu(4.0, 3.0));
        assert_eq!(counter.total_secs(), 7.0);
    }

    #[test]
    fn a_reading_without_shares_counts_by_the_last_ones() {
        let whole = |total_secs| Cpu { total_secs, system_secs: None };
        let mut counter = CpuCounter::default();
        counter.take(whole(4.0));
        assert_eq!((counter.value(), counter.total_secs()), (None, 4.0));
        counter.take(cpu(6.0, 2.0));
        assert_eq!(counter.value(), time(6.0, 2.0));
        counter.take(whole(12.0));
        assert_eq!(counter.value(), time(9.0, 3.0));
        assert_eq!(counter.moved_secs, 12.0);
    }
}
