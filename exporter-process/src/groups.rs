//! From processes to groups: processes of one name are summed, and a group's counters go on when its
//! processes end.

use std::collections::HashMap;
use std::time::Instant;

use crate::config::Limits;
use crate::stat::{Stat, State};

/// The group of all names that found no place.
pub(crate) const OTHER: &str = "other";

/// What a process has used since it began; a group's is the sum of its processes' growth.
///
/// Counted is what the kernel charges to the process itself and all its threads, while it is there
/// to be seen: from the first scan that meets it (or from its own start, if that came after the
/// exporter's) to the last. The time of children that it waited for (`cutime`, `cstime`) is not in
/// it, nor is what a process used between the last scan that met it and its end, nor a process that
/// began and ended between two scans.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) user_ticks: u64,
    pub(crate) system_ticks: u64,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
}

impl Usage {
    fn of(stat: &Stat<'_>) -> Self {
        Self {
            user_ticks: stat.user_ticks,
            system_ticks: stat.system_ticks,
            minor_faults: stat.minor_faults,
            major_faults: stat.major_faults,
        }
    }

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            user_ticks: f(self.user_ticks, other.user_ticks),
            system_ticks: f(self.system_ticks, other.system_ticks),
            minor_faults: f(self.minor_faults, other.minor_faults),
            major_faults: f(self.major_faults, other.major_faults),
        }
    }
}

/// What a group's processes are now.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) processes: u64,
    pub(crate) threads: u64,
    pub(crate) resident_pages: u64,
    pub(crate) virtual_bytes: u64,
    pub(crate) oldest_start_ticks: Option<u64>,
    /// By [`State`].
    pub(crate) states: [u64; State::ALL.len()],
}

impl Live {
    fn add(&mut self, stat: &Stat<'_>) {
        self.processes += 1;
        self.threads += stat.threads;
        self.resident_pages += stat.resident_pages;
        self.virtual_bytes += stat.virtual_bytes;
        let oldest = self.oldest_start_ticks.unwrap_or(u64::MAX);
        self.oldest_start_ticks = Some(oldest.min(stat.start_ticks));
        self.states[stat.state as usize] += 1;
    }
}

/// Processes of one name.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) used: Usage,
    pub(crate) live: Live,
    last_alive: Instant,
}

/// A process as the last scan saw it.
struct Known {
    start_ticks: u64,
    used: Usage,
    scan: u64,
}

/// All groups, and the processes that they were summed from.
pub(crate) struct Groups {
    limits: Limits,
    /// A process that started later is counted from its start, any other from its first sight.
    since_ticks: u64,
    scan: u64,
    groups: HashMap<String, Group>,
    known: HashMap<u32, Known>,
}

impl Groups {
    /// No groups yet; `since_ticks` is when the counting began, in ticks since boot.
    pub(crate) fn new(limits: Limits, since_ticks: u64) -> Self {
        Self { limits, since_ticks, scan: 0, groups: HashMap::new(), known: HashMap::new() }
    }

    /// Other limits from now on; no group leaves before its time.
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Begins a scan: what was alive must be seen again.
    pub(crate) fn begin(&mut self) {
        self.scan += 1;
        for group in self.groups.values_mut() {
            group.live = Live::default();
        }
    }

    /// Takes in one process.
    pub(crate) fn see(&mut self, stat: &Stat<'_>, now: Instant) {
        let growth = self.growth(stat);
        let group = self.group(stat.comm, now);
        group.last_alive = now;
        group.live.add(stat);
        group.used = group.used.zip(growth, u64::saturating_add);
    }

    /// Takes note that a process is there though it could not be read: it must not count from its
    /// start again when it can.
    pub(crate) fn keep(&mut self, pid: u32) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.scan = self.scan;
        }
    }

    /// Ends a scan: forgets processes that were not seen, and groups that have long had none.
    pub(crate) fn end(&mut self, now: Instant) {
        let scan = self.scan;
        self.known.retain(|_, known| known.scan == scan);
        let forget_after = self.limits.forget_after();
        self.groups.retain(|_, group| {
            group.live.processes > 0
                || now.saturating_duration_since(group.last_alive) <= forget_after
        });
    }

    /// The groups in the order of their names.
    pub(crate) fn sorted(&self) -> Vec<(&str, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(name, g)| (name.as_str(), g)).collect();
        groups.sort_unstable_by_key(|(name, _)| *name);
        groups
    }

    /// What a process has used since the last scan.
    fn growth(&mut self, stat: &Stat<'_>) -> Usage {
        let mut used = Usage::of(stat);
        let before = match self.known.get(&stat.pid) {
            Some(known) if known.start_ticks == stat.start_ticks => known.used,
            _ if stat.start_ticks > self.since_ticks => Usage::default(),
            _ => used,
        };
        // The kernel splits a process's time into user and system afresh on each read; what seems
        // to shrink is kept, so that it is not counted again when it grows back.
        used = used.zip(before, u64::max);
        let known = Known { start_ticks: stat.start_ticks, used, scan: self.scan };
        self.known.insert(stat.pid, known);
        used.zip(before, u64::saturating_sub)
    }

    fn group(&mut self, comm: &[u8], now: Instant) -> &mut Group {
        let mut name = printable(comm);
        // `other` has a place of its own.
        let places = self.limits.max + usize::from(self.groups.contains_key(OTHER));
        if !self.groups.contains_key(&name) && self.groups.len() >= places {
            name = OTHER.to_owned();
        }
        self.groups.entry(name).or_insert_with(|| Group {
            used: Usage::default(),
            live: Live::default(),
            last_alive: now,
        })
    }
}

/// A name as a label shows it: two names that look the same there are one group, not two series of
/// the same labels.
fn printable(comm: &[u8]) -> String {
    String::from_utf8_lossy(comm)
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SINCE: u64 = 1000;

    fn stat(pid: u32, comm: &'static str, start_ticks: u64, user_ticks: u64) -> Stat<'static> {
        Stat {
            pid,
            comm: comm.as_bytes(),
            state: State::Sleeping,
            is_kernel_thread: false,
            minor_faults: 0,
            major_faults: 0,
            user_ticks,
            system_ticks: 0,
            threads: 1,
            start_ticks,
            virtual_bytes: 10,
            resident_pages: 1,
        }
    }

    struct Test {
        groups: Groups,
        now: Instant,
    }

    impl Test {
        fn new(limits: Limits) -> Self {
            Self { groups: Groups::new(limits, SINCE), now: Instant::now() }
        }

        fn scan(&mut self, stats: &[Stat<'_>]) {
            self.groups.begin();
            for stat in stats {
                self.groups.see(stat, self.now);
            }
            self.groups.end(self.now);
        }

        fn user_ticks(&self, name: &str) -> u64 {
            self.groups.groups[name].used.user_ticks
        }

        fn names(&self) -> Vec<&str> {
            self.groups.sorted().into_iter().map(|(name, _)| name).collect()
        }
    }

    #[test]
    fn the_old_count_from_first_sight_and_the_new_from_their_start() {
        let mut test = Test::new(Limits::default());
        test.scan(&[stat(1, "old", 5, 700), stat(2, "new", 2000, 30)]);
        assert_eq!((test.user_ticks("old"), test.user_ticks("new")), (0, 30));
        test.scan(&[stat(1, "old", 5, 710), stat(2, "new", 2000, 35)]);
        assert_eq!((test.user_ticks("old"), test.user_ticks("new")), (10, 35));
    }

    #[test]
    fn counters_outlive_their_processes_and_gauges_do_not() {
        let mut test = Test::new(Limits::default());
        test.scan(&[stat(1, "sh", 2000, 30), stat(2, "sh", 2001, 4)]);
        assert_eq!(test.groups.groups["sh"].live.processes, 2);
        assert_eq!(test.groups.groups["sh"].live.oldest_start_ticks, Some(2000));
        test.scan(&[]);
        assert_eq!(test.user_ticks("sh"), 34);
        assert_eq!(test.groups.groups["sh"].live, Live::default());
    }

    #[test]
    fn a_pid_that_is_used_again_is_another_process() {
        let mut test = Test::new(Limits::default());
        test.scan(&[stat(1, "sh", 2000, 30)]);
        test.scan(&[stat(1, "sh", 3000, 2)]);
        assert_eq!(test.user_ticks("sh"), 32);
    }

    #[test]
    fn a_process_that_execs_takes_only_its_growth_along() {
        let mut test = Test::new(Limits::default());
        test.scan(&[stat(1, "sh", 2000, 30)]);
        test.scan(&[stat(1, "yosys", 2000, 80)]);
        assert_eq!((test.user_ticks("sh"), test.user_ticks("yosys")), (30, 50));
    }

    #[test]
    fn what_shrinks_is_not_counted_twice() {
        let mut test = Test::new(Limits::default());
        for ticks in [100, 98, 100, 101] {
            test.scan(&[stat(1, "sh", 2000, ticks)]);
        }
        assert_eq!(test.user_ticks("sh"), 101);
    }

    #[test]
    fn names_beyond_the_limit_are_other_until_a_place_is_free() {
        let mut test = Test::new(Limits { max: 2, forget_after_secs: 60 });
        test.scan(&[
            stat(1, "a", 2000, 1),
            stat(2, "b", 2000, 2),
            stat(3, "c", 2000, 3),
            stat(4, "d", 2000, 4),
        ]);
        assert_eq!(test.names(), ["a", "b", "other"]);
        assert_eq!(test.user_ticks("other"), 7);

        // A group without processes keeps its place for a while, then leaves.
        test.now += Duration::from_secs(60);
        test.scan(&[stat(1, "a", 2000, 1)]);
        assert_eq!(test.names(), ["a", "b", "other"]);
        test.now += Duration::from_secs(1);
        test.scan(&[stat(1, "a", 2000, 1)]);
        assert_eq!(test.names(), ["a"]);
        test.scan(&[stat(1, "a", 2000, 1), stat(5, "e", 2000, 5)]);
        assert_eq!(test.names(), ["a", "e"]);
    }

    #[test]
    fn many_names_and_many_processes_leave_nothing_behind() {
        let mut test = Test::new(Limits { max: 10, forget_after_secs: 60 });
        for pid in 0..10_000 {
            let name = pid.to_string();
            let stat = Stat { comm: name.as_bytes(), ..stat(pid, "", 2000, 1) };
            test.scan(&[stat]);
        }
        assert_eq!(test.groups.groups.len(), 11);
        assert_eq!(test.groups.known.len(), 1);
        assert_eq!(test.user_ticks("other"), 9_990);
    }

    #[test]
    fn names_that_look_the_same_are_one_group() {
        let mut test = Test::new(Limits::default());
        let hostile: [&[u8]; 3] = [b"a\nb", b"a\x01b", b"a\xffb"];
        for (pid, comm) in hostile.into_iter().enumerate() {
            let stat = Stat { comm, ..stat(pid as u32, "", 2000, 1) };
            test.groups.see(&stat, test.now);
        }
        assert_eq!(test.names(), ["a\u{fffd}b"]);
    }
}
