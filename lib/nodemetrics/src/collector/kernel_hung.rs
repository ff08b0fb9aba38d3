//! `node_kernel_hung_tasks_total`: tasks that hung, from /proc/sys/kernel/hung_task_detect_count
//! (Linux 6.13).

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kept::Kept;

pub(super) const ENTRY: Entry = Entry {
    name: "kernel_hung",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/sys/kernel/hung_task_detect_count",
    families: &[FamilyDoc::counter("node_kernel_hung_tasks_total", &[])],
    make: |host, _| Box::new(KernelHung::new(host)),
};

pub(super) struct KernelHung {
    path: PathBuf,
    kept: Kept,
}

impl KernelHung {
    pub(super) fn new(host: &Host) -> Self {
        Self::of(host.paths.procfs.join("sys/kernel/hung_task_detect_count"))
    }

    fn of(path: PathBuf) -> Self {
        Self { path, kept: Kept::new(1) }
    }
}

impl Collector for KernelHung {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let tasks: u64 = self.kept.number(&self.path)?;
        let help = "Tasks that waited longer than the kernel thinks right.";
        page.add(Family::counter("node_kernel_hung_tasks_total", help).with(&[], tasks));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::error::State;

    #[test]
    fn a_count_garbage_or_an_older_kernel() {
        let dir = tempfile::tempdir().unwrap();
        let mut collector = KernelHung::of(dir.path().join("count"));
        let mut state = |content: Option<&str>| {
            if let Some(content) = content {
                std::fs::write(&collector.path, content).unwrap();
            }
            let outcome = collector.collect(&mut Page::default());
            outcome.map_or_else(|error| error.state(), |()| State::Ok)
        };
        assert_eq!(state(None), State::Absent);
        assert_eq!(state(Some("3\n")), State::Ok);
        assert_eq!(state(Some("-3\n")), State::Error);
    }
}
