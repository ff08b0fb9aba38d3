//! What the kernel's units are worth.

/// What the kernel's units are worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) ticks_per_second: u64,
    pub(crate) page_bytes: u64,
}

impl Units {
    /// Those of the running kernel.
    pub(crate) fn of_system() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second(),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    /// A time in clock ticks, in nanoseconds.
    pub(crate) fn ns(self, ticks: u64) -> u64 {
        ticks.saturating_mul(1_000_000_000 / self.ticks_per_second.max(1))
    }

    pub(super) fn seconds(self, ticks: u64) -> f64 {
        ticks as f64 / self.ticks_per_second as f64
    }
}

pub(super) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// A counter that lacks nothing.
pub(super) fn whole<T>(count: T, is_lacking: bool) -> Option<T> {
    (!is_lacking).then_some(count)
}
