//! Memory in proportion to who shares it, from `smaps_rollup`. Off unless asked for: the kernel walks
//! all of a process's memory for it, and holds the process's lock meanwhile.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::config::DetailLimits;
use crate::details::Member;
use crate::groups::GroupId;
use crate::slow::{Answer, Question, SlowReader};
use crate::stat::number;

/// Proportional memory of a process or a group.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proportional {
    pub(crate) resident_bytes: u64,
    pub(crate) swapped_bytes: u64,
}

/// A process whose memory was read some time ago.
#[derive(Debug, Clone, Copy)]
struct Known {
    start_ticks: u64,
    scan: u32,
    read_at: Instant,
    memory: Option<Proportional>,
}

/// The proportional memory of all groups of which every process was read.
#[derive(Default)]
pub(crate) struct Smaps {
    scan: u32,
    known: HashMap<u32, Known>,
    groups: HashMap<GroupId, Option<Proportional>>,
}

impl Smaps {
    /// Reads the processes whose time has come, and sums them up by group. A process that is too
    /// large, cannot be read or is waited for leaves its group without a sum.
    pub(crate) fn read(
        &mut self,
        slow: &mut SlowReader,
        limits: &DetailLimits,
        members: &[Member],
        now: Instant,
    ) {
        self.groups.clear();
        let Some(interval) = limits.smaps_interval() else { return self.known.clear() };
        self.scan = self.scan.wrapping_add(1);
        for member in members {
            let memory = self.memory_of(slow, limits, interval, member, now);
            let sum =
                self.groups.entry(member.group).or_insert_with(|| Some(Proportional::default()));
            *sum = sum.zip(memory).map(|(sum, memory)| sum.plus(memory));
        }
        let scan = self.scan;
        self.known.retain(|_, known| known.scan == scan);
    }

    pub(crate) fn of(&self, group: GroupId) -> Option<Proportional> {
        *self.groups.get(&group)?
    }

    fn memory_of(
        &mut self,
        slow: &mut SlowReader,
        limits: &DetailLimits,
        interval: Duration,
        member: &Member,
        now: Instant,
    ) -> Option<Proportional> {
        if !member.has_memory {
            return Some(Proportional::default());
        }
        let known = self.known.get_mut(&member.pid);
        let known = known.filter(|known| known.start_ticks == member.start_ticks);
        if let Some(known) = known {
            known.scan = self.scan;
            if now.saturating_duration_since(known.read_at) < interval {
                return known.memory;
            }
        }
        if member.resident_bytes > limits.smaps_max_resident_bytes {
            return None;
        }
        let question =
            Question { pid: member.pid, start_ticks: member.start_ticks, file: "smaps_rollup" };
        let memory = match slow.read(question) {
            Answer::Content(content) => parse(&content),
            Answer::Unreadable => None,
            Answer::Waiting => return self.known.get(&member.pid)?.memory,
        };
        let start_ticks = member.start_ticks;
        let known = Known { start_ticks, scan: self.scan, read_at: now, memory };
        self.known.insert(member.pid, known);
        memory
    }
}

impl Proportional {
    fn plus(self, other: Self) -> Self {
        Self {
            resident_bytes: self.resident_bytes.saturating_add(other.resident_bytes),
            swapped_bytes: self.swapped_bytes.saturating_add(other.swapped_bytes),
        }
    }
}

/// Reads `smaps_rollup`; a process without memory of its own has an empty one.
fn parse(content: &[u8]) -> Option<Proportional> {
    if content.is_empty() {
        return Some(Proportional::default());
    }
    let bytes = |name: &[u8]| {
        let line = content.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(name))?;
        let mut words = line.split(|b| *b == b' ').filter(|word| !word.is_empty());
        number(words.next()?)?.checked_mul(1024)
    };
    Some(Proportional { resident_bytes: bytes(b"Pss:")?, swapped_bytes: bytes(b"SwapPss:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes_and_nothing_else() {
        let content = b"00400000-7ffe [rollup]\nRss:  900 kB\nPss:    120 kB\nPss_Dirty: 3 kB\nSwapPss:  8 kB\n";
        let memory = Proportional { resident_bytes: 122_880, swapped_bytes: 8192 };
        assert_eq!(parse(content), Some(memory));
        assert_eq!(parse(b""), Some(Proportional::default()));
        for bad in [&b"Pss: 12 kB\n"[..], b"Pss: -1 kB\nSwapPss: 1 kB\n", b"\xff"] {
            assert_eq!(parse(bad), None);
        }
    }
}
