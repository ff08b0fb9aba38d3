//! One process of which more than `stat` is read.

use std::collections::HashMap;

use super::files::{Malformed, Pair, parse_io, parse_max_open_files, parse_status, parse_wchan};
use super::member::Member;
use super::sums::Detail;
use super::switches::Switches;
use crate::exits::Activity;
use crate::procfs::{ProcFs, ReadError};
use crate::usage::growth;

/// Limits change seldom: they are read at first and at every so many scans.
const LIMITS_EVERY: u32 = 20;

/// A process as the last scan read it.
#[derive(Debug)]
pub(super) struct Known {
    /// 0 as long as it is not known.
    start_ns: u64,
    scan: u32,
    /// Bytes that were read and written.
    io: Pair,
    switches: Switches,
    max_open_files: Result<Option<u64>, ReadError>,
    reads: u32,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            start_ns: 0,
            scan: 0,
            io: NOTHING,
            switches: Switches::default(),
            max_open_files: Ok(None),
            reads: 0,
        }
    }
}

/// Where a file tells nothing.
const NOTHING: Pair = [None, None];

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
        if self.start_ns != start_ns && self.start_ns != 0 {
            *self = Self::default();
        }
        self.start_ns = start_ns;
        self.scan = scan;
    }

    pub(super) fn scan(&self) -> u32 {
        self.scan
    }

    /// What was counted of it.
    pub(super) fn activity(&self) -> Activity {
        let [read_bytes, write_bytes] = self.io.map(Option::unwrap_or_default);
        let [voluntary_switches, nonvoluntary_switches] = self.switches.total();
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
        self.read_limits(reading).unwrap_or_else(|e| failed.push(("limits", e)));
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
        let status = reading.proc.read(reading.member.pid, "status").map(parse_status);
        let status = unless_gone(status, || {
            detail.now.swapped_bytes.add(None);
            detail.now.lack(&of_switches(NOTHING).is_absent());
        })?;
        // Without memory of its own, nothing of it is swapped.
        let swapped = status.swapped_bytes.map(Option::unwrap_or_default);
        detail.now.swapped_bytes.add(swapped.ok());
        self.read_switches(reading, detail, status.switches)?;
        Ok(swapped.map(|_| ())?)
    }

    /// Reads the context switches of all its threads; `main` are the main one's.
    fn read_switches(
        &mut self,
        reading: &mut Reading<'_>,
        detail: &mut Detail,
        main: Pair,
    ) -> Result<(), ReadError> {
        let threads = unless_gone(switches_by_thread(reading, main), || {
            detail.now.lack(&of_switches(NOTHING).is_absent());
        })?;
        let Some(threads) = threads else {
            detail.now.lack(&of_switches(NOTHING).is_absent());
            return Ok(());
        };
        for switches in threads.values() {
            detail.now.lack(&of_switches(*switches).is_absent());
        }
        let is_whole = !threads.values().any(|switches| switches.contains(&None));
        let [voluntary_switches, nonvoluntary_switches] =
            self.switches.grow(threads, reading.is_new);
        let growth = Activity { voluntary_switches, nonvoluntary_switches, ..Activity::default() };
        detail.count(&growth);
        is_whole.then_some(()).ok_or(ReadError::Malformed)
    }

    fn read_io(&mut self, reading: &mut Reading<'_>, detail: &mut Detail) -> Result<(), ReadError> {
        let io = reading.proc.read(reading.member.pid, "io").map(parse_io);
        let after = unless_gone(io, || detail.now.lack(&of_io(NOTHING).is_absent()))?;
        detail.now.lack(&of_io(after).is_absent());
        let [read_bytes, write_bytes] = grow(&mut self.io, after, reading.is_new);
        detail.count(&Activity { read_bytes, write_bytes, ..Activity::default() });
        if after.contains(&None) { Err(ReadError::Malformed) } else { Ok(()) }
    }

    fn read_wchan(&self, reading: &mut Reading<'_>, detail: &mut Detail) -> Result<(), ReadError> {
        if let Some(name) = parse_wchan(reading.proc.read(reading.member.pid, "wchan")?) {
            detail.now.add_wchan(&name);
        }
        Ok(())
    }

    fn read_open_files(
        &mut self,
        reading: &mut Reading<'_>,
        detail: &mut Detail,
    ) -> Result<(), ReadError> {
        let open = reading.proc.count_open_files(reading.member.pid);
        let open = unless_gone(open, || detail.now.open_files.add(None))?;
        detail.now.add_open_files(open, self.max_open_files);
        Ok(())
    }

    /// Limits are those of the last reading.
    fn read_limits(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        if self.reads.is_multiple_of(LIMITS_EVERY) {
            let limits = reading.proc.read(reading.member.pid, "limits");
            let limit = limits.and_then(|limits| Ok(parse_max_open_files(limits)?));
            self.max_open_files =
                if limit == Err(ReadError::Gone) { self.max_open_files } else { limit };
        }
        self.max_open_files.map(|_| ())
    }
}

/// A file that could not be read spoils the sums that it belongs to, unless the process is gone.
fn unless_gone<T>(read: Result<T, ReadError>, spoil: impl FnOnce()) -> Result<T, ReadError> {
    if read.as_ref().is_err_and(|error| *error != ReadError::Gone) {
        spoil();
    }
    read
}

impl From<Malformed> for ReadError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

fn of_io([read_bytes, write_bytes]: Pair) -> Activity<Option<u64>> {
    let (voluntary_switches, nonvoluntary_switches) = (Some(0), Some(0));
    Activity { read_bytes, write_bytes, voluntary_switches, nonvoluntary_switches }
}

fn of_switches([voluntary_switches, nonvoluntary_switches]: Pair) -> Activity<Option<u64>> {
    let (read_bytes, write_bytes) = (Some(0), Some(0));
    Activity { read_bytes, write_bytes, voluntary_switches, nonvoluntary_switches }
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
                switches.insert(thread, status.switches);
            }
            Err(ReadError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(switches))
}

/// What two counters have grown by, and remembers them.
fn grow(before: &mut Pair, after: Pair, is_new: bool) -> [u64; 2] {
    let mut grown = [0, 0];
    for kind in [0, 1] {
        let base = before[kind].or(if is_new { Some(0) } else { after[kind] });
        grown[kind] = growth(after[kind], base);
        before[kind] = before[kind].max(after[kind]);
    }
    grown
}
