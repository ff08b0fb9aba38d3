//! `node_cpu_*`: where each CPU spent its time, from /proc/stat.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

/// The kernel's unit for users (`USER_HZ`), the same on every architecture that we run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// The columns of a `cpuN` line, in their order.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];
const COLUMNS: usize = MODES.len() + GUEST_MODES.len();

/// A drop of less than this is the kernel's idle accounting stepping back; a larger one is a CPU
/// that went and came back and counts from zero.
const STEP_BACK_TICKS: u64 = 300;

type Ticks = [u64; COLUMNS];

pub(super) const ENTRY: Entry = Entry {
    name: "cpu",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/stat",
    families: &[
        FamilyDoc::counter("node_cpu_seconds_total", &["cpu", "mode"]),
        FamilyDoc::counter("node_cpu_guest_seconds_total", &["cpu", "mode"]),
    ],
    make: |host, _| Box::new(Cpu::new(host)),
};

pub(super) struct Cpu {
    file: KernelFile,
    /// The highest values seen, since a counter must not step back.
    seen: BTreeMap<u32, Ticks>,
}

impl Cpu {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("stat")), seen: BTreeMap::new() }
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
        expose(&self.seen, page);
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
        let cpu = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| text.wrong(number, "expected a CPU's number"))?;
        cpus.insert(cpu, parse_ticks(words).ok_or_else(|| text.wrong(number, "expected ticks"))?);
    }
    if cpus.is_empty() {
        return Err(text.wrong(1, "expected at least one CPU"));
    }
    Ok(cpus)
}

fn parse_ticks<'a>(words: impl Iterator<Item = &'a str>) -> Option<Ticks> {
    let mut ticks = Ticks::default();
    let mut columns = 0;
    for (column, word) in ticks.iter_mut().zip(words) {
        *column = word.parse().ok()?;
        columns += 1;
    }
    (columns == COLUMNS).then_some(ticks)
}

fn carry_on(seen: &Ticks, now: &Ticks) -> Ticks {
    let restarted =
        seen.iter().zip(now).any(|(seen, now)| seen.saturating_sub(*now) > STEP_BACK_TICKS);
    if restarted {
        return *now;
    }
    std::array::from_fn(|column| seen[column].max(now[column]))
}

fn expose(cpus: &BTreeMap<u32, Ticks>, page: &mut Page) {
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
                family.push(&[("cpu", &cpu), ("mode", mode)], *ticks as f64 / TICKS_PER_SECOND);
            }
        }
    }
    page.add(seconds);
    page.add(guest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_is_held_and_a_restart_is_followed() {
        let seen = [1000; COLUMNS];
        let mut now = seen;
        now[3] = 990;
        now[0] = 1010;
        let held = carry_on(&seen, &now);
        assert_eq!((held[3], held[0]), (1000, 1010));
        now[3] = 5;
        assert_eq!(carry_on(&seen, &now), now);
    }

    #[test]
    fn too_few_columns_are_refused() {
        let ticks = |text: &str| parse_ticks(text.split(' '));
        assert_eq!(ticks("1 2 3 4 5 6 7 8 9"), None);
        assert_eq!(ticks("1 2 3 4 5 6 7 8 9 10"), Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        assert_eq!(ticks("1 2 3 4 5 6 7 8 9 10 11"), Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        assert_eq!(ticks("1 2 3 4 5 6 7 8 9 x"), None);
        assert_eq!(ticks("1 2 3 4 5 6 7 8 9 -1"), None);
    }
}
