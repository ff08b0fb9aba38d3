//! Who has used what, and who has been counted: from the figures of single processes to what is
//! charged to groups, each second of CPU time once.
//!
//! A process that is there says itself what it has used. One that is gone is known from the kernel's
//! record of its end, where that can be had. What remains is in the sum that the kernel keeps, for
//! each process, of the children that it has waited for and of theirs: from that growth is taken what
//! of those children was counted already, and the rest was used by processes that nobody met. Each
//! process has a balance for it, because a child's end and its parent's sum are seldom seen in the
//! same scan.

use std::collections::HashMap;

use crate::comm::Comm;
use crate::exits::Exit;
use crate::groups::{GroupId, Groups, Source};
use crate::stat::Stat;
use crate::usage::{Kept, Usage};

/// Most steps from a process that is gone to the one that waited for it.
const MAX_ANCESTORS: usize = 64;
/// The record of an end and `stat` name a process's start by different clocks.
const SAME_START_NS: u64 = 1_000_000_000;
/// No process has this id.
const NO_PARENT: u32 = 0;

/// When the counting began, in nanoseconds since boot: a process that started later is counted from
/// its start, any other from its first sight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since {
    /// For what a process uses itself.
    pub(crate) own_ns: u64,
    /// For what the children used that it waited for.
    pub(crate) reaped_ns: u64,
}

/// A process as the last scan saw it.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Absent as long as the process has not said it.
    start_ticks: Kept,
    parent: u32,
    comm: Comm,
    group: Option<GroupId>,
    /// What was counted of its own; a figure is absent until it is known from where to count.
    own: Usage<Kept>,
    /// What the children used that it had waited for.
    reaped: Usage<Kept>,
    /// What its children used and nobody counted; negative where they were counted before it waited
    /// for them.
    balance_ns: i64,
    /// The group that its children are in, most likely also those that nobody met.
    children: Option<GroupId>,
    scan: u32,
    /// The record of its end was counted.
    has_ended: bool,
}

/// All processes that are there, and what was counted of them.
pub(crate) struct Ledger {
    since: Since,
    tick_ns: u64,
    scan: u32,
    /// The groups are by the rules that are in force.
    is_named: bool,
    known: HashMap<u32, Known>,
    /// Processes whose ids others have taken.
    replaced: Vec<(u32, Known)>,
    /// Processes that have waited for children since the last scan, and what those used.
    credits: Vec<(u32, Usage)>,
    /// Processes whose sum of their children makes no sense in this scan.
    unread_reaped: Vec<(u32, Usage<bool>)>,
}

/// The processes that have gone since the scan before.
struct Gone {
    /// The last of each number.
    last: HashMap<u32, Known>,
    /// Those that had the number before.
    before: Vec<Known>,
}

impl Gone {
    fn add(&mut self, pid: u32, known: Known) {
        self.before.extend(self.last.insert(pid, known));
    }

    /// The last process of this number, unless its end is told already.
    fn met(&mut self, pid: u32) -> Option<&mut Known> {
        self.last.get_mut(&pid).filter(|known| !known.has_ended)
    }

    fn all(&self) -> impl Iterator<Item = &Known> {
        self.before.iter().chain(self.last.values())
    }
}

impl Ledger {
    pub(crate) fn new(since: Since, ticks_per_second: u64) -> Self {
        Self {
            since,
            tick_ns: 1_000_000_000 / ticks_per_second.max(1),
            scan: 0,
            is_named: true,
            known: HashMap::new(),
            replaced: Vec::new(),
            credits: Vec::new(),
            unread_reaped: Vec::new(),
        }
    }

    /// Begins a scan.
    pub(crate) fn begin(&mut self) {
        self.scan = self.scan.wrapping_add(1);
    }

    /// The group of a process that is known by this name, if it has one; `None` where it must be
    /// named.
    pub(crate) fn group_of(&self, stat: &Stat) -> Option<Option<GroupId>> {
        let known = self.known.get(&stat.pid)?;
        let is_same = !known.is_another(stat) && known.comm == stat.comm;
        (is_same && self.is_named).then_some(known.group)
    }

    /// Whether the process is known: it was there in the last scan.
    pub(crate) fn has(&self, pid: u32) -> bool {
        self.known.contains_key(&pid)
    }

    /// All processes must be named anew, because the rules have changed.
    pub(crate) fn forget_groups(&mut self) {
        self.is_named = false;
    }

    /// When the process of this id started, as far as it ever said.
    pub(crate) fn start_ticks_of(&self, pid: u32) -> Option<u64> {
        self.known.get(&pid)?.start_ticks.figure()
    }

    /// The group of whatever process has this id, as its children inherit it.
    pub(crate) fn group_of_pid(&self, pid: u32) -> Option<GroupId> {
        self.known.get(&pid)?.group
    }

    /// Takes in one process that is there, and charges its growth to its group.
    pub(crate) fn see(&mut self, stat: &Stat, group: Option<GroupId>, groups: &mut Groups) {
        let (own, reaped) = (stat.used(self.tick_ns), stat.reaped(self.tick_ns));
        let new = self.first_seen(stat);
        let known = self.known.entry(stat.pid).or_insert(new);
        if known.is_another(stat) {
            self.replaced.push((stat.pid, std::mem::replace(known, new)));
        }
        let lacks_reaped = reaped.is_absent();
        if lacks_reaped != Usage::default() {
            self.unread_reaped.push((stat.pid, lacks_reaped));
        }
        // The kernel splits a process's time into user and system afresh on each read; what seems to
        // shrink is kept, so that it is not counted again when it grows back.
        let (own_before, reaped_before) = (known.own(), known.reaped());
        let (own, reaped) = (own.max(own_before), reaped.max(reaped_before));
        let growth = own.since(own_before);
        let credit = reaped.since(reaped_before);
        let is_new_child = known.group != group;
        known.start_ticks = known.start_ticks.figure().or(stat.start_ticks).into();
        known.parent = stat.parent.unwrap_or(known.parent);
        known.comm = stat.comm;
        known.group = group;
        known.own = own.map(Kept::from);
        known.reaped = reaped.map(Kept::from);
        known.scan = self.scan;
        let parent = known.parent;
        if credit.cpu_ns() > 0 {
            known.balance_ns = known.balance_ns.saturating_add_unsigned(credit.cpu_ns());
            self.credits.push((stat.pid, credit));
        }
        if let Some(group) = group {
            groups.see(group, stat);
            groups.charge(group, growth, Source::Live);
            if is_new_child && let Some(parent) = self.known.get_mut(&parent) {
                // Until it execs, a child bears its parent's name.
                let known = parent.children.filter(|children| Some(*children) != parent.group);
                parent.children = known.or(Some(group));
            }
        }
    }

    /// A process as it is when a scan meets it for the first time: what it used before counts only if it
    /// started after that began to be counted.
    fn first_seen(&self, stat: &Stat) -> Known {
        let start_ns = stat.start_ticks.map(|ticks| ticks.saturating_mul(self.tick_ns));
        let from = |since_ns: u64, used: Usage<Option<u64>>| {
            let is_new = since_ns == 0 || start_ns.is_some_and(|start_ns| start_ns > since_ns);
            if is_new { used.map(|_| Some(0)) } else { used }
        };
        Known {
            start_ticks: stat.start_ticks.into(),
            parent: stat.parent.unwrap_or(NO_PARENT),
            comm: stat.comm,
            group: None,
            own: from(self.since.own_ns, stat.used(self.tick_ns)).map(Kept::from),
            reaped: from(self.since.reaped_ns, stat.reaped(self.tick_ns)).map(Kept::from),
            balance_ns: 0,
            children: None,
            scan: self.scan,
            has_ended: false,
        }
    }

    /// Takes note that a process is there though it could not be read: it must not count from its
    /// start again when it can.
    pub(crate) fn keep(&mut self, pid: u32) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.scan = self.scan;
        }
    }

    /// Ends a scan, after the records of all ends up to now were taken: settles what the processes
    /// that are gone have used. `name` gives the group of one that no scan has met. Gives the ends
    /// that were counted, and the groups that they were counted in.
    pub(crate) fn settle(
        &mut self,
        exits: &[Exit],
        groups: &mut Groups,
        mut name: impl FnMut(&Self, &mut Groups, &Exit) -> Option<GroupId>,
    ) -> Vec<(GroupId, Exit)> {
        self.is_named = true;
        let mut gone = self.take_gone();
        let mut ended = Vec::new();
        for exit in exits {
            let met = gone.met(exit.pid).copied().or_else(|| self.here(exit).copied());
            let group = match met {
                Some(met) => self.end_known(exit, met, &mut gone, groups, &mut name),
                None if exit.start_ns > self.since.own_ns => {
                    self.end_stranger(exit, &mut gone, groups, &mut name)
                }
                None => None,
            };
            ended.extend(group.map(|group| (group, *exit)));
        }
        self.debit_ancestors(&gone);
        self.charge_balances(groups);
        ended
    }

    /// Takes out those that the last scan did not see any more.
    fn take_gone(&mut self) -> Gone {
        let scan = self.scan;
        let last = self.known.extract_if(|_, known| known.scan != scan).collect();
        let mut gone = Gone { last, before: Vec::new() };
        self.replaced.drain(..).for_each(|(pid, replaced)| gone.add(pid, replaced));
        gone
    }

    /// Charges what a process that scans had met used until its end; returns its group.
    fn end_known(
        &mut self,
        exit: &Exit,
        met: Known,
        gone: &mut Gone,
        groups: &mut Groups,
        name: &mut impl FnMut(&Self, &mut Groups, &Exit) -> Option<GroupId>,
    ) -> Option<GroupId> {
        let group = match met.comm == exit.comm {
            true => met.group,
            false => name(self, groups, exit).or(met.group),
        };
        let (own, growth) = at_end(met.own(), exit.used);
        if let Some(group) = group {
            groups.charge(group, growth, Source::Exited);
        }
        if let Some(known) = gone.met(exit.pid).or_else(|| self.known.get_mut(&exit.pid)) {
            let own = own.map(Kept::from);
            *known = Known { own, group, comm: exit.comm, has_ended: true, ..met };
        }
        group
    }

    /// Charges all that a process used that no scan had met; returns its group.
    fn end_stranger(
        &mut self,
        exit: &Exit,
        gone: &mut Gone,
        groups: &mut Groups,
        name: &mut impl FnMut(&Self, &mut Groups, &Exit) -> Option<GroupId>,
    ) -> Option<GroupId> {
        let group = name(self, groups, exit);
        if let Some(group) = group {
            groups.charge(group, exit.used, Source::Exited);
        }
        gone.add(exit.pid, self.stranger(exit, group));
        group
    }

    /// Takes what was counted of those that have gone out of what their nearest living ancestors have
    /// waited for.
    fn debit_ancestors(&mut self, gone: &Gone) {
        let parents = gone.last.iter().map(|(pid, known)| (*pid, known.parent)).collect();
        let mut kin: HashMap<(u32, GroupId), u64> = HashMap::new();
        for known in gone.all() {
            let Some(nearest) = self.nearest_ancestor(known.parent, &parents) else { continue };
            self.debit(nearest, known);
            for (group, used) in [(known.group, known.own()), (known.children, known.reaped())] {
                if let Some(group) = group {
                    *kin.entry((nearest, group)).or_default() += used.known().cpu_ns();
                }
            }
        }
        self.note_children(kin);
    }

    /// The process of this end, where it was there a moment ago.
    fn here(&self, exit: &Exit) -> Option<&Known> {
        let known = self.known.get(&exit.pid)?;
        let is_same = known.start_ticks.figure().is_none_or(|ticks| {
            ticks.saturating_mul(self.tick_ns).abs_diff(exit.start_ns) < SAME_START_NS
        });
        (is_same && !known.has_ended).then_some(known)
    }

    /// A process that has come and gone between two scans.
    fn stranger(&self, exit: &Exit, group: Option<GroupId>) -> Known {
        Known {
            start_ticks: Some(exit.start_ns / self.tick_ns).into(),
            parent: exit.parent,
            comm: exit.comm,
            group,
            own: exit.used.map(|figure| Some(figure).into()),
            reaped: Usage::default().map(|figure: u64| Some(figure).into()),
            balance_ns: 0,
            children: None,
            scan: self.scan,
            has_ended: true,
        }
    }

    /// Takes what was counted of a process that is gone from the balance of the one that waited for
    /// it: the nearest ancestor that is still there, unless only one above it has the credit.
    fn debit(&mut self, nearest: u32, gone: &Known) {
        let (own, reaped) = (gone.own().known(), gone.reaped().known());
        let counted_ns = own.cpu_ns().saturating_add(reaped.cpu_ns());
        // A negative balance is of children that were counted, but not yet in `reaped`.
        let counted_ns = i64::try_from(counted_ns).unwrap_or(i64::MAX);
        let counted_ns = counted_ns.saturating_sub(gone.balance_ns.min(0));
        // Sums of children are in whole ticks, one each for user and system time.
        let slack_ns = i64::try_from(2 * self.tick_ns).unwrap_or(i64::MAX);
        let mut payer = nearest;
        let mut candidate = nearest;
        for _ in 0..MAX_ANCESTORS {
            let Some(known) = self.known.get(&candidate) else { break };
            let spare_ns = if candidate == nearest { slack_ns } else { 0 };
            if known.balance_ns.saturating_add(spare_ns) >= counted_ns {
                payer = candidate;
                break;
            }
            candidate = known.parent;
        }
        if let Some(known) = self.known.get_mut(&payer) {
            known.balance_ns = known.balance_ns.saturating_sub(counted_ns);
        }
    }

    /// Remembers for each process the group of whose ended processes it has waited for most, by the
    /// time that they used.
    fn note_children(&mut self, kin: HashMap<(u32, GroupId), u64>) {
        let mut most: HashMap<u32, (u64, GroupId)> = HashMap::new();
        for ((parent, group), used_ns) in kin {
            let best = most.entry(parent).or_insert((used_ns, group));
            *best = (*best).max((used_ns, group));
        }
        for (parent, (used_ns, group)) in most {
            if let Some(parent) = self.known.get_mut(&parent)
                && (used_ns > 0 || parent.children.is_none())
            {
                parent.children = Some(group);
            }
        }
    }

    fn nearest_ancestor(&self, mut pid: u32, parents: &HashMap<u32, u32>) -> Option<u32> {
        for _ in 0..MAX_ANCESTORS {
            if self.known.contains_key(&pid) {
                return Some(pid);
            }
            pid = *parents.get(&pid)?;
        }
        None
    }

    /// Charges what children used that nobody counted.
    fn charge_balances(&mut self, groups: &mut Groups) {
        for (pid, lacks) in std::mem::take(&mut self.unread_reaped) {
            let known = self.known.get(&pid);
            if let Some(group) = known.and_then(|known| known.group_of_children(groups)) {
                groups.lack_reaped(group, lacks);
            }
        }
        for (pid, credit) in std::mem::take(&mut self.credits) {
            let Some(known) = self.known.get_mut(&pid) else { continue };
            let Ok(excess_ns @ 1..) = u64::try_from(known.balance_ns) else { continue };
            known.balance_ns = 0;
            if let Some(group) = known.group_of_children(groups) {
                groups.charge(group, credit.split(excess_ns), Source::Reaped);
            }
        }
    }
}

impl Known {
    fn own(&self) -> Usage<Option<u64>> {
        self.own.map(Kept::figure)
    }

    fn reaped(&self) -> Usage<Option<u64>> {
        self.reaped.map(Kept::figure)
    }

    /// The group that is charged with what its unmet children used.
    fn group_of_children(&self, groups: &Groups) -> Option<GroupId> {
        self.children.filter(|id| groups.has(*id)).or(self.group)
    }

    /// Whether the id is another process's now. One that does not say when it started is the same.
    fn is_another(&self, stat: &Stat) -> bool {
        self.start_ticks.figure().zip(stat.start_ticks).is_some_and(|(known, now)| known != now)
    }
}

/// What is counted of a process in all when its record says what it used, and what is new of that. The
/// kernel splits its time into user and system afresh; the sum of both is exact, and so is what is
/// counted, wherever one of both has shrunk.
fn at_end(met: Usage<Option<u64>>, used: Usage) -> (Usage<Option<u64>>, Usage) {
    let own = used.map(Some).max(met);
    let growth = own.since(met);
    if met.user_ns.is_none() || met.system_ns.is_none() {
        return (own, growth);
    }
    let cpu = growth.split(used.cpu_ns().saturating_sub(met.known().cpu_ns()));
    let growth = Usage { user_ns: cpu.user_ns, system_ns: cpu.system_ns, ..growth };
    (met.known().plus(growth).map(Some), growth)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
