//! A group of cgroup v2: one directory, whose files count the groups in it too.

use crate::fault::Faults;
use crate::group::Group;
use crate::parse::{cpus, io_stat, keyed, limit, number, pressure_usec};
use crate::reading::{
    Cpu, Directions, Files, Io, Memory, Pids, Pressure, Reading, Stall, Throttling,
};

/// v2 names its files by themselves; the controller matters only under v1.
const ANY: &str = "";

pub(crate) fn read(group: &Group, faults: &mut Faults) -> Reading {
    let mut files = Files { group, faults };
    let cpu_stat = files.text(ANY, "cpu.stat");
    Reading {
        cpu: cpu_stat.as_deref().and_then(|text| parse_cpu(&mut files, text)),
        throttling: cpu_stat.as_deref().and_then(|text| parse_throttling(&mut files, text)),
        cpus: files.read(ANY, "cpuset.cpus.effective", cpus).flatten(),
        memory: read_memory(&mut files),
        io: read_io(&mut files),
        pids: Pids {
            current: files.read(ANY, "pids.current", number),
            limit: files.read(ANY, "pids.max", limit).flatten(),
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

fn parse_cpu(files: &mut Files<'_>, text: &str) -> Option<Cpu> {
    Some(Cpu {
        user_secs: secs(files.sound("cpu.stat", keyed(text, "user_usec"))??),
        system_secs: secs(files.sound("cpu.stat", keyed(text, "system_usec"))??),
    })
}

fn parse_throttling(files: &mut Files<'_>, text: &str) -> Option<Throttling> {
    Some(Throttling {
        periods: files.sound("cpu.stat", keyed(text, "nr_periods"))??,
        throttled_periods: files.sound("cpu.stat", keyed(text, "nr_throttled"))??,
        throttled_secs: secs(files.sound("cpu.stat", keyed(text, "throttled_usec"))??),
    })
}

fn read_memory(files: &mut Files<'_>) -> Memory {
    let stat = files.text(ANY, "memory.stat").unwrap_or_default();
    let events = files.text(ANY, "memory.events").unwrap_or_default();
    Memory {
        current_bytes: files.read(ANY, "memory.current", number),
        peak_bytes: files.read(ANY, "memory.peak", number),
        limit_bytes: files.read(ANY, "memory.max", limit).flatten(),
        anon_bytes: files.sound("memory.stat", keyed(&stat, "anon")).flatten(),
        file_bytes: files.sound("memory.stat", keyed(&stat, "file")).flatten(),
        shmem_bytes: files.sound("memory.stat", keyed(&stat, "shmem")).flatten(),
        failures: files.sound("memory.events", keyed(&events, "max")).flatten(),
        oom_kills: files.sound("memory.events", keyed(&events, "oom_kill")).flatten(),
    }
}

fn read_io(files: &mut Files<'_>) -> Io {
    let Some(text) = files.text(ANY, "io.stat") else { return Io::default() };
    let mut directions = |read, write| {
        Some(Directions {
            read: files.sound("io.stat", io_stat(&text, read))?,
            write: files.sound("io.stat", io_stat(&text, write))?,
        })
    };
    Io { bytes: directions("rbytes", "wbytes"), operations: directions("rios", "wios") }
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
        assert_eq!(reading.cpu, Some(Cpu { user_secs: 3.0, system_secs: 1.0 }));
        let throttling = Throttling { periods: 9, throttled_periods: 3, throttled_secs: 1.5 };
        assert_eq!(reading.throttling, Some(throttling));
        assert_eq!(reading.cpus, Some(4));
        let memory = Memory {
            current_bytes: Some(1000),
            peak_bytes: Some(2000),
            limit_bytes: Some(4096),
            anon_bytes: Some(600),
            file_bytes: Some(300),
            shmem_bytes: Some(50),
            failures: Some(5),
            oom_kills: Some(1),
        };
        assert_eq!(reading.memory, memory);
        assert_eq!(reading.io.bytes, Some(Directions { read: 10, write: 20 }));
        assert_eq!(reading.io.operations, Some(Directions { read: 1, write: 2 }));
        assert_eq!((reading.pids.current, reading.pids.limit), (Some(5), Some(100)));
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
        let io = Io { bytes: None, operations: Some(Directions { read: 1, write: 1 }) };
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
}
