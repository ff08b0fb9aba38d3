//! What is known of a job or a step: the last good reading of each figure, and the most there was.

use edctl_jobcgroup::{Directions, Memory, Pids, Reading};

use super::counter::{Counter, CpuCounter};

/// All figures of one group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) cpu: Option<CpuCounter>,
    pub(crate) cpus: Option<u64>,
    pub(crate) periods: Option<Counter>,
    pub(crate) throttled_periods: Option<Counter>,
    pub(crate) throttled_secs: Option<Counter>,
    /// As it is now; its counts are in `failures` and `oom_kills`.
    pub(crate) memory: Memory,
    /// The most anonymous memory that a sample saw.
    pub(crate) anon_peak_bytes: Option<u64>,
    pub(crate) failures: Option<Counter>,
    pub(crate) oom_kills: Option<Counter>,
    pub(crate) bytes: Both,
    pub(crate) operations: Both,
    pub(crate) pids: Pids,
    pub(crate) cpu_stall: Stalled,
    pub(crate) memory_stall: Stalled,
    pub(crate) io_stall: Stalled,
}

/// Reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Both {
    pub(crate) read: Option<Counter>,
    pub(crate) write: Option<Counter>,
}

/// Seconds in which some tasks waited for something, and in which all did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stalled {
    pub(crate) some_secs: Option<Counter>,
    pub(crate) full_secs: Option<Counter>,
}

impl Tally {
    /// Takes one reading; what it lacks stays as it was.
    pub(crate) fn take(&mut self, reading: &Reading) {
        if let Some(cpu) = reading.cpu {
            self.cpu.get_or_insert_default().take(cpu);
        }
        self.cpus = reading.cpus.or(self.cpus);
        let throttling = reading.throttling;
        Counter::take(&mut self.periods, throttling.periods.map(|periods| periods as f64));
        let throttled_periods = throttling.throttled_periods.map(|periods| periods as f64);
        Counter::take(&mut self.throttled_periods, throttled_periods);
        Counter::take(&mut self.throttled_secs, throttling.throttled_secs);
        self.take_memory(&reading.memory);
        self.bytes.take(reading.io.bytes);
        self.operations.take(reading.io.operations);
        self.pids.current = reading.pids.current.or(self.pids.current);
        self.pids.limit = reading.pids.limit.or(self.pids.limit);
        for (stalled, read) in [
            (&mut self.cpu_stall, reading.pressure.cpu),
            (&mut self.memory_stall, reading.pressure.memory),
            (&mut self.io_stall, reading.pressure.io),
        ] {
            Counter::take(&mut stalled.some_secs, read.some_secs);
            Counter::take(&mut stalled.full_secs, read.full_secs);
        }
    }

    fn take_memory(&mut self, read: &Memory) {
        let memory = &mut self.memory;
        memory.current_bytes = read.current_bytes.or(memory.current_bytes);
        memory.limit_bytes = read.limit_bytes.or(memory.limit_bytes);
        memory.anon_bytes = read.anon_bytes.or(memory.anon_bytes);
        memory.file_bytes = read.file_bytes.or(memory.file_bytes);
        memory.shmem_bytes = read.shmem_bytes.or(memory.shmem_bytes);
        memory.peak_bytes = memory.peak_bytes.max(read.peak_bytes);
        self.anon_peak_bytes = self.anon_peak_bytes.max(read.anon_bytes);
        Counter::take(&mut self.failures, read.failures.map(|count| count as f64));
        Counter::take(&mut self.oom_kills, read.oom_kills.map(|count| count as f64));
    }
}

impl Both {
    fn take(&mut self, read: Directions) {
        Counter::take(&mut self.read, read.read.map(|read| read as f64));
        Counter::take(&mut self.write, read.write.map(|write| write as f64));
    }
}

#[cfg(test)]
mod tests {
    use edctl_jobcgroup::{Cpu, Limit};

    use super::*;

    #[test]
    fn the_last_good_reading_stays_and_peaks_rise() {
        let mut tally = Tally::default();
        let memory = Memory {
            current_bytes: Some(900),
            peak_bytes: Some(1000),
            limit_bytes: Some(Limit::At(4096)),
            anon_bytes: Some(600),
            failures: Some(2),
            ..Memory::default()
        };
        let cpu = Some(Cpu::of(1.0, 0.5));
        tally.take(&Reading { cpu, memory, cpus: Some(2), ..Reading::default() });
        // In mid-read the group vanished.
        tally.take(&Reading::default());
        assert_eq!(tally.memory.current_bytes, Some(900));
        assert_eq!(tally.memory.limit_bytes, Some(Limit::At(4096)));
        assert_eq!(tally.cpu.unwrap().total_secs(), 1.5);

        let limit_bytes = Some(Limit::None);
        let memory = Memory { limit_bytes, anon_bytes: Some(9), current_bytes: Some(10), ..memory };
        tally.take(&Reading { memory, ..Reading::default() });
        assert_eq!((tally.memory.anon_bytes, tally.anon_peak_bytes), (Some(9), Some(600)));
        assert_eq!((tally.memory.limit_bytes, tally.memory.peak_bytes), (limit_bytes, Some(1000)));
        assert_eq!(tally.failures.map(Counter::value), Some(2.0));
        assert_eq!((tally.oom_kills, tally.pids.current, tally.cpus), (None, None, Some(2)));
    }
}
