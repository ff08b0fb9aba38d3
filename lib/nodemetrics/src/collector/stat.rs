//! `node_intr_total`, `node_context_switches_total` and their kin: the lines of /proc/stat that are of
//! the whole node.

use crate::options::stat::StatOptions;
use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "stat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/stat",
    families: &[
        FamilyDoc::gauge("node_boot_time_seconds", &[]),
        FamilyDoc::counter("node_context_switches_total", &[]),
        FamilyDoc::counter("node_forks_total", &[]),
        FamilyDoc::counter("node_intr_total", &[]),
        FamilyDoc::gauge("node_procs_blocked", &[]),
        FamilyDoc::gauge("node_procs_running", &[]),
        FamilyDoc::counter("node_softirqs_total", &["vector"]),
    ],
    make: |host, options| Box::new(Stat::new(host, &options.stat)),
};

pub(super) struct Stat {
    file: KernelFile,
    shows_softirqs: bool,
}

impl Stat {
    pub(super) fn new(host: &Host, options: &StatOptions) -> Self {
        let file = KernelFile::of_short_records(host.paths.procfs.join("stat"));
        Self { file, shows_softirqs: options.softirq }
    }
}

impl Collector for Stat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let text = self.file.read()?;
        let totals = parse(text)?;
        let softirqs = if self.shows_softirqs { parse_softirqs(text) } else { Vec::new() };
        for (family, value) in families().into_iter().zip(totals) {
            // A line that this kernel does not write is absent.
            page.add(family.with_known(&[], value));
        }
        let mut family = Family::counter("node_softirqs_total", "Soft interrupts by their kind.");
        for (vector, calls) in softirqs {
            family.push_known(&[("vector", vector)], calls);
        }
        page.add(family);
        Ok(())
    }
}

/// The lines, in the order of [`families`].
const LINES: [&str; 6] = ["btime", "ctxt", "processes", "intr", "procs_blocked", "procs_running"];

/// The kinds of soft interrupts, in the kernel's order, under node_exporter's names.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];

fn families() -> [Family; 6] {
    [
        Family::gauge("node_boot_time_seconds", "Unix time at which the node was started."),
        Family::counter("node_context_switches_total", "Context switches of all CPUs."),
        Family::counter("node_forks_total", "Processes and threads that were started."),
        Family::counter("node_intr_total", "Interrupts that were served."),
        Family::gauge("node_procs_blocked", "Tasks that wait for the disk."),
        Family::gauge("node_procs_running", "Tasks that run or could run."),
    ]
}

fn parse(text: Text<'_>) -> Result<[Option<u64>; 6], CollectError> {
    let mut totals = [None; 6];
    for (number, line) in text.lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        if let Some(at) = LINES.iter().position(|known| *known == name) {
            // The interrupts' line goes on with one number for each kind.
            totals[at] = text.number(number, words.next());
        }
    }
    if totals.iter().all(Option::is_none) {
        return Err(text.wrong(1, "expected totals of the node"));
    }
    Ok(totals)
}

/// Behind their sum stands one number for each kind.
fn parse_softirqs(text: Text<'_>) -> Vec<(&'static str, Option<u64>)> {
    for (number, line) in text.lines() {
        if let Some(numbers) = line.strip_prefix("softirq ") {
            let calls = numbers.split_ascii_whitespace().skip(1);
            let calls = calls.map(|word| text.number(number, Some(word)));
            return VECTORS.into_iter().zip(calls).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn totals_of_the_node_and_nothing_else() {
        let parsed = |content: &str| parse(Text::of(content)).ok();
        let content = "cpu  1 2 3\nintr 99 1 0 0\nctxt 7\nbtime 1700000000\nprocesses 5\n\
                       procs_running 2\nprocs_blocked 0\nsoftirq 4 1\n";
        let expected = [Some(1_700_000_000), Some(7), Some(5), Some(99), Some(0), Some(2)];
        assert_eq!(parsed(content), Some(expected));
        assert_eq!(parsed("ctxt 7\n"), Some([None, Some(7), None, None, None, None]));
        let negative = "btime 1700000000\nctxt 7\nprocesses -1948031333\n";
        let (totals, left_out) = LeftOut::during(|| parsed(negative).unwrap());
        assert_eq!(totals, [Some(1_700_000_000), Some(7), None, None, None, None]);
        assert_eq!(left_out.why().unwrap(), "test, line 3: expected a number");
        for bad in ["", "cpu 1 2\n", "ctxt\n", "ctxt -1\n", "ctxt 99999999999999999999\n"] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn soft_interrupts_by_their_kind() {
        let parsed = |content: &'static str| parse_softirqs(Text::of(content));
        let content = "ctxt 7\nsoftirq 66 1 2 3 4 5 6 7 8 9 21\n";
        let softirqs = parsed(content);
        assert_eq!(softirqs.len(), 10);
        assert_eq!((softirqs[3], softirqs[9]), (("net_rx", Some(4)), ("rcu", Some(21))));
        assert_eq!(parsed("ctxt 7\n"), []);
        assert_eq!(parsed("softirq 3 1 x\n"), [("hi", Some(1)), ("timer", None)]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
            let _ = parse_softirqs(Text::of(&format!("softirq {content}")));
        }
    }
}
