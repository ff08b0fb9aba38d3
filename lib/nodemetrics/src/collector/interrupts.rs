//! `node_interrupts_total`: interrupts by source and CPU, from /proc/interrupts.
//!
//! The label `cpu` is the CPU's number; node_exporter counts the columns, which is another number
//! once a CPU is off.

use crate::options::interrupts::InterruptsOptions;
use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::cpu_table;
use crate::reading::cpu_table::Row;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::KernelFile;

/// Large nodes have hundreds of CPUs and as many interrupts.
const MOST_SERIES: usize = 100_000;

pub(super) const ENTRY: Entry = Entry {
    name: "interrupts",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/interrupts",
    families: &[FamilyDoc::counter("node_interrupts_total", &["cpu", "type", "info", "devices"])],
    make: |host, options| Box::new(Interrupts::new(host, &options.interrupts)),
};

pub(super) struct Interrupts {
    file: KernelFile,
    filter: Filter,
    include_zeros: bool,
}

impl Interrupts {
    pub(super) fn new(host: &Host, options: &InterruptsOptions) -> Self {
        Self {
            file: KernelFile::new(host.paths.procfs.join("interrupts")),
            filter: Filter::new(&options.name_include, &options.name_exclude),
            include_zeros: options.include_zeros,
        }
    }
}

impl Collector for Interrupts {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let (cpus, rows) = cpu_table::parse(self.file.read()?)?;
        let help = "Interrupts that each CPU served, by their source.";
        let mut family = Family::counter("node_interrupts_total", help).limit(MOST_SERIES);
        // What does not say its source, the errors, does not count by CPU.
        for row in rows.iter().filter(|row| !row.rest.is_empty()) {
            let (info, devices) = source(row);
            if !self.filter.shows(&format!("{};{info};{devices}", row.name)) {
                continue;
            }
            for (cpu, count) in cpus.iter().zip(&row.counts) {
                if *count != Some(0) || self.include_zeros {
                    let labels =
                        [("cpu", *cpu), ("type", row.name), ("info", &info), ("devices", &devices)];
                    family.push_known(&labels, *count);
                }
            }
        }
        page.add(family);
        Ok(())
    }
}

/// The controller and the devices of a numbered interrupt; what the others are.
fn source(row: &Row<'_>) -> (String, String) {
    let is_numbered = row.name.parse::<i64>().is_ok();
    match row.rest.split_first() {
        Some((controller, devices)) if is_numbered => ((*controller).to_owned(), devices.join(" ")),
        _ => (row.rest.join(" "), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::sysfs::tests::tree;

    const CONTENT: &str = "           CPU0       CPU3\n  \
          9:    0    5   IR-IO-APIC    9-fasteoi   acpi, other\n \
        LOC:  7  9223372036854775807   Local timer interrupts\n \
        ERR:  0\n MIS:  0 0\n";

    fn lines(options: &InterruptsOptions) -> Vec<String> {
        let dir = tree(&[("interrupts", CONTENT)]);
        let file = KernelFile::new(dir.path().join("interrupts"));
        let filter = Filter::new(&options.name_include, &options.name_exclude);
        let mut page = Page::default();
        let include_zeros = options.include_zeros;
        Interrupts { file, filter, include_zeros }.collect(&mut page).unwrap();
        let samples = &page.family("node_interrupts_total").unwrap().samples;
        let line = |sample: &edctl_exposition::Sample| {
            let labels: Vec<&str> = sample.labels.iter().map(|(_, value)| &**value).collect();
            labels.join("|")
        };
        samples.iter().map(line).collect()
    }

    #[test]
    fn sources() {
        assert_eq!(
            lines(&InterruptsOptions::default()),
            [
                "0|9|IR-IO-APIC|9-fasteoi acpi, other",
                "3|9|IR-IO-APIC|9-fasteoi acpi, other",
                "0|LOC|Local timer interrupts|",
                "3|LOC|Local timer interrupts|",
            ]
        );
        let without_zeros = InterruptsOptions { include_zeros: false, ..Default::default() };
        assert_eq!(lines(&without_zeros).len(), 3);
        let name_include = "^LOC;Local.*;$".to_owned();
        let only = InterruptsOptions { name_include, ..Default::default() };
        assert_eq!(lines(&only).len(), 2);
    }

    #[test]
    fn a_bad_expression_is_named() {
        let options = InterruptsOptions { name_exclude: "(".into(), ..Default::default() };
        let error = options.validate().unwrap_err().to_string();
        assert!(error.contains("collector.interrupts.name_exclude"), "{error}");
    }
}
