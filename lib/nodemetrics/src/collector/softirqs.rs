//! `node_softirqs_functions_total`: soft interrupts by kind and CPU, from /proc/softirqs.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::cpu_table;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::KernelFile;

pub(super) const ENTRY: Entry = Entry {
    name: "softirqs",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/softirqs",
    families: &[FamilyDoc::counter("node_softirqs_functions_total", &["cpu", "type"])],
    make: |host, _| Box::new(Softirqs::new(host)),
};

pub(super) struct Softirqs {
    file: KernelFile,
}

impl Softirqs {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("softirqs")) }
    }
}

impl Collector for Softirqs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let (cpus, rows) = cpu_table::parse(self.file.read()?)?;
        let help = "Soft interrupts that each CPU served, by their kind.";
        let mut family = Family::counter("node_softirqs_functions_total", help);
        for row in rows {
            for (cpu, count) in cpus.iter().zip(row.counts) {
                family.push_known(&[("cpu", cpu), ("type", row.name)], count);
            }
        }
        page.add(family);
        Ok(())
    }
}
