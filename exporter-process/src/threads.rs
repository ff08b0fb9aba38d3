//! Single threads, summed by their names within a group. Off unless asked for: a thread costs as much
//! as a process.

use std::collections::{BTreeMap, HashMap};

use crate::config::ThreadLimits;
use crate::details::Member;
use crate::details::files::{parse_io, parse_status};
use crate::exits::Activity;
use crate::groups::{GroupId, OTHER};
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
    /// A thread's IO could not be read: the sum is none.
    pub(crate) lacks_io: bool,
}

/// A thread as the last scan saw it.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    start_ticks: u64,
    scan: u32,
    used: Usage,
    activity: Activity,
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
            *sums = Sums { count: 0, lacks_io: false, ..*sums };
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
        let stat = proc.read(member.pid, &file("stat")).ok().and_then(Stat::parse);
        // A thread that is gone is no error.
        let Some(stat) = stat else { return };
        let io = proc.read(member.pid, &file("io")).map(parse_io);
        let switches =
            proc.read(member.pid, &file("status")).ok().and_then(|s| parse_status(s).switches);
        let lacks_io = matches!(io, Err(ref error) if *error != ReadError::Gone);
        let (read_bytes, write_bytes) = io.ok().flatten().unwrap_or_default();
        let (voluntary_switches, nonvoluntary_switches) = switches.unwrap_or_default();
        let after = Known {
            start_ticks: stat.start_ticks,
            scan: self.scan,
            used: self.usage(&stat),
            activity: Activity {
                read_bytes,
                write_bytes,
                voluntary_switches,
                nonvoluntary_switches,
            },
        };
        let is_new = stat.start_ticks.saturating_mul(self.tick_ns) > self.since_ns;
        let before = match self.known.get(&thread) {
            Some(known) if known.start_ticks == stat.start_ticks => *known,
            _ if is_new => Known::default(),
            _ => after,
        };
        let kept = Known {
            used: after.used.max(before.used),
            activity: before.activity.plus(&after.activity.since(&before.activity)),
            ..after
        };
        self.known.insert(thread, kept);
        let sums = self.sums(member.group, &stat);
        sums.count += 1;
        sums.used = sums.used.plus(kept.used.since(before.used));
        sums.activity = sums.activity.plus(&kept.activity.since(&before.activity));
        sums.lacks_io |= lacks_io;
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

    fn usage(&self, stat: &Stat) -> Usage {
        Usage {
            user_ns: stat.user_ticks.saturating_mul(self.tick_ns),
            system_ns: stat.system_ticks.saturating_mul(self.tick_ns),
            minor_faults: stat.minor_faults,
            major_faults: stat.major_faults,
        }
    }
}
