//! One exit record of the kernel: `struct taskstats`, linux/taskstats.h. The layout only ever grows at
//! its end; the offsets below have stood since version 12 (Linux 5.19), the first that names the
//! process of a thread and marks the last thread.

use crate::comm::Comm;
use crate::usage::Usage;

/// The first version with the thread group's id and the mark of its last thread.
const OLDEST_VERSION: u16 = 12;
/// In `ac_flag`: the last thread of its process.
const LAST_OF_PROCESS: u8 = 0x20;
/// Bytes of the name's field that the kernel uses.
const COMM_BYTES: usize = 16;

const VERSION: usize = 0;
const FLAG: usize = 8;
/// How often it was put on a CPU; 0 where delays, and with them run times, are not accounted.
const RUNS: usize = 16;
const RUN_VIRTUAL_NS: usize = 64;
const COMM: usize = 80;
const UID: usize = 120;
const PID: usize = 128;
const PARENT: usize = 132;
const ELAPSED_US: usize = 144;
const USER_US: usize = 152;
const SYSTEM_US: usize = 160;
const MINOR_FAULTS: usize = 168;
const MAJOR_FAULTS: usize = 176;
const READ_BYTES: usize = 248;
const WRITE_BYTES: usize = 256;
const VOLUNTARY_SWITCHES: usize = 272;
const NONVOLUNTARY_SWITCHES: usize = 280;
const PROCESS: usize = 368;

/// What a process has done with disks and with the scheduler since it began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) read_bytes: u64,
    pub(crate) write_bytes: u64,
    pub(crate) voluntary_switches: u64,
    pub(crate) nonvoluntary_switches: u64,
}

impl Activity {
    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// What this is more than `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        self.zip(before, u64::saturating_sub)
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            read_bytes: f(self.read_bytes, other.read_bytes),
            write_bytes: f(self.write_bytes, other.write_bytes),
            voluntary_switches: f(self.voluntary_switches, other.voluntary_switches),
            nonvoluntary_switches: f(self.nonvoluntary_switches, other.nonvoluntary_switches),
        }
    }
}

/// A thread that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) thread: u32,
    pub(super) process: u32,
    pub(super) parent: u32,
    pub(super) uid: u32,
    pub(super) comm: Comm,
    pub(super) is_last: bool,
    pub(super) elapsed_ns: u64,
    pub(super) used: Usage,
    pub(super) activity: Activity,
}

/// Why bytes are no record that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The kernel is older than what is needed.
    OldKernel,
    /// Shorter than it says.
    Short,
}

impl Record {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        let raw = Raw(bytes);
        let version = bytes.get(VERSION..VERSION + 2).ok_or(Unusable::Short)?;
        if u16::from_ne_bytes([version[0], version[1]]) < OLDEST_VERSION {
            return Err(Unusable::OldKernel);
        }
        raw.record().ok_or(Unusable::Short)
    }
}

struct Raw<'a>(&'a [u8]);

impl Raw<'_> {
    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(self.0.get(at..at + 4)?.try_into().ok()?))
    }

    fn u64(&self, at: usize) -> Option<u64> {
        Some(u64::from_ne_bytes(self.0.get(at..at + 8)?.try_into().ok()?))
    }

    fn record(&self) -> Option<Record> {
        let comm = self.0.get(COMM..COMM + COMM_BYTES)?;
        let end = comm.iter().position(|b| *b == 0).unwrap_or(COMM_BYTES);
        Some(Record {
            thread: self.u32(PID)?,
            process: self.u32(PROCESS)?,
            parent: self.u32(PARENT)?,
            uid: self.u32(UID)?,
            comm: Comm::new(&comm[..end]),
            is_last: self.0.get(FLAG)? & LAST_OF_PROCESS != 0,
            elapsed_ns: self.u64(ELAPSED_US)?.saturating_mul(1000),
            used: self.used()?,
            activity: Activity {
                read_bytes: self.u64(READ_BYTES)?,
                write_bytes: self.u64(WRITE_BYTES)?,
                voluntary_switches: self.u64(VOLUNTARY_SWITCHES)?,
                nonvoluntary_switches: self.u64(NONVOLUNTARY_SWITCHES)?,
            },
        })
    }

    /// The scheduler's exact run time, split by the sampled user and system times, as the kernel
    /// itself does for `stat`. Without the exact one (a kernel without delay accounting), the
    /// sampled ones.
    fn used(&self) -> Option<Usage> {
        let sampled = Usage {
            user_ns: self.u64(USER_US)?.saturating_mul(1000),
            system_ns: self.u64(SYSTEM_US)?.saturating_mul(1000),
            minor_faults: self.u64(MINOR_FAULTS)?,
            major_faults: self.u64(MAJOR_FAULTS)?,
        };
        let exact_ns = self.u64(RUN_VIRTUAL_NS)?;
        if self.u64(RUNS)? == 0 {
            return Some(sampled);
        }
        let Usage { minor_faults, major_faults, .. } = sampled;
        Some(Usage { minor_faults, major_faults, ..sampled.split(exact_ns) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes of a record as Linux 6.18 (version 16) lays them out.
    pub(in crate::exits) fn bytes(record: &Record) -> Vec<u8> {
        let mut bytes = vec![0; 560];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(VERSION, &16u16.to_ne_bytes());
        put(FLAG, &[if record.is_last { 0x30 } else { 0x10 }]);
        put(RUNS, &[1]);
        put(RUN_VIRTUAL_NS, &record.used.cpu_ns().to_ne_bytes());
        put(COMM, record.comm.bytes());
        for (at, value) in [
            (UID, record.uid),
            (PID, record.thread),
            (PARENT, record.parent),
            (PROCESS, record.process),
        ] {
            put(at, &value.to_ne_bytes());
        }
        for (at, value) in [
            (ELAPSED_US, record.elapsed_ns / 1000),
            (USER_US, record.used.user_ns / 1000),
            (SYSTEM_US, record.used.system_ns / 1000),
            (MINOR_FAULTS, record.used.minor_faults),
            (MAJOR_FAULTS, record.used.major_faults),
            (READ_BYTES, record.activity.read_bytes),
            (WRITE_BYTES, record.activity.write_bytes),
            (VOLUNTARY_SWITCHES, record.activity.voluntary_switches),
            (NONVOLUNTARY_SWITCHES, record.activity.nonvoluntary_switches),
        ] {
            put(at, &value.to_ne_bytes());
        }
        bytes
    }

    pub(in crate::exits) fn record(process: u32, thread: u32, is_last: bool) -> Record {
        Record {
            thread,
            process,
            parent: 7,
            uid: 1000,
            comm: Comm::new(b"yosys"),
            is_last,
            elapsed_ns: 5_000_000,
            used: Usage {
                user_ns: 3_000_000,
                system_ns: 1_000_000,
                minor_faults: 20,
                major_faults: 1,
            },
            activity: Activity {
                read_bytes: 4096,
                write_bytes: 8192,
                voluntary_switches: 3,
                nonvoluntary_switches: 4,
            },
        }
    }

    #[test]
    fn reads_what_the_kernel_writes() {
        let record = record(10, 11, true);
        assert_eq!(Record::parse(&bytes(&record)), Ok(record));
    }

    #[test]
    fn the_sampled_time_counts_only_where_there_is_no_exact_one() {
        let record = record(10, 10, false);
        let mut bytes = bytes(&record);
        bytes[RUN_VIRTUAL_NS..RUN_VIRTUAL_NS + 8].fill(0);
        assert_eq!(Record::parse(&bytes).map(|record| record.used.cpu_ns()), Ok(0));
        bytes[RUNS] = 0;
        assert_eq!(Record::parse(&bytes), Ok(record));
    }

    #[test]
    fn old_and_short_records_are_told_apart() {
        let mut bytes = bytes(&record(10, 10, true));
        assert_eq!(Record::parse(&bytes[..100]), Err(Unusable::Short));
        bytes[0] = 11;
        assert_eq!(Record::parse(&bytes), Err(Unusable::OldKernel));
        assert_eq!(Record::parse(&[]), Err(Unusable::Short));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Record::parse(&bytes);
        }
    }
}
