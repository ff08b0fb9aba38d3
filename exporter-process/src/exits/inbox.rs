//! From the records of threads to the ends of processes.

use std::collections::HashMap;

use super::record::{Activity, Record};
use crate::comm::Comm;
use crate::usage::Usage;

/// Ends that wait for the next scan; what comes after is dropped and counted.
const MAX_WAITING: usize = 200_000;
/// Processes of which some threads have ended; far more than a node runs.
const MAX_PARTS: usize = 200_000;
/// The parent of kernel threads, whose ends are in no group.
const KTHREADD: u32 = 2;

/// A process that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) uid: u32,
    /// The name at its end.
    pub(crate) comm: Comm,
    /// When it began, in nanoseconds since boot.
    pub(crate) start_ns: u64,
    /// All that its threads have used since it began.
    pub(crate) used: Usage,
    pub(crate) activity: Activity,
}

/// What has ended and was not yet taken.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    exits: Vec<Exit>,
    /// The sum of a process's threads that have ended while others go on.
    parts: HashMap<u32, Part>,
    dropped: u64,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    comm: Comm,
    used: Usage,
    activity: Activity,
}

impl Inbox {
    /// Takes in a thread's record, `now_ns` after boot.
    pub(super) fn add(&mut self, record: &Record, now_ns: u64) {
        if record.parent == KTHREADD {
            return;
        }
        let part = self.parts.remove(&record.process);
        let summed = part.map_or_else(|| Part::of(record), |part| part.with(record));
        if !record.is_last {
            if self.parts.len() < MAX_PARTS {
                self.parts.insert(record.process, summed);
            }
            return;
        }
        if self.exits.len() >= MAX_WAITING {
            self.dropped += 1;
            return;
        }
        self.exits.push(Exit {
            pid: record.process,
            parent: record.parent,
            uid: record.uid,
            comm: summed.comm,
            start_ns: now_ns.saturating_sub(record.elapsed_ns),
            used: summed.used,
            activity: summed.activity,
        });
    }

    /// Some records are lost, and nobody knows whose: sums that were begun may be of processes that
    /// are gone, and their ids of others.
    pub(super) fn forget_parts(&mut self) {
        self.parts.clear();
    }

    /// The ends so far, in their order, and how many were dropped.
    pub(super) fn take(&mut self) -> (Vec<Exit>, u64) {
        (std::mem::take(&mut self.exits), std::mem::take(&mut self.dropped))
    }
}

impl Part {
    fn of(record: &Record) -> Self {
        Self { comm: record.comm, used: record.used, activity: record.activity }
    }

    fn with(self, record: &Record) -> Self {
        let is_leader = record.thread == record.process;
        Self {
            comm: if is_leader { record.comm } else { self.comm },
            used: self.used.plus(record.used),
            activity: self.activity.plus(&record.activity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    #[test]
    fn a_process_ends_with_its_last_thread_and_is_the_sum_of_all() {
        let mut inbox = Inbox::default();
        inbox.add(&record(10, 11, false), 100_000_000);
        inbox.add(&Record { comm: Comm::new(b"main"), ..record(10, 10, false) }, 100_000_000);
        inbox.add(&Record { comm: Comm::new(b"worker"), ..record(10, 12, true) }, 100_000_000);
        let (exits, dropped) = inbox.take();
        assert_eq!((exits.len(), dropped), (1, 0));
        assert_eq!((exits[0].pid, exits[0].comm), (10, Comm::new(b"main")));
        assert_eq!(exits[0].used.cpu_ns(), 12_000_000);
        assert_eq!(exits[0].activity.read_bytes, 3 * 4096);
        assert_eq!(exits[0].start_ns, 95_000_000);
        assert!(inbox.parts.is_empty());
    }

    #[test]
    fn a_lost_record_spoils_no_later_process() {
        let mut inbox = Inbox::default();
        inbox.add(&record(10, 11, false), 0);
        inbox.forget_parts();
        inbox.add(&record(10, 10, true), 0);
        assert_eq!(inbox.take().0[0].used.cpu_ns(), 4_000_000);
    }

    #[test]
    fn kernel_threads_are_left_out_and_the_rest_is_bounded() {
        let mut inbox = Inbox::default();
        inbox.add(&Record { parent: KTHREADD, ..record(10, 10, true) }, 0);
        for pid in 0..MAX_WAITING as u32 + 3 {
            inbox.add(&record(pid, pid, true), 0);
        }
        let (exits, dropped) = inbox.take();
        assert_eq!((exits.len(), dropped), (MAX_WAITING, 3));
        assert_eq!(inbox.take(), (Vec::new(), 0));
    }
}
