//! Groups of processes: what their processes are now, and what they have used, also those that are
//! gone.

use std::collections::HashMap;
use std::time::Instant;

use crate::config::Limits;
use crate::stat::{Stat, State};
use crate::sum::Sum;
use crate::usage::Usage;

/// The group of all names that found no place.
pub(crate) const OTHER: &str = "other";

/// Names a group for as long as it is there, and none after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupId(u32);

/// How it is known what a process has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was there, and its own `stat` said it.
    Live,
    /// The kernel's record of its end said it.
    Exited,
    /// The one that waited for it has it in the sum of its children.
    Reaped,
}

impl Source {
    /// All of them, in the order of their discriminants.
    pub(crate) const ALL: [Source; 3] = [Source::Live, Source::Exited, Source::Reaped];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Exited => "exited",
            Self::Reaped => "reaped",
        }
    }
}

/// What a group's processes are now.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) processes: u64,
    pub(crate) threads: Sum,
    pub(crate) resident_pages: Sum,
    pub(crate) virtual_bytes: Sum,
    oldest_start_ticks: Option<u64>,
    lacks_start: bool,
    /// By [`State`].
    pub(crate) states: [u64; State::ALL.len()],
    pub(crate) lacks: Lacks,
}

/// What the counters of a group lack, because a process's figure makes no sense in this scan.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lacks {
    pub(crate) used: Usage<bool>,
    /// By [`Source`].
    pub(crate) cpu: [bool; Source::ALL.len()],
}

impl Lacks {
    fn add(&mut self, lacks: Usage<bool>, source: Source) {
        self.used = self.used.or(lacks);
        self.cpu[source as usize] |= lacks.user_ns || lacks.system_ns;
    }
}

impl Live {
    /// When the oldest process started; `None` where the group is empty, or the start of one is not known.
    pub(crate) fn oldest_start_ticks(&self) -> Option<u64> {
        self.oldest_start_ticks.filter(|_| !self.lacks_start)
    }

    fn add(&mut self, stat: &Stat) {
        self.processes += 1;
        self.threads.add(stat.threads);
        self.resident_pages.add(stat.resident_pages);
        self.virtual_bytes.add(stat.virtual_bytes);
        self.lacks_start |= stat.start_ticks.is_none();
        let oldest = self.oldest_start_ticks.into_iter().chain(stat.start_ticks).min();
        self.oldest_start_ticks = oldest;
        self.states[stat.state as usize] += 1;
        self.lacks.add(stat.used(1).is_absent(), Source::Live);
    }
}

/// Processes of one name.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) used: Usage,
    /// The CPU time of `used`, by [`Source`].
    pub(crate) cpu_ns: [u64; Source::ALL.len()],
    pub(crate) live: Live,
    last_alive: Instant,
}

/// All groups.
pub(crate) struct Groups {
    limits: Limits,
    now: Instant,
    ids: HashMap<String, GroupId>,
    groups: HashMap<GroupId, Group>,
    next: u32,
    /// All that was charged to any group, also to those that have left.
    charged_ns: u64,
}

impl Groups {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: Instant::now(),
            ids: HashMap::new(),
            groups: HashMap::new(),
            next: 0,
            charged_ns: 0,
        }
    }

    /// Other limits from now on; no group leaves before its time.
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Begins a scan: what was alive must be seen again.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.now = now;
        for group in self.groups.values_mut() {
            group.live = Live::default();
        }
    }

    /// The group of this name, `other` where there is no place for one more.
    pub(crate) fn id_of(&mut self, name: &str) -> GroupId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        // `other` has a place of its own.
        let places = self.limits.max + usize::from(self.ids.contains_key(OTHER));
        if name != OTHER && self.ids.len() >= places {
            return self.id_of(OTHER);
        }
        let id = GroupId(self.next);
        self.next = self.next.wrapping_add(1);
        self.ids.insert(name.to_owned(), id);
        let group = Group {
            used: Usage::default(),
            cpu_ns: [0; Source::ALL.len()],
            live: Live::default(),
            last_alive: self.now,
        };
        self.groups.insert(id, group);
        id
    }

    pub(crate) fn has(&self, id: GroupId) -> bool {
        self.groups.contains_key(&id)
    }

    /// Takes in one process that is there.
    pub(crate) fn see(&mut self, id: GroupId, stat: &Stat) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.last_alive = self.now;
            group.live.add(stat);
        }
    }

    /// Adds what a process of the group has used.
    pub(crate) fn charge(&mut self, id: GroupId, used: Usage, source: Source) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.last_alive = self.now;
            group.used = group.used.plus(used);
            let cpu_ns = &mut group.cpu_ns[source as usize];
            *cpu_ns = cpu_ns.saturating_add(used.cpu_ns());
            self.charged_ns = self.charged_ns.saturating_add(used.cpu_ns());
        }
    }

    /// Takes note that a process's sum of its children, which would be charged to the group, makes no
    /// sense.
    pub(crate) fn lack_reaped(&mut self, id: GroupId, lacks: Usage<bool>) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.live.lacks.add(lacks, Source::Reaped);
        }
    }

    /// The CPU time of all groups that ever were.
    pub(crate) fn charged_ns(&self) -> u64 {
        self.charged_ns
    }

    /// Ends a scan: groups that have long had no process leave.
    pub(crate) fn end(&mut self) {
        let forget_after = self.limits.forget_after();
        let now = self.now;
        self.groups.retain(|_, group| {
            group.live.processes > 0
                || now.saturating_duration_since(group.last_alive) <= forget_after
        });
        self.ids.retain(|_, id| self.groups.contains_key(id));
    }

    /// The groups in the order of their names.
    pub(crate) fn sorted(&self) -> Vec<(&str, GroupId, &Group)> {
        let mut groups: Vec<_> = self
            .ids
            .iter()
            .filter_map(|(name, id)| Some((name.as_str(), *id, self.groups.get(id)?)))
            .collect();
        groups.sort_unstable_by_key(|(name, ..)| *name);
        groups
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::comm::Comm;

    pub(crate) fn stat(pid: u32, comm: &str, start_ticks: u64, user_ticks: u64) -> Stat {
        Stat {
            pid,
            parent: Some(1),
            comm: Comm::new(comm.as_bytes()),
            state: State::Sleeping,
            is_kernel_thread: false,
            minor_faults: Some(0),
            major_faults: Some(0),
            user_ticks: Some(user_ticks),
            system_ticks: Some(0),
            reaped_user_ticks: Some(0),
            reaped_system_ticks: Some(0),
            threads: Some(1),
            start_ticks: Some(start_ticks),
            virtual_bytes: Some(10),
            resident_pages: Some(1),
            left_out: 0,
        }
    }

    fn names(groups: &Groups) -> Vec<&str> {
        groups.sorted().into_iter().map(|(name, ..)| name).collect()
    }

    fn scan(groups: &mut Groups, now: Instant, processes: &[(u32, &str)]) {
        groups.begin(now);
        for (pid, name) in processes {
            let id = groups.id_of(name);
            groups.see(id, &stat(*pid, name, 2000, 1));
        }
        groups.end();
    }

    #[test]
    fn names_beyond_the_limit_are_other_until_a_place_is_free() {
        let mut groups = Groups::new(Limits { max: 2, forget_after_secs: 60 });
        let start = Instant::now();
        scan(&mut groups, start, &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        assert_eq!(names(&groups), ["a", "b", "other"]);
        let other = groups.id_of("c");
        assert_eq!(groups.groups[&other].live.processes, 2);

        scan(&mut groups, start, &[(3, "c")]);
        assert_eq!(names(&groups), ["a", "b", "other"]);
        let later = start + Duration::from_secs(61);
        scan(&mut groups, later, &[(3, "c")]);
        assert_eq!(names(&groups), ["other"]);
        scan(&mut groups, later, &[(3, "c")]);
        assert_eq!(names(&groups), ["c", "other"]);
    }

    #[test]
    fn a_group_that_left_is_not_the_one_that_comes_back() {
        let mut groups = Groups::new(Limits { max: 2, forget_after_secs: 1 });
        let start = Instant::now();
        groups.begin(start);
        let first = groups.id_of("a");
        groups.end();
        scan(&mut groups, start + Duration::from_secs(2), &[]);
        assert!(!groups.has(first));
        groups.charge(first, Usage { user_ns: 5, ..Usage::default() }, Source::Reaped);
        assert_eq!(groups.charged_ns(), 0);
        assert_ne!(groups.id_of("a"), first);
    }

    #[test]
    fn what_is_charged_keeps_a_group_and_gauges_do_not_outlive_processes() {
        let mut groups = Groups::new(Limits { max: 2, forget_after_secs: 60 });
        let start = Instant::now();
        scan(&mut groups, start, &[(1, "sh"), (2, "sh")]);
        for seconds in [50, 100, 150] {
            groups.begin(start + Duration::from_secs(seconds));
            let id = groups.id_of("sh");
            groups.charge(id, Usage { user_ns: 5, ..Usage::default() }, Source::Exited);
            groups.end();
        }
        let id = groups.id_of("sh");
        let group = &groups.groups[&id];
        assert_eq!((group.used.user_ns, group.cpu_ns), (15, [0, 15, 0]));
        assert_eq!(group.live, Live::default());
    }
}
