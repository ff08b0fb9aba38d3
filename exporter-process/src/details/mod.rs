//! What costs more than `stat`: swap, context switches, IO, open files and where processes wait, for
//! as many groups as a bounded number of processes allows.

pub(crate) mod files;
mod known;
mod member;
mod sums;
mod switches;

use std::collections::{HashMap, HashSet};

use crate::config::DetailLimits;
use crate::exits::{Activity, Exit};
use crate::groups::{Group, GroupId};
use crate::left_out::LeftOut;
use crate::procfs::{ProcFs, ReadError};

use self::known::{Known, Reading};
pub(crate) use self::member::Member;
pub(crate) use self::sums::{Detail, Now};

/// Most threads, of processes with more than one, whose context switches are read in one scan.
const MAX_THREADS: u64 = 2000;

/// The details of all groups that have any.
pub(crate) struct Details {
    limits: DetailLimits,
    /// A process that started later is counted from its start, any other from its first reading.
    since_ns: u64,
    scan: u32,
    known: HashMap<u32, Known>,
    groups: HashMap<GroupId, Detail>,
    chosen: HashSet<GroupId>,
    /// Values of this scan that make no sense.
    pub(crate) left_out: LeftOut,
    /// Processes that could not be read in this scan, by file.
    unreadable: HashMap<&'static str, u64>,
    skipped_groups: u64,
}

impl Details {
    pub(crate) fn new(limits: DetailLimits, since_ns: u64) -> Self {
        Self {
            limits,
            since_ns,
            scan: 0,
            known: HashMap::new(),
            groups: HashMap::new(),
            chosen: HashSet::new(),
            left_out: LeftOut::default(),
            unreadable: HashMap::new(),
            skipped_groups: 0,
        }
    }

    pub(crate) fn set_limits(&mut self, limits: DetailLimits) {
        self.limits = limits;
    }

    /// Chooses the groups whose processes are read: those that the configuration names, then those
    /// of the last scan, then by the CPU time that they have used, as long as their processes
    /// together are not too many. A group is read whole or not at all.
    pub(crate) fn choose(&mut self, groups: &[(&str, GroupId, &Group)]) {
        let mut wanted: Vec<_> = groups.iter().collect();
        wanted.sort_by_key(|(name, id, group)| {
            let asked = self.limits.groups.iter().any(|asked| asked == name);
            let before = self.chosen.contains(id);
            std::cmp::Reverse((asked, before, group.used.cpu_ns()))
        });
        let mut left = self.limits.max_processes;
        self.chosen.clear();
        for (_, id, group) in wanted {
            if let Some(rest) = left.checked_sub(group.live.processes) {
                left = rest;
                self.chosen.insert(*id);
            }
        }
        self.skipped_groups = (groups.len() - self.chosen.len()) as u64;
        self.groups.retain(|id, _| groups.iter().any(|(_, known, _)| known == id));
        for id in &self.chosen {
            self.groups.entry(*id).or_default().now = Now::default();
        }
    }

    pub(crate) fn is_chosen(&self, group: GroupId) -> bool {
        self.chosen.contains(&group)
    }

    /// Adds what processes did up to their end.
    pub(crate) fn end(&mut self, ended: &[(GroupId, Exit)]) {
        for (group, exit) in ended {
            let known = self.known.remove(&exit.pid);
            let before = match known {
                Some(known) => known.activity(),
                None if exit.start_ns > self.since_ns => Activity::default(),
                None => exit.activity,
            };
            if let Some(detail) = self.groups.get_mut(group).filter(|_| self.chosen.contains(group))
            {
                detail.count(&exit.activity.since(&before));
            }
        }
    }

    /// Reads the processes of the chosen groups.
    pub(crate) fn read(&mut self, proc: &mut ProcFs, members: &[Member]) {
        self.scan = self.scan.wrapping_add(1);
        self.unreadable.clear();
        let mut threads_left = MAX_THREADS;
        for member in members {
            if let Some(detail) =
                self.groups.get_mut(&member.group).filter(|_| self.chosen.contains(&member.group))
            {
                let known = self.known.entry(member.pid).or_default();
                known.meet(member.start_ns, self.scan);
                let mut reading = Reading {
                    proc,
                    member,
                    is_new: self.since_ns == 0 || member.start_ns > self.since_ns,
                    threads_left: &mut threads_left,
                };
                for (file, error) in known.read(&mut reading, detail) {
                    self.left_out.add(file, u64::from(error == ReadError::Malformed));
                    if error != ReadError::Gone {
                        *self.unreadable.entry(file).or_default() += 1;
                    }
                }
            }
        }
        let scan = self.scan;
        self.known.retain(|_, known| known.scan() == scan);
    }

    /// The details of a group; `None` where they were not read.
    pub(crate) fn of(&self, group: GroupId) -> Option<&Detail> {
        self.groups.get(&group).filter(|_| self.chosen.contains(&group))
    }

    /// Processes that could not be read in the last scan, by file.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.unreadable.iter().map(|(file, count)| (*file, *count))
    }

    /// Groups that the last scan did not read.
    pub(crate) fn skipped_groups(&self) -> u64 {
        self.skipped_groups
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
