//! A group of cgroup v2: one directory, whose files count the groups in it too.

use crate::fault::Faults;
use crate::files::Files;
use crate::group::Group;
use crate::parse::{count, cpus, io_stat, limit, pressure_usec};
use crate::values::{Cpu, Directions, Io, Memory, Pids, Pressure, Reading, Stall, Throttling};

/// v2 names its files by themselves; the controller matters only under v1.
const ANY: &str = "";

pub(crate) fn read(group: &Group, faults: &mut Faults) -> Reading {
    let mut files = Files { group, faults };
    let cpu_stat = files.text(ANY, "cpu.stat").unwrap_or_default();
    Reading {
        cpu: parse_cpu(&mut files, &cpu_stat),
        throttling: parse_throttling(&mut files, &cpu_stat),
        cpus: files.read(ANY, "cpuset.cpus.effective", cpus).flatten(),
        memory: read_memory(&mut files),
        io: read_io(&mut files),
        pids: Pids {
            current: files.read(ANY, "pids.current", count),
            limit: files.read(ANY, "pids.max", limit),
        },
        pressure: Pressure {
            cpu: read_stall(&mut files, "cpu.pressure"),
            memory: read_stall(&mut files, "memory.pressure"),
            io: read_stall(&mut files, "io.pressure"),
        },
    }
}

fn secs(usec: u64) -> f64 {
    usec as f64 / 1e6
}

pub(crate) fn read_cpu(files: &mut Files<'_>) -> Option<Cpu> {
    let text = files.text(ANY, "cpu.stat")?;
    parse_cpu(files, &text)
}

/// User and system time are the whole (`usage_usec`), but for a microsecond of rounding: where one of
/// the three makes no sense, the others say it.
fn parse_cpu(files: &mut Files<'_>, text: &[u8]) -> Option<Cpu> {
    let mut value = |key| files.keyed("cpu.stat", text, key);
    let (user, system, usage) = (value("user_usec"), value("system_usec"), value("usage_usec"));
    let less = |part: Option<u64>| usage?.checked_sub(part?);
    let (user, system) = (user.or_else(|| less(system)), system.or_else(|| less(user)));
    let total = user.zip(system).map(|(user, system)| user.saturating_add(system)).or(usage)?;
    Some(Cpu { total_secs: secs(total), system_secs: system.map(secs) })
}

fn parse_throttling(files: &mut Files<'_>, text: &[u8]) -> Throttling {
    let mut value = |key| files.keyed("cpu.stat", text, key);
    Throttling {
        periods: value("nr_periods"),
        throttled_periods: value("nr_throttled"),
        throttled_secs: value("throttled_usec").map(secs),
    }
}

fn read_memory(files: &mut Files<'_>) -> Memory {
    let stat = files.text(ANY, "memory.stat").unwrap_or_default();
    let events = files.text(ANY, "memory.events").unwrap_or_default();
    Memory {
        current_bytes: files.read(ANY, "memory.current", count),
        peak_bytes: files.read(ANY, "memory.peak", count),
        limit_bytes: files.read(ANY, "memory.max", limit),
        anon_bytes: files.keyed("memory.stat", &stat, "anon"),
        file_bytes: files.keyed("memory.stat", &stat, "file"),
        shmem_bytes: files.keyed("memory.stat", &stat, "shmem"),
        failures: files.keyed("memory.events", &events, "max"),
        oom_kills: files.keyed("memory.events", &events, "oom_kill"),
    }
}

fn read_io(files: &mut Files<'_>) -> Io {
    let Some(text) = files.text(ANY, "io.stat") else { return Io::default() };
    let mut sum = |key| files.sound("io.stat", io_stat(&text, key));
    Io {
        bytes: Directions { read: sum("rbytes"), write: sum("wbytes") },
        operations: Directions { read: sum("rios"), write: sum("wios") },
    }
}

fn read_stall(files: &mut Files<'_>, name: &'static str) -> Stall {
    let Some(text) = files.text(ANY, name) else { return Stall::default() };
    let mut total = |kind| files.sound(name, pressure_usec(&text, kind)).flatten().map(secs);
    Stall { some_secs: total("some"), full_secs: total("full") }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::values::Limit;
    use crate::walk::find;

    /// The job of these files, and the faults.
    fn job(files: &[(&str, &str)]) -> (Reading, Faults) {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("system.slice/slurmstepd.scope/job_7");
        fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            fs::write(dir.join(file), text).unwrap();
        }
        let job = find(root.path()).unwrap()[0].jobs().unwrap().remove(0);
        let mut faults = Faults::default();
        let reading = crate::read(&job.group, &[], &mut faults).unwrap();
        (reading, faults)
    }

    #[test]
    fn a_whole_job() {
        let cpu = "usage_usec 4000000\nuser_usec 3000000\nsystem_usec 1000000\n\
                   nr_periods 9\nnr_throttled 3\nthrottled_usec 1500000\n";
        let pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n\
                        full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n";
        let (reading, faults) = job(&[
            ("cpu.stat", cpu),
            ("cpuset.cpus.effective", "0-3\n"),
            ("memory.current", "1000\n"),
            ("memory.peak", "2000\n"),
            ("memory.max", "4096\n"),
            ("memory.stat", "anon 600\nfile 300\nkernel 9\nshmem 50\n"),
            ("memory.events", "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\n"),
            ("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"),
            ("pids.current", "5\n"),
            ("pids.max", "100\n"),
            ("cpu.pressure", pressure),
            ("io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
        ]);
        assert_eq!(faults, Faults::default());
        assert_eq!(reading.cpu, Some(Cpu::of(3.0, 1.0)));
        let throttling =
            Throttling { periods: Some(9), throttled_periods: Some(3), throttled_secs: Some(1.5) };
        assert_eq!(reading.throttling, throttling);
        assert_eq!(reading.cpus, Some(4));
        let memory = Memory {
            current_bytes: Some(1000),
            peak_bytes: Some(2000),
            limit_bytes: Some(Limit::At(4096)),
            anon_bytes: Some(600),
            file_bytes: Some(300),
            shmem_bytes: Some(50),
            failures: Some(5),
            oom_kills: Some(1),
        };
        assert_eq!(reading.memory, memory);
        assert_eq!(reading.io.bytes, Directions { read: Some(10), write: Some(20) });
        assert_eq!(reading.io.operations, Directions { read: Some(1), write: Some(2) });
        assert_eq!((reading.pids.current, reading.pids.limit), (Some(5), Some(Limit::At(100))));
        assert_eq!(reading.pressure.cpu, Stall { some_secs: Some(2.5), full_secs: Some(0.5) });
        assert_eq!(reading.pressure.io, Stall { some_secs: Some(0.0), full_secs: None });
        assert_eq!(reading.pressure.memory, Stall::default());
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_counted() {
        let (reading, faults) = job(&[
            ("cpu.stat", "user_usec -1\nsystem_usec 1\n"),
            ("memory.current", ""),
            ("memory.max", "unlimited\n"),
            ("memory.stat", "anon x\nfile 1\n"),
            ("io.stat", "8:0 rbytes=-1 wbytes=2 rios=1 wios=1\n"),
            ("memory.pressure", "some avg10=0.00\n"),
        ]);
        let memory = Memory { file_bytes: Some(1), ..Memory::default() };
        let io = Io {
            bytes: Directions { read: None, write: Some(2) },
            operations: Directions { read: Some(1), write: Some(1) },
        };
        assert_eq!(reading, Reading { memory, io, ..Reading::default() });
        let faults: Vec<_> = faults.iter().collect();
        assert_eq!(
            faults,
            [
                ("cpu.stat", "parse", 1),
                ("io.stat", "parse", 1),
                ("memory.current", "parse", 1),
                ("memory.max", "parse", 1),
                ("memory.pressure", "parse", 1),
                ("memory.stat", "parse", 1),
            ]
        );
    }

    #[test]
    fn a_group_that_is_gone_is_no_fault() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("system.slice/slurmstepd.scope/job_7");
        fs::create_dir_all(&dir).unwrap();
        let job = find(root.path()).unwrap()[0].jobs().unwrap().remove(0);
        let mut faults = Faults::default();
        assert_eq!(crate::read(&job.group, &[], &mut faults), Some(Reading::default()));
        fs::remove_dir(&dir).unwrap();
        assert_eq!(crate::read(&job.group, &[], &mut faults), None);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn of_three_cpu_times_two_say_the_third() {
        for (text, expected, faults) in [
            ("usage_usec 9\nuser_usec -1\nsystem_usec 4\n", Some(Cpu::of(5e-6, 4e-6)), 1),
            ("usage_usec 9\nuser_usec 5\nsystem_usec x\n", Some(Cpu::of(5e-6, 4e-6)), 1),
            ("usage_usec \nuser_usec 5\nsystem_usec 4\n", Some(Cpu::of(5e-6, 4e-6)), 1),
            (
                "usage_usec 9\nuser_usec x\nsystem_usec x\n",
                Some(Cpu { total_secs: 9e-6, system_secs: None }),
                2,
            ),
            ("user_usec x\nsystem_usec 4\n", None, 1),
        ] {
            let (reading, counted) = job(&[("cpu.stat", text)]);
            assert_eq!((reading.cpu, counted.total()), (expected, faults), "{text:?}");
        }
    }

    #[test]
    fn no_number_needs_the_rest_to_be_utf_8() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("system.slice/slurmstepd.scope/job_7");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("memory.stat"), b"\xfc\nanon 600\nfi\xfce 3\nshmem \xfc\n").unwrap();
        let job = find(root.path()).unwrap()[0].jobs().unwrap().remove(0);
        let mut faults = Faults::default();
        let reading = crate::read(&job.group, &[], &mut faults).unwrap();
        let memory = Memory { anon_bytes: Some(600), ..Memory::default() };
        assert_eq!(reading, Reading { memory, ..Reading::default() });
        assert_eq!(faults.iter().collect::<Vec<_>>(), [("memory.stat", "parse", 1)]);
    }
}
