//! Single threads, summed by their names within a group. Off unless asked for: a thread costs as much
//! as a process.

use std::collections::{BTreeMap, HashMap};

use crate::config::ThreadLimits;
use crate::details::Member;
use crate::details::files::{Pair, parse_io, parse_status};
use crate::exits::Activity;
use crate::groups::{GroupId, OTHER};
use crate::left_out::LeftOut;
use crate::procfs::{ProcFs, ReadError};
use crate::stat::Stat;
use crate::usage::Usage;

/// Threads of one name in one group.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Those that are there now.
    pub(crate) count: u64,
    pub(crate) used: Usage,
    pub(crate) activity: Activity,
    /// What the counters lack, because a thread could not be read or a figure makes no sense.
    pub(crate) lacks: Lacks,
}

/// What counters lack.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lacks {
    pub(crate) used: Usage<bool>,
    pub(crate) activity: Activity<bool>,
}

/// A thread as the last scan saw it.
#[derive(Debug, Clone, Copy)]
struct Known {
    start_ticks: Option<u64>,
    scan: u32,
    used: Usage<Option<u64>>,
    activity: Activity<Option<u64>>,
}

/// The threads of all groups.
pub(crate) struct Threads {
    limits: ThreadLimits,
    /// A thread that started later is counted from its start, any other from its first sight.
    since_ns: u64,
    tick_ns: u64,
    scan: u32,
    known: HashMap<u32, Known>,
    groups: HashMap<GroupId, BTreeMap<String, Sums>>,
    ids: Vec<u32>,
    skipped: u64,
    /// Values of this scan that make no sense.
    pub(crate) left_out: LeftOut,
}

impl Threads {
    pub(crate) fn new(limits: ThreadLimits, since_ns: u64, ticks_per_second: u64) -> Self {
        Self {
            limits,
            since_ns,
            tick_ns: 1_000_000_000 / ticks_per_second.max(1),
            scan: 0,
            known: HashMap::new(),
            groups: HashMap::new(),
            ids: Vec::new(),
            skipped: 0,
            left_out: LeftOut::default(),
        }
    }

    pub(crate) fn set_limits(&mut self, limits: ThreadLimits) {
        self.limits = limits;
    }

    /// Reads the threads of processes that have more than one, as long as they are not too many in
    /// all. `is_there` says which groups have not left.
    pub(crate) fn read(
        &mut self,
        proc: &mut ProcFs,
        members: &[Member],
        is_there: impl Fn(GroupId) -> bool,
    ) {
        self.scan = self.scan.wrapping_add(1);
        self.skipped = 0;
        self.groups.retain(|group, _| is_there(*group));
        for sums in self.groups.values_mut().flat_map(BTreeMap::values_mut) {
            *sums = Sums { count: 0, lacks: Lacks::default(), ..*sums };
        }
        let mut left = self.limits.max;
        let members = if self.limits.enabled { members } else { &[] };
        for member in members.iter().filter(|member| member.threads > 1) {
            match left.checked_sub(member.threads) {
                Some(rest) => left = rest,
                None => {
                    self.skipped += member.threads;
                    continue;
                }
            }
            let mut ids = std::mem::take(&mut self.ids);
            if proc.list_threads(member.pid, &mut ids).is_ok() {
                for thread in &ids {
                    self.read_thread(proc, member, *thread);
                }
            }
            self.ids = ids;
        }
        let scan = self.scan;
        self.known.retain(|_, known| known.scan == scan);
    }

    /// The threads of a group, by name.
    pub(crate) fn of(&self, group: GroupId) -> impl Iterator<Item = (&str, &Sums)> {
        self.groups.get(&group).into_iter().flatten().map(|(name, sums)| (name.as_str(), sums))
    }

    /// Threads that the last scan left out because there are too many.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn read_thread(&mut self, proc: &mut ProcFs, member: &Member, thread: u32) {
        let file = |name: &str| format!("task/{thread}/{name}");
        // A thread that is gone is no error.
        let Ok(stat) = proc.read(member.pid, &file("stat")) else { return };
        let Some(stat) = Stat::parse(thread, stat) else { return self.left_out.add("stat", 1) };
        self.left_out.add("stat", stat.left_out);
        let io = proc.read(member.pid, &file("io")).map(parse_io);
        let status = proc.read(member.pid, &file("status")).map(parse_status);
        let [read_bytes, write_bytes] = self.pair("io", io);
        let [voluntary_switches, nonvoluntary_switches] =
            self.pair("status", status.map(|status| status.switches));
        let after = Known {
            start_ticks: stat.start_ticks,
            scan: self.scan,
            used: stat.used(self.tick_ns),
            activity: Activity {
                read_bytes,
                write_bytes,
                voluntary_switches,
                nonvoluntary_switches,
            },
        };
        let before = self.before(thread, &after);
        let kept = Known {
            start_ticks: after.start_ticks.or(before.start_ticks),
            scan: self.scan,
            used: after.used.max(before.used),
            activity: after.activity.max(&before.activity),
        };
        self.known.insert(thread, kept);
        let sums = self.sums(member.group, &stat);
        sums.count += 1;
        sums.used = sums.used.plus(kept.used.since(before.used));
        sums.activity = sums.activity.plus(&kept.activity.since(&before.activity));
        sums.lacks.used = sums.lacks.used.or(after.used.is_absent());
        sums.lacks.activity = sums.lacks.activity.or(&after.activity.is_absent());
    }

    /// Two counters of a file. A thread that has ended meanwhile has none, which is no error.
    fn pair(&mut self, file: &'static str, read: Result<Pair, ReadError>) -> Pair {
        match read {
            Ok(pair) => {
                let absent = pair.iter().filter(|value| value.is_none()).count();
                self.left_out.add(file, absent as u64);
                pair
            }
            Err(ReadError::Gone) => [Some(0), Some(0)],
            Err(_) => [None, None],
        }
    }

    /// From where a thread's figures count.
    fn before(&self, thread: u32, after: &Known) -> Known {
        let known = self.known.get(&thread).filter(|known| {
            known.start_ticks.zip(after.start_ticks).is_none_or(|(known, now)| known == now)
        });
        if let Some(known) = known {
            return *known;
        }
        let start_ns = after.start_ticks.map(|ticks| ticks.saturating_mul(self.tick_ns));
        let is_new =
            self.since_ns == 0 || start_ns.is_some_and(|start_ns| start_ns > self.since_ns);
        if is_new {
            let used = Usage::default().map(Some);
            let activity = Activity {
                read_bytes: Some(0),
                write_bytes: Some(0),
                voluntary_switches: Some(0),
                nonvoluntary_switches: Some(0),
            };
            Known { used, activity, ..*after }
        } else {
            *after
        }
    }

    fn sums(&mut self, group: GroupId, stat: &Stat) -> &mut Sums {
        let names = self.groups.entry(group).or_default();
        let mut name = stat.comm.printable();
        let places = self.limits.max_names + usize::from(names.contains_key(OTHER));
        if !names.contains_key(&name) && names.len() >= places {
            name = OTHER.to_owned();
        }
        names.entry(name).or_default()
    }
}
