//! One process of which more than `stat` is read.

use std::collections::HashMap;

use super::Member;
use super::files::{parse_io, parse_max_open_files, parse_status, parse_wchan};
use super::sums::{Detail, Sum};
use super::switches::{Pair, Switches};
use crate::exits::Activity;
use crate::procfs::{ProcFs, ReadError};

/// Limits change seldom: they are read at first and at every so many scans.
const LIMITS_EVERY: u32 = 20;

/// A process as the last scan read it.
#[derive(Debug, Default)]
pub(super) struct Known {
    start_ns: u64,
    scan: u32,
    io: Option<(u64, u64)>,
    switches: Switches,
    max_open_files: Option<u64>,
    reads: u32,
}

/// What it takes to read one process.
pub(super) struct Reading<'a> {
    pub(super) proc: &'a mut ProcFs,
    pub(super) member: &'a Member,
    /// It counts from its start.
    pub(super) is_new: bool,
    /// Threads that this scan may still read.
    pub(super) threads_left: &'a mut u64,
}

impl Known {
    /// Makes it the process that began then, in this scan.
    pub(super) fn meet(&mut self, start_ns: u64, scan: u32) {
        if self.start_ns != start_ns {
            *self = Self { start_ns, ..Self::default() };
        }
        self.scan = scan;
    }

    pub(super) fn scan(&self) -> u32 {
        self.scan
    }

    /// What was counted of it.
    pub(super) fn activity(&self) -> Activity {
        let (read_bytes, write_bytes) = self.io.unwrap_or_default();
        let (voluntary_switches, nonvoluntary_switches) = self.switches.total();
        Activity { read_bytes, write_bytes, voluntary_switches, nonvoluntary_switches }
    }

    /// Reads its files and adds what they say to its group. Gives the files that could not be read.
    pub(super) fn read(
        &mut self,
        reading: &mut Reading<'_>,
        detail: &mut Detail,
    ) -> Vec<(&'static str, ReadError)> {
        let mut failed = Vec::new();
        self.read_status(reading, detail).unwrap_or_else(|e| failed.push(("status", e)));
        self.read_io(reading, detail).unwrap_or_else(|e| failed.push(("io", e)));
        self.read_open_files(reading, detail).unwrap_or_else(|e| failed.push(("fd", e)));
        self.read_wchan(reading, detail).unwrap_or_else(|e| failed.push(("wchan", e)));
        self.reads = self.reads.wrapping_add(1);
        failed
    }

    fn read_status(
        &mut self,
        reading: &mut Reading<'_>,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let now = &mut detail.now;
        let status = reading.proc.read(reading.member.pid, "status").map(parse_status);
        let status = spoils(status, &mut [&mut now.swapped_bytes, &mut now.switches])?;
        // Without memory of its own, nothing of it is swapped.
        now.swapped_bytes.add(status.swapped_bytes.unwrap_or(0));
        let main = status.switches.ok_or(ReadError::Malformed);
        let threads = main.and_then(|main| switches_by_thread(reading, main));
        let Some(threads) = spoils(threads, &mut [&mut now.switches])? else {
            now.switches.spoil();
            return Ok(());
        };
        let (voluntary, nonvoluntary) = self.switches.grow(threads, reading.is_new);
        detail.count(&Activity {
            voluntary_switches: voluntary,
            nonvoluntary_switches: nonvoluntary,
            ..Activity::default()
        });
        Ok(())
    }

    fn read_io(&mut self, reading: &mut Reading<'_>, detail: &mut Detail) -> Result<(), ReadError> {
        let io = reading.proc.read(reading.member.pid, "io");
        let io = io.and_then(|content| parse_io(content).ok_or(ReadError::Malformed));
        let after = spoils(io, &mut [&mut detail.now.io])?;
        let (read_bytes, write_bytes) = grow(&mut self.io, after, reading.is_new);
        detail.count(&Activity { read_bytes, write_bytes, ..Activity::default() });
        Ok(())
    }

    fn read_wchan(&self, reading: &mut Reading<'_>, detail: &mut Detail) -> Result<(), ReadError> {
        if let Some(name) = parse_wchan(reading.proc.read(reading.member.pid, "wchan")?) {
            detail.now.add_wchan(name);
        }
        Ok(())
    }

    fn read_open_files(
        &mut self,
        reading: &mut Reading<'_>,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let (proc, pid) = (&mut *reading.proc, reading.member.pid);
        let open = spoils(proc.count_open_files(pid), &mut [&mut detail.now.open_files])?;
        if self.reads.is_multiple_of(LIMITS_EVERY) {
            self.max_open_files = proc.read(pid, "limits").ok().and_then(parse_max_open_files);
        }
        detail.now.add_open_files(open, self.max_open_files);
        Ok(())
    }
}

/// The context switches of each thread, given the main one's; `None` where its threads are too many.
fn switches_by_thread(
    reading: &mut Reading<'_>,
    main: Pair,
) -> Result<Option<HashMap<u32, Pair>>, ReadError> {
    let Member { pid, threads, .. } = *reading.member;
    let mut switches = HashMap::from([(pid, main)]);
    if threads <= 1 {
        return Ok(Some(switches));
    }
    let Some(left) = reading.threads_left.checked_sub(threads) else { return Ok(None) };
    *reading.threads_left = left;
    let mut ids = Vec::new();
    reading.proc.list_threads(pid, &mut ids)?;
    for thread in ids.into_iter().filter(|thread| *thread != pid) {
        match reading.proc.read(pid, &format!("task/{thread}/status")).map(parse_status) {
            Ok(status) => {
                switches.insert(thread, status.switches.ok_or(ReadError::Malformed)?);
            }
            Err(ReadError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(switches))
}

/// A failed reading spoils the sums that it belongs to, unless the process is gone.
fn spoils<T>(reading: Result<T, ReadError>, sums: &mut [&mut Sum]) -> Result<T, ReadError> {
    if reading.as_ref().is_err_and(|error| *error != ReadError::Gone) {
        sums.iter_mut().for_each(|sum| sum.spoil());
    }
    reading
}

/// What two counters have grown by, and remembers them.
fn grow(before: &mut Option<(u64, u64)>, after: (u64, u64), is_new: bool) -> (u64, u64) {
    let base = before.unwrap_or(if is_new { (0, 0) } else { after });
    *before = Some((base.0.max(after.0), base.1.max(after.1)));
    (after.0.saturating_sub(base.0), after.1.saturating_sub(base.1))
}
