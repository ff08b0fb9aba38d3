//! What one group says of itself. A field is `None` where the kernel does not say.

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
