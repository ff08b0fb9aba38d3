//! `node_pressure_*`: for how long tasks waited for CPUs, memory and disks, from /proc/pressure.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out;
use crate::reading::left_out::or_left_out;
use crate::reading::number::Number;

pub(super) const ENTRY: Entry = Entry {
    name: "pressure",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/pressure",
    families: &[
        FamilyDoc::counter("node_pressure_cpu_waiting_seconds_total", &[]),
        FamilyDoc::counter("node_pressure_io_stalled_seconds_total", &[]),
        FamilyDoc::counter("node_pressure_io_waiting_seconds_total", &[]),
        FamilyDoc::counter("node_pressure_irq_stalled_seconds_total", &[]),
        FamilyDoc::counter("node_pressure_memory_stalled_seconds_total", &[]),
        FamilyDoc::counter("node_pressure_memory_waiting_seconds_total", &[]),
    ],
    make: |host, _| Box::new(Pressure::new(host)),
};

/// A file and the lines of it that are shown: `some` tasks waited, or all (`full`) were stalled. For
/// CPUs the kernel writes a `full` that means nothing for a whole node.
const FILES: [(&str, &[(&str, &str)]); 4] = [
    ("cpu", &[("some", "waiting")]),
    ("io", &[("some", "waiting"), ("full", "stalled")]),
    ("irq", &[("full", "stalled")]),
    ("memory", &[("some", "waiting"), ("full", "stalled")]),
];

pub(super) struct Pressure {
    files: Vec<KernelFile>,
}

impl Pressure {
    pub(super) fn new(host: &Host) -> Self {
        let dir = host.paths.procfs.join("pressure");
        Self {
            files: FILES
                .iter()
                .map(|(name, _)| KernelFile::of_short_records(dir.join(name)))
                .collect(),
        }
    }
}

impl Collector for Pressure {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut found = Vec::new();
        let mut absent = None;
        for ((resource, lines), file) in FILES.iter().zip(&mut self.files) {
            match file.read() {
                Ok(text) => {
                    for (line, word) in *lines {
                        let total = or_left_out(parse(text, line).map(Some));
                        found.extend(total.map(|total| (resource, word, total)));
                    }
                }
                Err(error) => match error.or_switched_off() {
                    // Interrupts came with Linux 6.1, and not every kernel times them; a kernel may have the
                    // others switched off.
                    error @ CollectError::Absent { .. } => absent = Some(error),
                    error => left_out::note(error),
                },
            }
        }
        if found.is_empty()
            && let Some(absent) = absent
        {
            return Err(absent);
        }
        for (resource, word, microseconds) in found {
            let name = format!("node_pressure_{resource}_{word}_seconds_total");
            let help = format!("Seconds in which tasks were {word} for want of {resource}.");
            page.add(Family::counter(name, help).with(&[], microseconds as f64 / 1e6));
        }
        Ok(())
    }
}

/// The total of a line such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=12`.
fn parse(text: Text<'_>, wanted: &str) -> Result<u64, CollectError> {
    let total = text.lines().find_map(|(_, line)| {
        let rest = line.strip_prefix(wanted)?.strip_prefix(' ')?;
        rest.split(' ').find_map(|word| word.strip_prefix("total=")).and_then(u64::take)
    });
    total.ok_or_else(|| text.wrong(1, "expected a line with a total"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::sysfs::tests::{put, shown_with, tree};

    #[test]
    fn totals_of_both_lines() {
        let content = "some avg10=4.58 avg60=4.97 avg300=1.89 total=7227943\n\
                       full avg10=0.00 avg60=0.00 avg300=0.00 total=9223372036854775807\n";
        assert_eq!(parse(Text::of(content), "some").unwrap(), 7_227_943);
        assert_eq!(parse(Text::of(content), "full").unwrap(), i64::MAX as u64);
        for bad in ["", "some avg10=1\n", "some total=-1\n", "something total=1\n"] {
            assert!(parse(Text::of(bad), "some").is_err(), "{bad:?}");
        }
    }

    /// Linux 6.14 says EOPNOTSUPP of interrupts alone, where they are not timed.
    #[test]
    fn a_file_that_cannot_be_read_costs_its_own_series() {
        let content = "some avg10=0.00 total=2000000\nfull avg10=0.00 total=1000000\n";
        let dir = tree(&[("pressure/cpu", content), ("pressure/memory", content)]);
        std::fs::create_dir(dir.path().join("pressure/irq")).unwrap();
        put(dir.path(), "pressure/io", b"some total=-5\nfull total=3000000\n");
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "node_pressure_cpu_waiting_seconds_total 2",
            "node_pressure_io_stalled_seconds_total 3",
            "node_pressure_memory_stalled_seconds_total 1",
            "node_pressure_memory_waiting_seconds_total 2",
        ];
        assert_eq!((lines.as_slice(), errors), (expected.as_slice(), 2));
        let unsupported = std::io::Error::from_raw_os_error(95);
        let error = CollectError::io(dir.path(), unsupported).or_switched_off();
        assert_eq!(error.state(), crate::reading::error::State::Absent);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content), "some");
        }
    }
}
