//! `node_load1`, `node_load5`, `node_load15`, from /proc/loadavg.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::number::Number;

const FAMILIES: [(&str, &str); 3] = [
    ("node_load1", "Load average over one minute."),
    ("node_load5", "Load average over five minutes."),
    ("node_load15", "Load average over fifteen minutes."),
];

pub(super) const ENTRY: Entry = Entry {
    name: "loadavg",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/loadavg",
    families: &[
        FamilyDoc::gauge("node_load1", &[]),
        FamilyDoc::gauge("node_load5", &[]),
        FamilyDoc::gauge("node_load15", &[]),
    ],
    make: |host, _| Box::new(Loadavg::new(host)),
};

pub(super) struct Loadavg {
    file: KernelFile,
}

impl Loadavg {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::of_short_records(host.paths.procfs.join("loadavg")) }
    }
}

impl Collector for Loadavg {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let loads = parse(self.file.read()?)?;
        for ((name, help), load) in FAMILIES.into_iter().zip(loads) {
            page.add(Family::gauge(name, help).with_known(&[], load));
        }
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<[Option<f64>; 3], CollectError> {
    let wrong = || text.wrong(1, "expected three load averages");
    let (number, line) = text.lines().next().ok_or_else(wrong)?;
    let mut words = line.split_ascii_whitespace();
    let loads: [Option<f64>; 3] = std::array::from_fn(|_| {
        let load = words.next().and_then(f64::take).filter(|load| *load >= 0.0);
        if load.is_none() {
            text.leave_out(number, "expected a load average");
        }
        load
    });
    if loads.iter().all(Option::is_none) { Err(wrong()) } else { Ok(loads) }
}
