//! Memory in proportion to who shares it, from `smaps_rollup`. Off unless asked for: the kernel walks
//! all of a process's memory for it, and holds the process's lock meanwhile.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use edctl_jobcgroup::number;

use crate::config::DetailLimits;
use crate::details::Member;
use crate::groups::GroupId;
use crate::left_out::LeftOut;
use crate::slow::{Answer, Question, SlowReader};
use crate::sum::Sum;

const FILE: &str = "smaps_rollup";

/// Proportional memory of a process; what is not known is absent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Proportional {
    resident_bytes: Option<u64>,
    swapped_bytes: Option<u64>,
}

/// That of a process without any memory.
const NOTHING: Proportional = Proportional { resident_bytes: Some(0), swapped_bytes: Some(0) };

/// Proportional memory of a group.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) resident_bytes: Sum,
    pub(crate) swapped_bytes: Sum,
}

/// A process whose memory was read some time ago.
#[derive(Debug, Clone, Copy)]
struct Known {
    start_ticks: u64,
    scan: u32,
    read_at: Instant,
    memory: Proportional,
}

/// The proportional memory of all groups of which every process was read.
#[derive(Default)]
pub(crate) struct Smaps {
    scan: u32,
    known: HashMap<u32, Known>,
    groups: HashMap<GroupId, Sums>,
    /// Values that make no sense.
    pub(crate) left_out: LeftOut,
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
            let sums = self.groups.entry(member.group).or_default();
            sums.resident_bytes.add(memory.resident_bytes);
            sums.swapped_bytes.add(memory.swapped_bytes);
        }
        let scan = self.scan;
        self.known.retain(|_, known| known.scan == scan);
    }

    pub(crate) fn of(&self, group: GroupId) -> Option<Sums> {
        self.groups.get(&group).copied()
    }

    fn memory_of(
        &mut self,
        slow: &mut SlowReader,
        limits: &DetailLimits,
        interval: Duration,
        member: &Member,
        now: Instant,
    ) -> Proportional {
        if !member.has_memory {
            return NOTHING;
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
            return Proportional::default();
        }
        let question = Question { pid: member.pid, start_ticks: member.start_ticks, file: FILE };
        let memory = match slow.read(question) {
            Answer::Content(content) => parse(&content, &mut self.left_out),
            Answer::Unreadable => Proportional::default(),
            Answer::Waiting => {
                let known = self.known.get(&member.pid);
                return known.map_or(Proportional::default(), |known| known.memory);
            }
        };
        let start_ticks = member.start_ticks;
        let known = Known { start_ticks, scan: self.scan, read_at: now, memory };
        self.known.insert(member.pid, known);
        memory
    }
}

/// Reads `smaps_rollup`; a process without memory of its own has an empty one.
fn parse(content: &[u8], left_out: &mut LeftOut) -> Proportional {
    if content.is_empty() {
        return NOTHING;
    }
    let bytes = |name: &[u8]| {
        let line = content.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(name))?;
        let mut words = line.split(|b| *b == b' ').filter(|word| !word.is_empty());
        number(words.next()?)?.checked_mul(1024)
    };
    let (resident_bytes, swapped_bytes) = (bytes(b"Pss:"), bytes(b"SwapPss:"));
    for value in [resident_bytes, swapped_bytes] {
        left_out.add(FILE, u64::from(value.is_none()));
    }
    Proportional { resident_bytes, swapped_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes_and_nothing_else() {
        let content = b"00400000-7ffe [rollup]\nRss:  900 kB\nPss:    120 kB\nPss_Dirty: 3 kB\nSwapPss:  8 kB\n";
        let read = |content: &[u8]| {
            let mut left_out = LeftOut::default();
            let Proportional { resident_bytes, swapped_bytes } = parse(content, &mut left_out);
            (resident_bytes, swapped_bytes, left_out == LeftOut::default())
        };
        assert_eq!(read(content), (Some(122_880), Some(8192), true));
        assert_eq!(read(b""), (Some(0), Some(0), true));
        assert_eq!(read(b"Pss: 12 kB\n"), (Some(12_288), None, false));
        assert_eq!(read(b"Pss: -1 kB\nSwapPss: 1 kB\n"), (None, Some(1024), false));
        assert_eq!(read(b"\xff\nPss: 1 kB\nSwapPss: \xff\n"), (Some(1024), None, false));
    }
}
