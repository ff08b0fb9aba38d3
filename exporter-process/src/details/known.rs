//! One process of which more than `stat` is read.

use super::files::{parse_io, parse_max_open_files, parse_status, parse_wchan};
use super::sums::Detail;
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
    switches: Option<(u64, u64)>,
    max_open_files: Option<u64>,
    reads: u32,
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
        let (voluntary_switches, nonvoluntary_switches) = self.switches.unwrap_or_default();
        Activity { read_bytes, write_bytes, voluntary_switches, nonvoluntary_switches }
    }

    /// Reads its files and adds what they say to its group. A new process counts from its start.
    /// Gives the files that could not be read.
    pub(super) fn read(
        &mut self,
        proc: &mut ProcFs,
        pid: u32,
        is_new: bool,
        detail: &mut Detail,
    ) -> Vec<(&'static str, ReadError)> {
        let mut failed = Vec::new();
        self.read_status(proc, pid, is_new, detail).unwrap_or_else(|e| failed.push(("status", e)));
        self.read_io(proc, pid, is_new, detail).unwrap_or_else(|e| failed.push(("io", e)));
        self.read_open_files(proc, pid, detail).unwrap_or_else(|e| failed.push(("fd", e)));
        self.read_wchan(proc, pid, detail).unwrap_or_else(|e| failed.push(("wchan", e)));
        self.reads = self.reads.wrapping_add(1);
        failed
    }

    fn read_status(
        &mut self,
        proc: &mut ProcFs,
        pid: u32,
        is_new: bool,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let now = &mut detail.now;
        let status = proc.read(pid, "status").map(parse_status);
        let status = spoils(status, &mut [&mut now.swapped_bytes, &mut now.switches])?;
        // Without memory of its own, nothing of it is swapped.
        now.swapped_bytes.add(status.swapped_bytes.unwrap_or(0));
        let Some(after) = status.switches else {
            now.switches.spoil();
            return Err(ReadError::Malformed);
        };
        let (voluntary, nonvoluntary) = grow(&mut self.switches, after, is_new);
        detail.count(&Activity {
            voluntary_switches: voluntary,
            nonvoluntary_switches: nonvoluntary,
            ..Activity::default()
        });
        Ok(())
    }

    fn read_io(
        &mut self,
        proc: &mut ProcFs,
        pid: u32,
        is_new: bool,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let io = proc.read(pid, "io");
        let io = io.and_then(|content| parse_io(content).ok_or(ReadError::Malformed));
        let after = spoils(io, &mut [&mut detail.now.io])?;
        let (read_bytes, write_bytes) = grow(&mut self.io, after, is_new);
        detail.count(&Activity { read_bytes, write_bytes, ..Activity::default() });
        Ok(())
    }

    fn read_wchan(
        &self,
        proc: &mut ProcFs,
        pid: u32,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        if let Some(name) = parse_wchan(proc.read(pid, "wchan")?) {
            detail.now.add_wchan(name);
        }
        Ok(())
    }

    fn read_open_files(
        &mut self,
        proc: &mut ProcFs,
        pid: u32,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let open = spoils(proc.count_open_files(pid), &mut [&mut detail.now.open_files])?;
        if self.reads.is_multiple_of(LIMITS_EVERY) {
            self.max_open_files = proc.read(pid, "limits").ok().and_then(parse_max_open_files);
        }
        detail.now.add_open_files(open, self.max_open_files);
        Ok(())
    }
}

/// A failed reading spoils the sums that it belongs to, unless the process is gone.
fn spoils<T>(
    reading: Result<T, ReadError>,
    sums: &mut [&mut super::sums::Sum],
) -> Result<T, ReadError> {
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
