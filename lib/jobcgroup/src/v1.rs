//! A group of cgroup v1: one directory for each hierarchy.

use crate::fault::Faults;
use crate::group::Group;
use crate::parse::{blkio, cpus, keyed, limit, number};
use crate::reading::{Cpu, Directions, Files, Io, Memory, Pids, Pressure, Reading, Throttling};

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
            current: files.read("pids", "pids.current", number),
            limit: files.read("pids", "pids.max", limit).flatten(),
        },
        pressure: Pressure::default(),
    }
}

/// `cpuacct.usage` is exact; `cpuacct.stat` counts ticks and only says how it is shared out.
pub(crate) fn read_cpu(files: &mut Files<'_>) -> Option<Cpu> {
    let usage_nsec = files.read("cpuacct", "cpuacct.usage", number)?;
    let stat = files.text("cpuacct", "cpuacct.stat")?;
    let user = keyed(&stat, "user").and_then(|user| Ok((user, keyed(&stat, "system")?)));
    let (Some(user_ticks), Some(system_ticks)) = files.sound("cpuacct.stat", user)? else {
        return None;
    };
    let usage_secs = usage_nsec as f64 / 1e9;
    let ticks = user_ticks as f64 + system_ticks as f64;
    // Without any tick, as the kernel itself says it: all was user's.
    let system_secs = if ticks > 0.0 { usage_secs * system_ticks as f64 / ticks } else { 0.0 };
    Some(Cpu { user_secs: usage_secs - system_secs, system_secs })
}

fn read_throttling(files: &mut Files<'_>) -> Option<Throttling> {
    let text = files.text("cpu", "cpu.stat")?;
    let throttled_nsec = files.sound("cpu.stat", keyed(&text, "throttled_time"))??;
    Some(Throttling {
        periods: files.sound("cpu.stat", keyed(&text, "nr_periods"))??,
        throttled_periods: files.sound("cpu.stat", keyed(&text, "nr_throttled"))??,
        throttled_secs: throttled_nsec as f64 / 1e9,
    })
}

fn read_memory(group: &Group, below: &[&Group], faults: &mut Faults) -> Memory {
    let mut failures = 0;
    let mut oom_kills = 0;
    let mut sum = |group: &Group, sum: &mut u64, file: fn(&mut Files<'_>) -> Option<u64>| {
        let count = file(&mut Files { group, faults });
        *sum += count.unwrap_or(0);
        count
    };
    let own_failures = sum(group, &mut failures, read_failures);
    let own_kills = sum(group, &mut oom_kills, read_oom_kills);
    for group in below {
        sum(group, &mut failures, read_failures);
        sum(group, &mut oom_kills, read_oom_kills);
    }
    let counts = Memory {
        failures: own_failures.map(|_| failures),
        oom_kills: own_kills.map(|_| oom_kills),
        ..Memory::default()
    };

    let mut files = Files { group, faults };
    if files.read("memory", "memory.use_hierarchy", number) == Some(0) {
        // The group's own numbers say nothing of the groups in it.
        files.faults.add("memory.use_hierarchy", "not_hierarchical");
        return counts;
    }
    let stat = files.text("memory", "memory.stat").unwrap_or_default();
    Memory {
        current_bytes: files.read("memory", "memory.usage_in_bytes", number),
        peak_bytes: files.read("memory", "memory.max_usage_in_bytes", number),
        limit_bytes: files.read("memory", "memory.limit_in_bytes", limit).flatten(),
        anon_bytes: files.sound("memory.stat", keyed(&stat, "total_rss")).flatten(),
        file_bytes: files.sound("memory.stat", keyed(&stat, "total_cache")).flatten(),
        shmem_bytes: files.sound("memory.stat", keyed(&stat, "total_shmem")).flatten(),
        ..counts
    }
}

fn read_failures(files: &mut Files<'_>) -> Option<u64> {
    files.read("memory", "memory.failcnt", number)
}

fn read_oom_kills(files: &mut Files<'_>) -> Option<u64> {
    let text = files.text("memory", "memory.oom_control")?;
    files.sound("memory.oom_control", keyed(&text, "oom_kill"))?
}

/// The first of the files that is there.
fn read_io(files: &mut Files<'_>, names: [&'static str; 2]) -> Option<Directions> {
    let (name, text) =
        names.into_iter().find_map(|name| Some((name, files.text("blkio", name)?)))?;
    Some(Directions {
        read: files.sound(name, blkio(&text, "Read"))?,
        write: files.sound(name, blkio(&text, "Write"))?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
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
        assert_eq!(reading.cpu, Some(Cpu { user_secs: 3.0, system_secs: 1.0 }));
        let throttling = Throttling { periods: 9, throttled_periods: 3, throttled_secs: 1.5 };
        assert_eq!(reading.throttling, Some(throttling));
        assert_eq!(reading.cpus, Some(3));
        let memory = Memory {
            current_bytes: Some(1000),
            peak_bytes: Some(2000),
            limit_bytes: None,
            anon_bytes: Some(600),
            file_bytes: Some(300),
            shmem_bytes: Some(50),
            failures: Some(5),
            oom_kills: Some(2),
        };
        assert_eq!(reading.memory, memory);
        assert_eq!(reading.io.bytes, Some(Directions { read: 10, write: 20 }));
        assert_eq!(reading.io.operations, Some(Directions { read: 1, write: 2 }));
        assert_eq!((reading.pids.current, reading.pids.limit), (Some(5), None));
        assert_eq!(reading.pressure, Pressure::default());
    }

    #[test]
    fn before_the_first_tick_all_is_user_time() {
        let (reading, _) = job(&[
            ("cpuacct/cpuacct.usage", "3000000\n"),
            ("cpuacct/cpuacct.stat", "user 0\nsystem 0\n"),
        ]);
        assert_eq!(reading.cpu, Some(Cpu { user_secs: 0.003, system_secs: 0.0 }));
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
        assert_eq!(reading, Reading::default());
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
}
