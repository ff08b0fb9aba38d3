//! From single processes to their group. A sum in which one process is missing is no sum: it is
//! absent.

use std::collections::BTreeMap;

use crate::exits::Activity;

/// Places in the kernel that one group may name; what sleeps elsewhere is left out.
const MAX_WCHANS: usize = 64;

/// The details of one group.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    /// What its processes did, also those that are gone.
    pub(crate) counted: Activity,
    pub(crate) now: Now,
}

/// What its processes are now.
#[derive(Debug, Default)]
pub(crate) struct Now {
    pub(crate) swapped_bytes: Sum,
    pub(crate) open_files: Sum,
    /// The fullest table of open files, as a share of its limit.
    pub(crate) worst_open_files_ratio: Option<f64>,
    /// Whether the counted IO is of all processes.
    pub(crate) io: Sum,
    /// Whether the counted context switches are of all processes.
    pub(crate) switches: Sum,
    /// Processes by the place in the kernel where they sleep.
    pub(crate) wchans: BTreeMap<String, u64>,
}

/// A sum over all processes of a group, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum(Option<u64>);

impl Default for Sum {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Sum {
    pub(crate) fn add(&mut self, value: u64) {
        self.0 = self.0.map(|sum| sum.saturating_add(value));
    }

    /// One of the processes could not be read.
    pub(crate) fn spoil(&mut self) {
        self.0 = None;
    }

    pub(crate) fn value(self) -> Option<u64> {
        self.0
    }
}

impl Detail {
    pub(crate) fn count(&mut self, growth: &Activity) {
        self.counted = self.counted.plus(growth);
    }
}

impl Now {
    pub(crate) fn add_open_files(&mut self, open: u64, limit: Option<u64>) {
        self.open_files.add(open);
        if let Some(limit) = limit.filter(|limit| *limit > 0) {
            let ratio = open as f64 / limit as f64;
            let worst = self.worst_open_files_ratio.unwrap_or(0.0);
            self.worst_open_files_ratio = Some(worst.max(ratio));
        }
    }

    pub(crate) fn add_wchan(&mut self, name: &str) {
        if let Some(count) = self.wchans.get_mut(name) {
            *count += 1;
        } else if self.wchans.len() < MAX_WCHANS {
            self.wchans.insert(name.to_owned(), 1);
        }
    }
}
