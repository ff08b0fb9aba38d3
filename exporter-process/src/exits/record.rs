//! One exit record of the kernel: `struct taskstats`, linux/taskstats.h.

use edctl_netlink::{u16_at, u32_at, u64_at};

use super::layout::{FLAG, Layout, VERSION};
use crate::comm::Comm;
use crate::usage::{Usage, growth};

/// In `ac_flag`: the last thread of its process (`AGROUP`, linux/acct.h).
const LAST_OF_PROCESS: u8 = 0x20;
/// Bytes of the name's field that the kernel uses.
const COMM_BYTES: usize = 16;
/// The first version whose layout is known.
const OLDEST_VERSION: u16 = 12;

/// What a process has done with disks and with the scheduler since it began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity<T = u64> {
    pub(crate) read_bytes: T,
    pub(crate) write_bytes: T,
    pub(crate) voluntary_switches: T,
    pub(crate) nonvoluntary_switches: T,
}

impl<T: Copy> Activity<T> {
    fn zip<U: Copy, V>(&self, other: &Activity<U>, f: impl Fn(T, U) -> V) -> Activity<V> {
        Activity {
            read_bytes: f(self.read_bytes, other.read_bytes),
            write_bytes: f(self.write_bytes, other.write_bytes),
            voluntary_switches: f(self.voluntary_switches, other.voluntary_switches),
            nonvoluntary_switches: f(self.nonvoluntary_switches, other.nonvoluntary_switches),
        }
    }
}

impl Activity {
    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// What this is more than `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        self.zip(before, u64::saturating_sub)
    }
}

/// As the kernel says it, where a figure that makes no sense is absent.
impl Activity<Option<u64>> {
    /// The greater of both, figure by figure; the other where one is absent.
    pub(crate) fn max(&self, other: &Self) -> Self {
        self.zip(other, Option::max)
    }

    /// What this is more than `before`; a figure that is absent in either has not grown.
    pub(crate) fn since(&self, before: &Self) -> Activity {
        self.zip(before, growth)
    }

    pub(crate) fn is_absent(&self) -> Activity<bool> {
        self.zip(self, |figure, _| figure.is_none())
    }
}

impl Activity<bool> {
    pub(crate) fn or(&self, other: &Self) -> Self {
        self.zip(other, |one, other| one || other)
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
    /// Figures that make no sense and are left out of `used` and `activity`.
    pub(super) left_out: u64,
}

/// Why bytes are no record that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The kernel is older than what is needed.
    OldKernel,
    /// Nobody here knows where the fields of this version stand.
    UnknownVersion(u16),
    /// Shorter than it says, or without a time for which the thread lived.
    Malformed,
}

impl Record {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        let version = u16_at(bytes, VERSION).ok_or(Unusable::Malformed)?;
        let layout = Layout::of_version(version).ok_or(match version {
            ..OLDEST_VERSION => Unusable::OldKernel,
            _ => Unusable::UnknownVersion(version),
        })?;
        Raw { bytes, layout, left_out: 0 }.record().ok_or(Unusable::Malformed)
    }
}

struct Raw<'a> {
    bytes: &'a [u8],
    layout: &'static Layout,
    left_out: u64,
}

impl Raw<'_> {
    fn record(mut self) -> Option<Record> {
        let Self { bytes, layout, .. } = self;
        let comm = bytes.get(layout.comm..layout.comm + COMM_BYTES)?;
        let end = comm.iter().position(|b| *b == 0).unwrap_or(COMM_BYTES);
        // Without it nobody knows whether the process is one that was there before.
        let elapsed_us = u64_at(bytes, layout.elapsed_us).filter(|us| is_count(*us))?;
        let used = self.used()?;
        let activity = self.activity()?;
        Some(Record {
            thread: u32_at(bytes, layout.pid)?,
            process: u32_at(bytes, layout.process)?,
            parent: u32_at(bytes, layout.parent)?,
            uid: u32_at(bytes, layout.uid)?,
            comm: Comm::new(&comm[..end]),
            is_last: bytes.get(FLAG)? & LAST_OF_PROCESS != 0,
            elapsed_ns: elapsed_us.saturating_mul(1000),
            used,
            activity,
            left_out: self.left_out,
        })
    }

    /// The scheduler's exact run time, split by the sampled user and system times, as the kernel
    /// itself does for `stat`. Without the exact one (a kernel without delay accounting), the
    /// sampled ones.
    fn used(&mut self) -> Option<Usage> {
        let layout = self.layout;
        let sampled = Usage {
            user_ns: self.figure(layout.user_us)?.unwrap_or(0).saturating_mul(1000),
            system_ns: self.figure(layout.system_us)?.unwrap_or(0).saturating_mul(1000),
            minor_faults: self.figure(layout.minor_faults)?.unwrap_or(0),
            major_faults: self.figure(layout.major_faults)?.unwrap_or(0),
        };
        let exact_ns = self.figure(layout.run_ns)?;
        match exact_ns {
            Some(exact_ns) if u64_at(self.bytes, layout.runs)? > 0 => {
                let Usage { minor_faults, major_faults, .. } = sampled;
                Some(Usage { minor_faults, major_faults, ..sampled.split(exact_ns) })
            }
            _ => Some(sampled),
        }
    }

    fn activity(&mut self) -> Option<Activity> {
        let layout = self.layout;
        Some(Activity {
            read_bytes: self.figure(layout.read_bytes)?.unwrap_or(0),
            write_bytes: self.figure(layout.write_bytes)?.unwrap_or(0),
            voluntary_switches: self.figure(layout.voluntary_switches)?.unwrap_or(0),
            nonvoluntary_switches: self.figure(layout.nonvoluntary_switches)?.unwrap_or(0),
        })
    }

    /// `None` where the record ends before it, `Some(None)` and noted where it is no count.
    fn figure(&mut self, at: usize) -> Option<Option<u64>> {
        let figure = Some(u64_at(self.bytes, at)?).filter(|figure| is_count(*figure));
        self.left_out += u64::from(figure.is_none());
        Some(figure)
    }
}

/// Whether a number can be a count; at or above 2^63 it went below zero.
fn is_count(number: u64) -> bool {
    i64::try_from(number).is_ok()
}

#[cfg(test)]
pub(super) mod tests {
    use edctl_testkit::c_output;
    use proptest::prelude::*;

    use super::*;

    /// The bytes of a record of this version.
    fn bytes(record: &Record, version: u16) -> Vec<u8> {
        let layout = Layout::of_version(version).unwrap();
        let mut bytes = vec![0; 560];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(VERSION, &version.to_ne_bytes());
        put(FLAG, &[if record.is_last { 0x30 } else { 0x10 }]);
        put(layout.runs, &[1]);
        put(layout.comm, record.comm.bytes());
        for (at, value) in [
            (layout.uid, record.uid),
            (layout.pid, record.thread),
            (layout.parent, record.parent),
            (layout.process, record.process),
        ] {
            put(at, &value.to_ne_bytes());
        }
        for (at, value) in [
            (layout.run_ns, record.used.cpu_ns()),
            (layout.elapsed_us, record.elapsed_ns / 1000),
            (layout.user_us, record.used.user_ns / 1000),
            (layout.system_us, record.used.system_ns / 1000),
            (layout.minor_faults, record.used.minor_faults),
            (layout.major_faults, record.used.major_faults),
            (layout.read_bytes, record.activity.read_bytes),
            (layout.write_bytes, record.activity.write_bytes),
            (layout.voluntary_switches, record.activity.voluntary_switches),
            (layout.nonvoluntary_switches, record.activity.nonvoluntary_switches),
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
            left_out: 0,
        }
    }

    /// The bytes of [`record`] as a program lays them out that was compiled with the kernel's header,
    /// each other field full of ones.
    fn bytes_by_the_header() -> Vec<u8> {
        let fill = "struct taskstats s;
            memset(&s, 1, sizeof s);
            s.version = TASKSTATS_VERSION;
            s.ac_flag = AFORK | AGROUP;
            s.cpu_count = 3;
            s.cpu_run_virtual_total = 4000000;
            strcpy(s.ac_comm, \"yosys\");
            s.ac_uid = 1000;
            s.ac_pid = 11;
            s.ac_ppid = 7;
            s.ac_etime = 5000;
            s.ac_utime = 6000;
            s.ac_stime = 2000;
            s.ac_minflt = 20;
            s.ac_majflt = 1;
            s.read_bytes = 4096;
            s.write_bytes = 8192;
            s.nvcsw = 3;
            s.nivcsw = 4;
            s.ac_tgid = 10;
            fwrite(&s, sizeof s, 1, stdout);
            ";
        let include = "#include <string.h>\n#include <linux/taskstats.h>\n#include <linux/acct.h>";
        c_output(include, fill)
    }

    #[test]
    fn reads_what_the_kernels_header_lays_out() {
        let mut bytes = bytes_by_the_header();
        let version = u16_at(&bytes, VERSION).unwrap();
        if Layout::of_version(version).is_none() {
            bytes[VERSION..VERSION + 2].copy_from_slice(&16u16.to_ne_bytes());
        }
        assert_eq!(Record::parse(&bytes), Ok(record(10, 11, true)));
    }

    #[test]
    fn reads_all_known_versions() {
        for version in 12..=17 {
            let record = record(10, 11, true);
            assert_eq!(Record::parse(&bytes(&record, version)), Ok(record), "version {version}");
        }
    }

    #[test]
    fn the_sampled_time_counts_only_where_there_is_no_exact_one() {
        let record = record(10, 10, false);
        let mut bytes = bytes(&record, 16);
        let layout = Layout::of_version(16).unwrap();
        bytes[layout.run_ns..layout.run_ns + 8].fill(0);
        assert_eq!(Record::parse(&bytes).map(|record| record.used.cpu_ns()), Ok(0));
        bytes[layout.runs] = 0;
        assert_eq!(Record::parse(&bytes), Ok(record));
    }

    #[test]
    fn a_figure_below_zero_is_left_out_alone() {
        let whole = record(10, 10, true);
        let layout = Layout::of_version(16).unwrap();
        let below_zero = |at: usize| {
            let mut bytes = bytes(&whole, 16);
            bytes[at..at + 8].copy_from_slice(&(-5i64).to_ne_bytes());
            Record::parse(&bytes)
        };
        let used = Usage { minor_faults: 0, ..whole.used };
        assert_eq!(below_zero(layout.minor_faults), Ok(Record { used, left_out: 1, ..whole }));
        let activity = Activity { write_bytes: 0, ..whole.activity };
        assert_eq!(below_zero(layout.write_bytes), Ok(Record { activity, left_out: 1, ..whole }));
        // The sampled time stands for the exact one.
        assert_eq!(below_zero(layout.run_ns), Ok(Record { left_out: 1, ..whole }));
        assert_eq!(below_zero(layout.elapsed_us), Err(Unusable::Malformed));
    }

    #[test]
    fn old_unknown_and_short_records_are_told_apart() {
        let mut bytes = bytes(&record(10, 10, true), 16);
        assert_eq!(Record::parse(&bytes[..100]), Err(Unusable::Malformed));
        bytes[0] = 11;
        assert_eq!(Record::parse(&bytes), Err(Unusable::OldKernel));
        bytes[0] = 18;
        assert_eq!(Record::parse(&bytes), Err(Unusable::UnknownVersion(18)));
        assert_eq!(Record::parse(&[]), Err(Unusable::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Record::parse(&bytes);
        }
    }
}
