//! What one group says of itself. A field is `None` where the kernel does not say.

use std::fs;
use std::io;

use rustix::io::Errno;

use crate::fault::Faults;
use crate::group::{Group, is_gone};
use crate::parse::{Malformed, keyed};
use crate::{v1, v2};

/// One group at one moment, with all groups below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// CPU time.
    pub cpu: Option<Cpu>,
    /// How the CPU quota held it back.
    pub throttling: Throttling,
    /// CPUs that it may run on.
    pub cpus: Option<u64>,
    /// Memory.
    pub memory: Memory,
    /// Block devices.
    pub io: Io,
    /// Processes and threads.
    pub pids: Pids,
    /// Time lost for want of something (v2).
    pub pressure: Pressure,
}

/// CPU time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cpu {
    /// In user mode and in the kernel.
    pub total_secs: f64,
    /// In the kernel; `None` where only the whole is known.
    pub system_secs: Option<f64>,
}

impl Cpu {
    /// CPU time of which it is known how it was shared out.
    #[must_use]
    pub fn of(user_secs: f64, system_secs: f64) -> Self {
        Self { total_secs: user_secs + system_secs, system_secs: Some(system_secs) }
    }
}

/// The CPU quota's work.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Throttling {
    /// Periods in which the group wanted to run.
    pub periods: Option<u64>,
    /// Those in which it had to wait.
    pub throttled_periods: Option<u64>,
    /// How long it waited.
    pub throttled_secs: Option<f64>,
}

/// How much of something there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As much as the machine has.
    None,
    /// So much.
    At(u64),
}

impl Limit {
    /// The limit, where there is one.
    #[must_use]
    pub fn value(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::At(limit) => Some(limit),
        }
    }
}

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Memory {
    /// All that is charged to the group: anonymous memory, page cache, the kernel's own.
    pub current_bytes: Option<u64>,
    /// The most that `current_bytes` ever was (v2 since Linux 5.19).
    pub peak_bytes: Option<u64>,
    /// What it may use.
    pub limit_bytes: Option<Limit>,
    /// Anonymous memory.
    pub anon_bytes: Option<u64>,
    /// Page cache, shared memory and tmpfs included.
    pub file_bytes: Option<u64>,
    /// Shared memory and tmpfs.
    pub shmem_bytes: Option<u64>,
    /// How often it ran into its limit.
    pub failures: Option<u64>,
    /// Processes that the OOM killer ended.
    pub oom_kills: Option<u64>,
}

/// Block devices.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Io {
    /// Bytes.
    pub bytes: Directions,
    /// Operations.
    pub operations: Directions,
}

/// Reads and writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Directions {
    /// Read.
    pub read: Option<u64>,
    /// Written.
    pub write: Option<u64>,
}

/// Processes and threads.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pids {
    /// Now.
    pub current: Option<u64>,
    /// How many there may be.
    pub limit: Option<Limit>,
}

/// Time lost for want of something.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressure {
    /// For want of CPU.
    pub cpu: Stall,
    /// For want of memory.
    pub memory: Stall,
    /// For want of block devices.
    pub io: Stall,
}

/// One kind of pressure since the group was made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stall {
    /// Time in which at least one task waited.
    pub some_secs: Option<f64>,
    /// Time in which all tasks waited.
    pub full_secs: Option<f64>,
}

/// Reads a group; `None` where it is gone. `below` are the groups in it: v1 counts a memory failure
/// and an OOM kill only in the group where it happened.
pub fn read(group: &Group, below: &[&Group], faults: &mut Faults) -> Option<Reading> {
    let reading =
        if group.is_v2() { v2::read(group, faults) } else { v1::read(group, below, faults) };
    let is_gone = reading == Reading::default() && group.is_gone();
    (!is_gone).then_some(reading)
}

/// Reads no more than a group's CPU time.
pub fn read_cpu(group: &Group, faults: &mut Faults) -> Option<Cpu> {
    let mut files = Files { group, faults };
    if group.is_v2() { v2::read_cpu(&mut files) } else { v1::read_cpu(&mut files) }
}

/// The files of one group.
pub(crate) struct Files<'a> {
    pub(crate) group: &'a Group,
    pub(crate) faults: &'a mut Faults,
}

impl Files<'_> {
    /// A file's content; `None` where it is not there, or not any more.
    pub(crate) fn text(&mut self, controller: &str, name: &'static str) -> Option<Vec<u8>> {
        let error = match fs::read(self.group.file(controller, name)?) {
            Ok(text) => return Some(text),
            Err(error) => error,
        };
        // Pressure files are there, and not supported, where the kernel was booted without them.
        let is_absent = error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error());
        if !is_absent && !is_gone(&error) {
            self.faults.add(name, reason(&error));
        }
        None
    }

    /// What a parser made of a file; `None` and a fault where it made nothing of it.
    pub(crate) fn sound<T>(
        &mut self,
        name: &'static str,
        parsed: Result<T, Malformed>,
    ) -> Option<T> {
        parsed.inspect_err(|Malformed| self.faults.add(name, "parse")).ok()
    }

    /// The number behind a key of a file whose content this is.
    pub(crate) fn keyed(&mut self, name: &'static str, text: &[u8], key: &str) -> Option<u64> {
        self.sound(name, keyed(text, key)).flatten()
    }

    /// A file that is one number.
    pub(crate) fn read<T>(
        &mut self,
        controller: &str,
        name: &'static str,
        parse: fn(&[u8]) -> Result<T, Malformed>,
    ) -> Option<T> {
        let text = self.text(controller, name)?;
        self.sound(name, parse(&text))
    }
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "denied",
        _ => "io",
    }
}
