//! `node_schedstat_*`: how long tasks ran and waited on each CPU, from /proc/schedstat.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "schedstat",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/schedstat",
    families: &[
        FamilyDoc::counter("node_schedstat_running_seconds_total", &["cpu"]),
        FamilyDoc::counter("node_schedstat_timeslices_total", &["cpu"]),
        FamilyDoc::counter("node_schedstat_waiting_seconds_total", &["cpu"]),
    ],
    make: |host, _| Box::new(Schedstat::new(host)),
};

pub(super) struct Schedstat {
    file: KernelFile,
}

impl Schedstat {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("schedstat")) }
    }
}

impl Collector for Schedstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut running = Family::counter(
            "node_schedstat_running_seconds_total",
            "Seconds in which the CPU ran a task.",
        );
        let mut waiting = Family::counter(
            "node_schedstat_waiting_seconds_total",
            "Seconds in which tasks waited for the CPU.",
        );
        let mut slices =
            Family::counter("node_schedstat_timeslices_total", "Time slices that the CPU gave.");
        for (cpu, [running_ns, waiting_ns, timeslices]) in parse(self.file.read()?)? {
            let label = [("cpu", cpu)];
            let seconds = |ns: Option<u64>| ns.map(|ns| ns as f64 / 1e9);
            running.push_known(&label, seconds(running_ns));
            waiting.push_known(&label, seconds(waiting_ns));
            slices.push_known(&label, timeslices);
        }
        page.add(running);
        page.add(waiting);
        page.add(slices);
        Ok(())
    }
}

/// A CPU, how long it ran tasks and how long tasks waited, both in nanoseconds, and its time slices.
type Cpu<'a> = (&'a str, [Option<u64>; 3]);

fn parse(text: Text<'_>) -> Result<Vec<Cpu<'_>>, CollectError> {
    let mut cpus = Vec::new();
    for (number, line) in text.lines() {
        let Some(rest) = line.strip_prefix("cpu") else { continue };
        let words: Vec<&str> = rest.split(' ').collect();
        match words[..] {
            [cpu, _, _, _, _, _, _, running, waiting, slices] if is_number(cpu) => {
                let last = [running, waiting, slices];
                cpus.push((cpu, last.map(|word| text.number(number, Some(word)))));
            }
            _ => text.leave_out(number, "expected a CPU's number and nine more"),
        }
    }
    if cpus.is_empty() { Err(text.wrong(1, "expected CPUs")) } else { Ok(cpus) }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn the_last_three_numbers_of_each_cpu() {
        let content = "version 15\ntimestamp 15819019232\n\
                       cpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2045936778163039 343796328169361 4767485306\n\
                       domain0 00000000,00000003 212499247\ncpu12 1 2 3 4 5 6 7 8 9\n";
        let expected =
            [("0", [2_045_936_778_163_039, 343_796_328_169_361, 4_767_485_306]), ("12", [7, 8, 9])]
                .map(|(cpu, numbers)| (cpu, numbers.map(Some)));
        assert_eq!(parse(Text::of(content)).unwrap(), expected);
        for bad in ["", "version 15\n", "cpu0 1 2 3\n", "cpux 1 2 3 4 5 6 7 8 9\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "cpu0 -1 x 3 4 5 6 18446744073709540830 8 -9\ncpu1 1\n\
                       cpu2 1 2 3 4 5 6 7 8 9\n";
        let (cpus, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap());
        assert_eq!(cpus, [("0", [None, Some(8), None]), ("2", [Some(7), Some(8), Some(9)])]);
        assert_eq!(left_out.why().unwrap(), "test, line 1: expected a number (and 2 more)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
