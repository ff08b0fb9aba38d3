//! `node_softnet_*`: what each CPU did with the network's packets, from /proc/net/softnet_stat.

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "softnet",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/softnet_stat",
    families: &[
        FamilyDoc::gauge("node_softnet_backlog_len", &["cpu"]),
        FamilyDoc::counter("node_softnet_cpu_collision_total", &["cpu"]),
        FamilyDoc::counter("node_softnet_dropped_total", &["cpu"]),
        FamilyDoc::counter("node_softnet_flow_limit_count_total", &["cpu"]),
        FamilyDoc::counter("node_softnet_processed_total", &["cpu"]),
        FamilyDoc::counter("node_softnet_received_rps_total", &["cpu"]),
        FamilyDoc::counter("node_softnet_times_squeezed_total", &["cpu"]),
    ],
    make: |host, _| Box::new(Softnet::new(host)),
};

/// The columns that are shown, by their place, in the order of [`families`].
const COLUMNS: [usize; 7] = [0, 1, 2, 8, 9, 10, 11];
/// Since Linux 5.10 a line says of which CPU it is.
const CPU_COLUMN: usize = 12;

pub(super) struct Softnet {
    file: KernelFile,
}

impl Softnet {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("net/softnet_stat")) }
    }
}

impl Collector for Softnet {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let cpus = parse(self.file.read()?)?;
        for (family, column) in families().into_iter().zip(COLUMNS) {
            let mut family = family;
            for (cpu, columns) in &cpus {
                // A column that this kernel does not write is absent.
                if let Some(value) = columns.get(column) {
                    family.push(&[("cpu", cpu)], *value);
                }
            }
            page.add(family);
        }
        Ok(())
    }
}

fn families() -> [Family; 7] {
    [
        Family::counter("node_softnet_processed_total", "Packets that the CPU took."),
        Family::counter("node_softnet_dropped_total", "Packets for which it had no room."),
        Family::counter(
            "node_softnet_times_squeezed_total",
            "Times that it stopped with packets left, for want of time or budget.",
        ),
        Family::counter(
            "node_softnet_cpu_collision_total",
            "Times that it found a device's queue locked.",
        ),
        Family::counter(
            "node_softnet_received_rps_total",
            "Times that another CPU woke it for packets.",
        ),
        Family::counter("node_softnet_flow_limit_count_total", "Packets over a flow's limit."),
        Family::gauge("node_softnet_backlog_len", "Packets that wait for the CPU."),
    ]
}

/// A CPU's number, and the columns of its line.
fn parse(text: Text<'_>) -> Result<Vec<(String, Vec<u32>)>, CollectError> {
    let mut cpus = Vec::new();
    for (number, line) in text.lines() {
        let columns: Option<Vec<u32>> =
            line.split_ascii_whitespace().map(|word| u32::from_str_radix(word, 16).ok()).collect();
        let columns = columns.filter(|columns| columns.len() >= 9);
        let columns = columns.ok_or_else(|| text.wrong(number, "expected nine hex numbers"))?;
        let cpu = columns.get(CPU_COLUMN).copied().unwrap_or(number as u32 - 1);
        cpus.push((cpu.to_string(), columns));
    }
    if cpus.is_empty() { Err(text.wrong(1, "expected CPUs")) } else { Ok(cpus) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_old_and_new_kernels() {
        let new = "00039d83 00000001 00000002 0 0 0 0 0 00000008 00000009 0000000a 0000000b 00000005 0 0\n";
        let parsed = parse(Text::of(new)).unwrap();
        assert_eq!((parsed[0].0.as_str(), parsed[0].1[0], parsed[0].1[11]), ("5", 0x39d83, 11));
        let old = "00000001 0 0 0 0 0 0 0 0\n00000002 0 0 0 0 0 0 0 0\n";
        let parsed = parse(Text::of(old)).unwrap();
        assert_eq!((parsed[1].0.as_str(), parsed[1].1.get(11)), ("1", None));
        for bad in ["", "1 2 3\n", "xyz 0 0 0 0 0 0 0 0\n", "100000000 0 0 0 0 0 0 0 0\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
