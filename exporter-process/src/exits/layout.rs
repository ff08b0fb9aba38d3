//! Where the fields of `struct taskstats` (linux/taskstats.h) stand, by the version of the record.

/// Byte offsets of the fields that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// `cpu_count`: how often it was put on a CPU; 0 where delays, and with them run times, are not
    /// accounted.
    pub(super) runs: usize,
    /// `cpu_run_virtual_total`: the scheduler's exact run time. `cpu_run_real_total`, 8 bytes before,
    /// is counted in ticks.
    pub(super) run_ns: usize,
    pub(super) comm: usize,
    pub(super) uid: usize,
    pub(super) pid: usize,
    pub(super) parent: usize,
    pub(super) elapsed_us: usize,
    pub(super) user_us: usize,
    pub(super) system_us: usize,
    pub(super) minor_faults: usize,
    pub(super) major_faults: usize,
    pub(super) read_bytes: usize,
    pub(super) write_bytes: usize,
    pub(super) voluntary_switches: usize,
    pub(super) nonvoluntary_switches: usize,
    /// `ac_tgid`
    pub(super) process: usize,
}

/// The version of a record is its first field in each version.
pub(super) const VERSION: usize = 0;
/// `ac_flag`, before the first field that ever moved.
pub(super) const FLAG: usize = 8;

/// Versions 12 (Linux 5.19) to 14, and 16 (6.14.9, 6.15), which took back what 15 had moved, with 17,
/// which adds at the end.
const STABLE: Layout = Layout {
    runs: 16,
    run_ns: 72,
    comm: 80,
    uid: 120,
    pid: 128,
    parent: 132,
    elapsed_us: 144,
    user_us: 152,
    system_us: 160,
    minor_faults: 168,
    major_faults: 176,
    read_bytes: 248,
    write_bytes: 256,
    voluntary_switches: 272,
    nonvoluntary_switches: 280,
    process: 368,
};

/// Version 15 (Linux 6.14 to 6.14.8): a `_delay_max` and a `_delay_min` behind each `_delay_total`.
const VERSION_15: Layout = Layout {
    runs: 16,
    run_ns: 120,
    comm: 128,
    uid: 168,
    pid: 176,
    parent: 180,
    elapsed_us: 192,
    user_us: 200,
    system_us: 208,
    minor_faults: 216,
    major_faults: 224,
    read_bytes: 296,
    write_bytes: 304,
    voluntary_switches: 320,
    nonvoluntary_switches: 328,
    process: 464,
};

impl Layout {
    /// The layout of a version; `None` where it is not known. Version 12 is the first that names the
    /// process of a thread and marks its last thread. What a later one moves is not foreseen: 15 has
    /// shown that it may be anything.
    pub(super) fn of_version(version: u16) -> Option<&'static Self> {
        match version {
            12..=14 | 16 | 17 => Some(&STABLE),
            15 => Some(&VERSION_15),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use edctl_testkit::{c_values, offsets};

    use super::*;

    const HEADER: &str = "/usr/include/linux/taskstats.h";
    const INCLUDE: &str = "#include <linux/taskstats.h>\n#include <linux/acct.h>";

    /// The layout by the compiler, of the structure that this includes or declares.
    fn compiled(preamble: &str) -> Layout {
        let names = [
            "version",
            "ac_flag",
            "cpu_count",
            "cpu_run_virtual_total",
            "ac_comm",
            "ac_uid",
            "ac_pid",
            "ac_ppid",
            "ac_etime",
            "ac_utime",
            "ac_stime",
            "ac_minflt",
            "ac_majflt",
            "read_bytes",
            "write_bytes",
            "nvcsw",
            "nivcsw",
            "ac_tgid",
        ];
        let offsets = offsets(preamble, "taskstats", &names);
        let mut offsets = offsets.into_iter().map(|at| usize::try_from(at).unwrap());
        let mut next = || offsets.next().unwrap();
        assert_eq!((next(), next()), (VERSION, FLAG));
        Layout {
            runs: next(),
            run_ns: next(),
            comm: next(),
            uid: next(),
            pid: next(),
            parent: next(),
            elapsed_us: next(),
            user_us: next(),
            system_us: next(),
            minor_faults: next(),
            major_faults: next(),
            read_bytes: next(),
            write_bytes: next(),
            voluntary_switches: next(),
            nonvoluntary_switches: next(),
            process: next(),
        }
    }

    #[test]
    fn the_layout_is_that_of_the_kernels_header() {
        let version = u16::try_from(c_values(INCLUDE, &["TASKSTATS_VERSION"])[0]).unwrap();
        // A header newer than this table must still have the fields where they were.
        let layout = Layout::of_version(version).unwrap_or(&STABLE);
        assert_eq!(*layout, compiled(INCLUDE), "version {version}");
    }

    /// Linux 6.14 put two fields behind each sum of delays (commits 658eb5ab916d and f65c64f311ee).
    #[test]
    fn version_15_is_the_header_with_what_that_version_put_between() {
        let version = c_values(INCLUDE, &["TASKSTATS_VERSION"])[0];
        if version == 15 {
            return;
        }
        let header = fs::read_to_string(HEADER).unwrap();
        let mut sums = 0;
        let lines: Vec<String> = header
            .lines()
            .map(|line| {
                let is_sum = line.trim_start().starts_with("__u64")
                    && line.split(';').next().is_some_and(|field| field.ends_with("_delay_total"));
                sums += u32::from(is_sum);
                let between = format!("{line}\n__u64 max_{sums}, min_{sums};");
                if is_sum { between } else { line.to_owned() }
            })
            .collect();
        // CPU, blkio, swapin, freepages, thrashing and compact stand before the process.
        assert!(sums >= 6, "{sums}");
        assert_eq!(Layout::of_version(15), Some(&compiled(&lines.join("\n"))));
    }

    #[test]
    fn unknown_versions_have_no_layout() {
        for version in [0, 11, 18, u16::MAX] {
            assert_eq!(Layout::of_version(version), None, "{version}");
        }
    }
}
