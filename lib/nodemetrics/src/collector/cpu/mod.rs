//! `node_cpu_*`: where each CPU spent its time, how often heat slowed it down, what it is; from
//! /proc/stat, sysfs and, where it is asked for, /proc/cpuinfo.
//!
//! node_exporter shows which CPUs are online only where the first can be taken offline, which newer
//! kernels on x86 do not allow. Its page fails when both /proc/cpuinfo and cpufreq have `node_cpu_frequency_hertz`;
//! here the former's is left out then.

mod info;
mod sys;

use crate::options::cpu::CpuOptions;
use std::collections::BTreeMap;
use std::path::PathBuf;

use edctl_exposition::{Family, Page, Value};

use self::info::{Frequency, Info};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::hotplug::Found;
use crate::reading::kept::Kept;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::{left_out, sysfs};

/// The kernel's unit for users (`USER_HZ`), the same on every architecture that we run on.
const TICKS_PER_SECOND: u64 = 100;

/// The columns of a `cpuN` line, in their order.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];
const COLUMNS: usize = MODES.len() + GUEST_MODES.len();

/// A drop of less than this is the kernel's idle accounting stepping back; a larger one is a CPU
/// that went and came back and counts from zero.
const STEP_BACK_TICKS: u64 = 300;

type Ticks = [Option<u64>; COLUMNS];

pub(super) const ENTRY: Entry = Entry {
    name: "cpu",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/stat, /sys/devices/system/cpu, /proc/cpuinfo",
    families: &[
        FamilyDoc::counter("node_cpu_seconds_total", &["cpu", "mode"]),
        FamilyDoc::counter("node_cpu_guest_seconds_total", &["cpu", "mode"]),
        FamilyDoc::counter("node_cpu_core_throttles_total", &["package", "core"]),
        FamilyDoc::counter("node_cpu_package_throttles_total", &["package"]),
        FamilyDoc::gauge("node_cpu_isolated", &["cpu"]),
        FamilyDoc::gauge("node_cpu_online", &["cpu"]),
        FamilyDoc::gauge(
            "node_cpu_info",
            &[
                "package",
                "core",
                "cpu",
                "vendor",
                "family",
                "model",
                "model_name",
                "microcode",
                "stepping",
                "cachesize",
            ],
        ),
        FamilyDoc::gauge("node_cpu_frequency_hertz", &["package", "core", "cpu"]),
        FamilyDoc::gauge("node_cpu_flag_info", &["flag"]),
        FamilyDoc::gauge("node_cpu_bug_info", &["bug"]),
    ],
    make: |host, options| Box::new(Cpu::new(host, &options.cpu)),
};

pub(super) struct Cpu {
    file: KernelFile,
    /// The highest values seen, since a counter must not step back.
    seen: BTreeMap<u32, Ticks>,
    shows_guests: bool,
    sysfs: PathBuf,
    throttled: Found<Vec<PathBuf>>,
    /// The CPUs that are present, online and isolated.
    lists: Kept,
    info: Option<Info>,
}

impl Cpu {
    pub(super) fn new(host: &Host, options: &CpuOptions) -> Self {
        let procfs = &host.paths.procfs;
        Self {
            file: KernelFile::of_short_records(procfs.join("stat")),
            seen: BTreeMap::new(),
            shows_guests: options.guest,
            sysfs: host.paths.sysfs.join("devices/system/cpu"),
            throttled: Found::new(&host.paths),
            lists: Kept::new(3),
            info: Info::wanted(KernelFile::new(procfs.join("cpuinfo")), options),
        }
    }

    fn add_info(&mut self, page: &mut Page) {
        let Some(info) = &mut self.info else { return };
        let elsewhere = sysfs::number::<u64>(&self.sysfs.join("cpu0/cpufreq/cpuinfo_cur_freq"));
        let frequency = match elsewhere {
            Ok(Some(_)) => Frequency::Elsewhere,
            _ => Frequency::Shown,
        };
        if let Err(error) = info.add(frequency, page) {
            left_out::note(error);
        }
    }
}

impl Collector for Cpu {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let now = parse(self.file.read()?)?;
        self.seen.retain(|cpu, _| now.contains_key(cpu));
        for (cpu, ticks) in now {
            let seen = self.seen.entry(cpu).or_default();
            *seen = carry_on(seen, &ticks);
        }
        let [seconds, guests] = families(&self.seen);
        page.add(seconds);
        if self.shows_guests {
            page.add(guests);
        }
        sys::add_throttles(&self.sysfs, &mut self.throttled, page);
        sys::add_isolated(&self.sysfs, &mut self.lists, page);
        sys::add_online(&self.sysfs, &mut self.lists, page);
        self.add_info(page);
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<BTreeMap<u32, Ticks>, CollectError> {
    let mut cpus = BTreeMap::new();
    for (number, line) in text.lines() {
        let Some(rest) = line.strip_prefix("cpu") else { continue };
        let mut words = rest.split_ascii_whitespace();
        // The sum over all CPUs has no number.
        if rest.starts_with(' ') {
            continue;
        }
        match words.next().and_then(|word| word.parse().ok()) {
            Some(cpu) => drop(cpus.insert(cpu, parse_ticks(text, number, words))),
            None => text.leave_out(number, "expected a CPU's number"),
        }
    }
    if cpus.is_empty() {
        return Err(text.wrong(1, "expected at least one CPU"));
    }
    Ok(cpus)
}

fn parse_ticks<'a>(text: Text<'_>, line: usize, mut words: impl Iterator<Item = &'a str>) -> Ticks {
    std::array::from_fn(|_| text.number(line, words.next()))
}

fn carry_on(seen: &Ticks, now: &Ticks) -> Ticks {
    let steps_back = |(seen, now): (&Option<u64>, &Option<u64>)| {
        seen.zip(*now).is_some_and(|(seen, now)| seen.saturating_sub(now) > STEP_BACK_TICKS)
    };
    if seen.iter().zip(now).any(steps_back) {
        return *now;
    }
    std::array::from_fn(|column| now[column].max(seen[column].filter(|_| now[column].is_some())))
}

/// The CPUs' own seconds and those of their guests.
fn families(cpus: &BTreeMap<u32, Ticks>) -> [Family; 2] {
    let mut seconds =
        Family::counter("node_cpu_seconds_total", "Seconds that each CPU spent in each mode.");
    let mut guest = Family::counter(
        "node_cpu_guest_seconds_total",
        "Seconds that each CPU spent in virtual guests, by the guest's mode.",
    );
    for (cpu, ticks) in cpus {
        let cpu = cpu.to_string();
        let (own, guests) = ticks.split_at(MODES.len());
        for (family, modes, ticks) in
            [(&mut seconds, &MODES[..], own), (&mut guest, &GUEST_MODES[..], guests)]
        {
            for (mode, ticks) in modes.iter().zip(ticks) {
                family.push_known(&[("cpu", &cpu), ("mode", mode)], ticks.map(seconds_of));
            }
        }
    }
    [seconds, guest]
}

/// Whole seconds are written as such.
fn seconds_of(ticks: u64) -> Value {
    match ticks % TICKS_PER_SECOND {
        0 => Value::U64(ticks / TICKS_PER_SECOND),
        _ => Value::F64(ticks as f64 / TICKS_PER_SECOND as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn a_small_step_back_is_held_and_a_restart_is_followed() {
        let seen = [Some(1000); COLUMNS];
        let mut now = seen;
        now[3] = Some(990);
        now[0] = Some(1010);
        now[1] = None;
        let held = carry_on(&seen, &now);
        assert_eq!((held[3], held[0], held[1]), (Some(1000), Some(1010), None));
        now[3] = Some(5);
        assert_eq!(carry_on(&seen, &now), now);
    }

    #[test]
    fn a_column_that_is_missing_or_odd_costs_no_other() {
        let whole = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(Some);
        let but_the_last = std::array::from_fn(|column| whole[column].filter(|_| column < 9));
        for (columns, expected) in [
            ("1 2 3 4 5 6 7 8 9 10", whole),
            ("1 2 3 4 5 6 7 8 9 10 11", whole),
            ("1 2 3 4 5 6 7 8 9", but_the_last),
            ("1 2 3 4 5 6 7 8 9 x", but_the_last),
            ("1 2 3 4 5 6 7 8 9 -1", but_the_last),
        ] {
            let content = format!("cpu  odd\ncpux 1\ncpu3 {columns}\n");
            let (cpus, left_out) = LeftOut::during(|| parse(Text::of(&content)).unwrap());
            assert_eq!(cpus.into_iter().collect::<Vec<_>>(), [(3, expected)], "{columns}");
            assert!(left_out.why().unwrap().starts_with("test, line 2: expected a CPU's number"));
        }
        assert!(parse(Text::of("cpu  1 2 3\n")).is_err());
    }
}
