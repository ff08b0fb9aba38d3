//! A group of cgroup v1: one directory for each hierarchy.

use crate::fault::Faults;
use crate::files::Files;
use crate::group::Group;
use crate::parse::{blkio, count, cpus, limit};
use crate::values::{Cpu, Directions, Io, Memory, Pids, Pressure, Reading, Throttling};

pub(crate) fn read(group: &Group, below: &[&Group], faults: &mut Faults) -> Reading {
    // First of all: a group that ends now tells its CPU time or never.
    let cpu = read_cpu(&mut Files { group, faults });
    let memory = read_memory(group, below, faults);
    let mut files = Files { group, faults };
    Reading {
        cpu,
        throttling: read_throttling(&mut files),
        cpus: files.read("cpuset", "cpuset.cpus", cpus).flatten(),
        memory,
        io: Io {
            bytes: read_io(
                &mut files,
                ["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"],
            ),
            operations: read_io(
                &mut files,
                ["blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced"],
            ),
        },
        pids: Pids {
            current: files.read("pids", "pids.current", count),
            limit: files.read("pids", "pids.max", limit),
        },
        pressure: Pressure::default(),
    }
}

/// `cpuacct.usage` is exact; `cpuacct.stat` counts ticks and only says how it is shared out.
pub(crate) fn read_cpu(files: &mut Files<'_>) -> Option<Cpu> {
    let total_secs = files.read("cpuacct", "cpuacct.usage", count)? as f64 / 1e9;
    let stat = files.text("cpuacct", "cpuacct.stat").unwrap_or_default();
    let mut ticks = |key| files.keyed("cpuacct.stat", &stat, key);
    let system_secs = ticks("user").zip(ticks("system")).map(|(user_ticks, system_ticks)| {
        let ticks = user_ticks as f64 + system_ticks as f64;
        // Without any tick, as the kernel itself says it: all was user's.
        if ticks > 0.0 { total_secs * system_ticks as f64 / ticks } else { 0.0 }
    });
    Some(Cpu { total_secs, system_secs })
}

fn read_throttling(files: &mut Files<'_>) -> Throttling {
    let text = files.text("cpu", "cpu.stat").unwrap_or_default();
    let mut value = |key| files.keyed("cpu.stat", &text, key);
    Throttling {
        periods: value("nr_periods"),
        throttled_periods: value("nr_throttled"),
        throttled_secs: value("throttled_time").map(|nsec| nsec as f64 / 1e9),
    }
}

fn read_memory(group: &Group, below: &[&Group], faults: &mut Faults) -> Memory {
    let counts = Memory {
        failures: sum_over(group, below, faults, read_failures),
        oom_kills: sum_over(group, below, faults, read_oom_kills),
        ..Memory::default()
    };
    let mut files = Files { group, faults };
    if files.read("memory", "memory.use_hierarchy", count) == Some(0) {
        // The group's own numbers say nothing of the groups in it.
        files.faults.add("memory.use_hierarchy", "not_hierarchical");
        return counts;
    }
    let stat = files.text("memory", "memory.stat").unwrap_or_default();
    Memory {
        current_bytes: files.read("memory", "memory.usage_in_bytes", count),
        peak_bytes: files.read("memory", "memory.max_usage_in_bytes", count),
        limit_bytes: files.read("memory", "memory.limit_in_bytes", limit),
        anon_bytes: files.keyed("memory.stat", &stat, "total_rss"),
        file_bytes: files.keyed("memory.stat", &stat, "total_cache"),
        shmem_bytes: files.keyed("memory.stat", &stat, "total_shmem"),
        ..counts
    }
}

/// The sum of a count over a group and those in it. One that is gone meanwhile counts as none; one
/// whose count makes no sense leaves no sum.
fn sum_over(
    group: &Group,
    below: &[&Group],
    faults: &mut Faults,
    read: fn(&mut Files<'_>) -> Option<u64>,
) -> Option<u64> {
    let mut sum = read(&mut Files { group, faults })?;
    for group in below {
        let before = faults.total();
        let count = read(&mut Files { group, faults });
        if count.is_none() && faults.total() > before {
            return None;
        }
        sum = sum.saturating_add(count.unwrap_or(0));
    }
    Some(sum)
}

fn read_failures(files: &mut Files<'_>) -> Option<u64> {
    files.read("memory", "memory.failcnt", count)
}

fn read_oom_kills(files: &mut Files<'_>) -> Option<u64> {
    let text = files.text("memory", "memory.oom_control")?;
    files.keyed("memory.oom_control", &text, "oom_kill")
}

/// The first of the files that is there.
fn read_io(files: &mut Files<'_>, names: [&'static str; 2]) -> Directions {
    let found = names.into_iter().find_map(|name| Some((name, files.text("blkio", name)?)));
    let Some((name, text)) = found else { return Directions::default() };
    let mut sum = |operation| files.sound(name, blkio(&text, operation));
    Directions { read: sum("Read"), write: sum("Write") }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::values::Limit;
    use crate::walk::find;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (file, text) in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// The job of a tree of these files, below `CONTROLLER/slurm/uid_1/job_7`, and the faults.
    fn job(files: &[(&str, &str)]) -> (Reading, Faults) {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let (controller, rest) = file.split_once('/').unwrap();
            write(root.path(), &[(&format!("{controller}/slurm/uid_1/job_7/{rest}"), text)]);
        }
        let mut job = find(root.path()).unwrap()[0].jobs().unwrap().remove(0);
        job.find_steps().unwrap();
        let mut faults = Faults::default();
        let reading = crate::read(&job.group, &job.below(), &mut faults).unwrap();
        (reading, faults)
    }

    #[test]
    fn a_whole_job() {
        let (reading, faults) = job(&[
            ("cpu,cpuacct/cpuacct.usage", "4000000000\n"),
            ("cpu,cpuacct/cpuacct.stat", "user 300\nsystem 100\n"),
            ("cpu,cpuacct/cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000000\n"),
            ("cpuset/cpuset.cpus", "0-1,4\n"),
            ("memory/memory.use_hierarchy", "1\n"),
            ("memory/memory.usage_in_bytes", "1000\n"),
            ("memory/memory.max_usage_in_bytes", "2000\n"),
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/memory.stat", "rss 1\ntotal_cache 300\ntotal_rss 600\ntotal_shmem 50\n"),
            ("memory/memory.failcnt", "1\n"),
            ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"),
            ("memory/step_0/memory.failcnt", "4\n"),
            ("memory/step_0/task_0/memory.oom_control", "under_oom 0\noom_kill 2\n"),
            ("blkio/blkio.throttle.io_service_bytes_recursive", "8:0 Read 10\n8:0 Write 20\n"),
            ("blkio/blkio.throttle.io_serviced", "8:0 Read 1\n8:0 Write 2\nTotal 3\n"),
            ("pids/pids.current", "5\n"),
            ("pids/pids.max", "max\n"),
        ]);
        assert_eq!(faults, Faults::default());
        assert_eq!(reading.cpu, Some(Cpu::of(3.0, 1.0)));
        let throttling =
            Throttling { periods: Some(9), throttled_periods: Some(3), throttled_secs: Some(1.5) };
        assert_eq!(reading.throttling, throttling);
        assert_eq!(reading.cpus, Some(3));
        let memory = Memory {
            current_bytes: Some(1000),
            peak_bytes: Some(2000),
            limit_bytes: Some(Limit::None),
            anon_bytes: Some(600),
            file_bytes: Some(300),
            shmem_bytes: Some(50),
            failures: Some(5),
            oom_kills: Some(2),
        };
        assert_eq!(reading.memory, memory);
        assert_eq!(reading.io.bytes, Directions { read: Some(10), write: Some(20) });
        assert_eq!(reading.io.operations, Directions { read: Some(1), write: Some(2) });
        assert_eq!((reading.pids.current, reading.pids.limit), (Some(5), Some(Limit::None)));
        assert_eq!(reading.pressure, Pressure::default());
    }

    #[test]
    fn before_the_first_tick_all_is_user_time() {
        let (reading, _) = job(&[
            ("cpuacct/cpuacct.usage", "3000000\n"),
            ("cpuacct/cpuacct.stat", "user 0\nsystem 0\n"),
        ]);
        assert_eq!(reading.cpu, Some(Cpu::of(0.003, 0.0)));
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_counted() {
        let (reading, faults) = job(&[
            ("cpuacct/cpuacct.usage", "-1\n"),
            ("cpu/cpu.stat", "nr_periods x\nnr_throttled 3\nthrottled_time 1\n"),
            ("memory/memory.use_hierarchy", "0\n"),
            ("memory/memory.usage_in_bytes", "1000\n"),
            ("memory/memory.failcnt", "?\n"),
            ("pids/pids.max", "\n"),
        ]);
        let throttling =
            Throttling { periods: None, throttled_periods: Some(3), throttled_secs: Some(1e-9) };
        assert_eq!(reading, Reading { throttling, ..Reading::default() });
        let faults: Vec<_> = faults.iter().collect();
        assert_eq!(
            faults,
            [
                ("cpu.stat", "parse", 1),
                ("cpuacct.usage", "parse", 1),
                ("memory.failcnt", "parse", 1),
                ("memory.use_hierarchy", "not_hierarchical", 1),
                ("pids.max", "parse", 1),
            ]
        );
    }

    #[test]
    fn without_its_share_the_whole_stands() {
        let (reading, faults) = job(&[
            ("cpuacct/cpuacct.usage", "3000000\n"),
            ("cpuacct/cpuacct.stat", "user x\nsystem 0\n"),
        ]);
        assert_eq!(reading.cpu, Some(Cpu { total_secs: 0.003, system_secs: None }));
        assert_eq!(faults.iter().collect::<Vec<_>>(), [("cpuacct.stat", "parse", 1)]);
    }

    #[test]
    fn a_sum_that_lacks_a_group_is_absent() {
        let files = |below| {
            [
                ("memory/memory.failcnt", "1\n"),
                ("memory/memory.oom_control", "under_oom 0\noom_kill 2\n"),
                ("memory/step_0/memory.failcnt", below),
            ]
        };
        let (reading, _) = job(&files("-1\n"));
        assert_eq!((reading.memory.failures, reading.memory.oom_kills), (None, Some(2)));
        assert_eq!(job(&files("4\n")).0.memory.failures, Some(5));
    }
}
