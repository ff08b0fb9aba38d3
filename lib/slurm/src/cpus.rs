//! CPUs of a node or a partition, by what they are used for.

use crate::lost::{Field, RowError};
use crate::rows::number;

/// CPUs by what they are used for, as Slurm counts them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CpuCounts<T> {
    /// Belong to jobs.
    pub allocated: T,
    /// Free.
    pub idle: T,
    /// On nodes that are down, drained or otherwise not to be had.
    pub other: T,
    /// All of them.
    pub total: T,
}

impl CpuCounts<Field<u64>> {
    /// Reads sinfo's `allocated/idle/other/total`.
    pub fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [allocated, idle, other, total] => {
                CpuCounts { allocated, idle, other, total }.map(number)
            }
            _ => CpuCounts { allocated: (), idle: (), other: (), total: () }
                .map(|()| Err(RowError::Fields)),
        }
    }

    /// Whether all of them could be read.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(&self) -> Result<(), RowError> {
        self.allocated.and(self.idle).and(self.other).and(self.total).map(|_| ())
    }
}

impl<T> CpuCounts<T> {
    /// The same counts in another form.
    pub fn map<U>(self, form: impl Fn(T) -> U) -> CpuCounts<U> {
        let Self { allocated, idle, other, total } = self;
        CpuCounts {
            allocated: form(allocated),
            idle: form(idle),
            other: form(other),
            total: form(total),
        }
    }
}
