//! From single processes to their group.

use std::collections::BTreeMap;

use crate::exits::Activity;
use crate::sum::Sum;

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
    worst_open_files_ratio: Option<f64>,
    /// The share of a process is not known.
    lacks_ratio: bool,
    /// What the counters lack, because a process could not be read or a figure makes no sense.
    pub(crate) lacks: Activity<bool>,
    /// Processes by the place in the kernel where they sleep.
    pub(crate) wchans: BTreeMap<String, u64>,
}

impl Detail {
    pub(crate) fn count(&mut self, growth: &Activity) {
        self.counted = self.counted.plus(growth);
    }
}

impl Now {
    /// Adds a process's open files; `limit` is an error where it is not known, none where there is no
    /// limit.
    pub(crate) fn add_open_files<E>(&mut self, open: u64, limit: Result<Option<u64>, E>) {
        self.open_files.add(Some(open));
        self.lacks_ratio |= limit.is_err();
        if let Some(limit) = limit.ok().flatten().filter(|limit| *limit > 0) {
            let ratio = open as f64 / limit as f64;
            let worst = self.worst_open_files_ratio.unwrap_or(0.0);
            self.worst_open_files_ratio = Some(worst.max(ratio));
        }
    }

    /// The fullest table of open files, as a share of its limit; `None` where that of a process is not
    /// known.
    pub(crate) fn worst_open_files_ratio(&self) -> Option<f64> {
        self.worst_open_files_ratio.filter(|_| !self.lacks_ratio)
    }

    /// Takes note of what the counters lack.
    pub(crate) fn lack(&mut self, lacks: &Activity<bool>) {
        self.lacks = self.lacks.or(lacks);
    }

    pub(crate) fn add_wchan(&mut self, name: &str) {
        if let Some(count) = self.wchans.get_mut(name) {
            *count += 1;
        } else if self.wchans.len() < MAX_WCHANS {
            self.wchans.insert(name.to_owned(), 1);
        }
    }
}
