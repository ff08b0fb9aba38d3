//! `node_softnet_*`: what each CPU did with the network's packets, from /proc/net/softnet_stat.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

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
/// How many columns there are, from Linux 2.6 to 6.12 (net/core/net-procfs.c).
const WIDTHS: [usize; 5] = [9, 10, 11, 13, 15];
/// Since Linux 5.10 a line says of which CPU it is.
const CPU_COLUMN: usize = 12;

pub(super) struct Softnet {
    file: KernelFile,
}

impl Softnet {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::of_short_records(host.paths.procfs.join("net/softnet_stat")) }
    }
}

impl Collector for Softnet {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let cpus = parse(self.file.read()?)?;
        for (family, column) in families().into_iter().zip(COLUMNS) {
            let mut family = family;
            for (cpu, columns) in &cpus {
                // A column that this kernel does not write is absent.
                let value = columns.get(column).copied().flatten();
                family.push_known(&[("cpu", cpu)], value);
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

/// A CPU's number, and the columns of its line, where they are numbers.
type Cpu = (String, Vec<Option<u32>>);

/// A line that does not say of which CPU it is, though others do, is left out.
fn parse(text: Text<'_>) -> Result<Vec<Cpu>, CollectError> {
    text.rows("expected the columns of a CPU", |number, line| {
        let words = line.split_ascii_whitespace();
        let columns: Vec<_> = words.map(|word| u32::from_str_radix(word, 16).ok()).collect();
        if !WIDTHS.contains(&columns.len()) || columns.iter().all(Option::is_none) {
            return None;
        }
        let cpu = match columns.get(CPU_COLUMN) {
            Some(cpu) => (*cpu)?,
            None => number as u32 - 1,
        };
        let shown = COLUMNS.iter().filter_map(|column| columns.get(*column));
        shown
            .filter(|column| column.is_none())
            .for_each(|_| text.leave_out(number, "expected a hex number"));
        Some((cpu.to_string(), columns))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines_of_old_and_new_kernels() {
        let new = "00039d83 00000001 00000002 0 0 0 0 0 00000008 00000009 0000000a 0000000b 00000005 0 0\n";
        let parsed = parse(Text::of(new)).unwrap();
        assert_eq!(
            (parsed[0].0.as_str(), parsed[0].1[0], parsed[0].1[11]),
            ("5", Some(0x39d83), Some(11))
        );
        let old = "00000001 0 0 0 0 0 0 0 0\n00000002 0 0 0 0 0 0 0 0\n";
        let parsed = parse(Text::of(old)).unwrap();
        assert_eq!((parsed[1].0.as_str(), parsed[1].1.get(11)), ("1", None));
        for bad in ["", "1 2 3\n", "x x x x x x x x x\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
        for odd in ["xyz", "100000000"] {
            let content = format!("{odd} 7 0 0 0 0 0 0 0\n");
            let (cpus, left_out) = LeftOut::during(|| parse(Text::of(&content)).unwrap());
            assert_eq!((cpus[0].1[0], cpus[0].1[1]), (None, Some(7)));
            assert_eq!(left_out.why().unwrap(), "test, line 1: expected a hex number");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
