//! `node_cpu_info` and its like: what /proc/cpuinfo says of each CPU; off unless asked for.

use std::collections::HashMap;

use edctl_exposition::{Family, Page};
use regex::Regex;

use crate::options::cpu::CpuOptions;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

/// The labels of `node_cpu_info` and the lines that they come from.
const LABELS: [(&str, &str); 10] = [
    ("package", "physical id"),
    ("core", "core id"),
    ("cpu", "processor"),
    ("vendor", "vendor_id"),
    ("family", "cpu family"),
    ("model", "model"),
    ("model_name", "model name"),
    ("microcode", "microcode"),
    ("stepping", "stepping"),
    ("cachesize", "cache size"),
];
/// The lines of one CPU.
type Cpu<'a> = HashMap<&'a str, &'a str>;

pub(super) struct Info {
    file: KernelFile,
    flags: Option<Regex>,
    bugs: Option<Regex>,
}

impl Info {
    /// One, if the options ask for it; naming flags or bugs does.
    pub(super) fn wanted(file: KernelFile, options: &CpuOptions) -> Option<Self> {
        let compile = |e: &str| (!e.is_empty()).then(|| Regex::new(e).ok()).flatten();
        let info = Self {
            file,
            flags: compile(&options.info_flags_include),
            bugs: compile(&options.info_bugs_include),
        };
        (options.info || info.flags.is_some() || info.bugs.is_some()).then_some(info)
    }

    /// Adds what it says, or nothing.
    pub(super) fn add(
        &mut self,
        frequency: Frequency,
        page: &mut Page,
    ) -> Result<(), CollectError> {
        let cpus = parse(self.file.read()?)?;
        page.add(info(&cpus));
        if frequency == Frequency::Shown {
            page.add(frequencies(&cpus));
        }
        // All CPUs of a node have the same.
        let first = |key: &str| cpus.first().and_then(|cpu| cpu.get(key)).copied();
        for (name, label, regex, words, help) in [
            (
                "node_cpu_flag_info",
                "flag",
                &self.flags,
                first("flags").or(first("Features")),
                "What the first CPU can do.",
            ),
            (
                "node_cpu_bug_info",
                "bug",
                &self.bugs,
                first("bugs"),
                "What is wrong with the first CPU.",
            ),
        ] {
            let Some(regex) = regex else { continue };
            let mut family = Family::gauge(name, help);
            let words = words.unwrap_or_default().split_ascii_whitespace();
            words
                .filter(|word| regex.is_match(word))
                .for_each(|word| family.push(&[(label, word)], 1u64));
            page.add(family);
        }
        Ok(())
    }
}

/// Whether the frequency in /proc/cpuinfo is shown: only where cpufreq does not show the same family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Shown,
    Elsewhere,
}

/// The CPUs; the paragraph behind them, as on ARM, has no `processor` and is passed over.
fn parse(text: Text<'_>) -> Result<Vec<Cpu<'_>>, CollectError> {
    let mut cpus: Vec<Cpu<'_>> = Vec::new();
    let mut is_cpu = false;
    for (_, line) in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            is_cpu = false;
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key == "processor" {
            cpus.push(Cpu::default());
            is_cpu = true;
        }
        if is_cpu && let Some(cpu) = cpus.last_mut() {
            cpu.insert(key, value);
        }
    }
    if cpus.is_empty() { Err(text.wrong(1, "expected CPUs")) } else { Ok(cpus) }
}

fn value<'a>(cpu: &Cpu<'a>, key: &str) -> &'a str {
    cpu.get(key).copied().unwrap_or_default()
}

fn info(cpus: &[Cpu<'_>]) -> Family {
    let mut family = Family::gauge("node_cpu_info", "What each CPU is.");
    for cpu in cpus {
        family.push(&LABELS.map(|(label, key)| (label, value(cpu, key))), 1u64);
    }
    family
}

fn frequencies(cpus: &[Cpu<'_>]) -> Family {
    let mut family = Family::gauge("node_cpu_frequency_hertz", "How fast each CPU runs.");
    for cpu in cpus {
        let mhz = value(cpu, "cpu MHz").parse().ok().filter(|mhz: &f64| mhz.is_finite());
        let Some(mhz) = mhz else { continue };
        let [package, core, number] =
            [LABELS[0], LABELS[1], LABELS[2]].map(|(label, key)| (label, value(cpu, key)));
        family.push(&[package, core, number], mhz * 1e6);
    }
    family
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const X86: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n\
        model name\t: Xeon: Gold\nstepping\t: 4\nmicrocode\t: 0x2006e05\ncpu MHz\t\t: 1799.999\n\
        cache size\t: 28160 KB\nphysical id\t: 1\ncore id\t\t: 5\nflags\t\t: fpu avx2\n\
        power management:\n\nprocessor\t: 1\ncpu MHz\t\t: fast\n\n";

    #[test]
    fn the_lines_of_each_cpu() {
        let cpus = parse(Text::of(X86)).unwrap();
        assert_eq!(info(&cpus).samples.len(), 2);
        assert_eq!(value(&cpus[0], "model name"), "Xeon: Gold");
        assert_eq!(value(&cpus[1], "model name"), "");
        assert_eq!(frequencies(&cpus).samples.len(), 1);
        let arm = "processor\t: 0\nBogoMIPS\t: 243\nFeatures\t: fp asimd\n\nHardware\t: x\n";
        assert_eq!(parse(Text::of(arm)).unwrap().len(), 1);
        assert!(parse(Text::of("")).is_err());
        assert!(parse(Text::of("Hardware : x\n")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("processor : 0\n{content}"))).map(|cpus| (info(&cpus), frequencies(&cpus)));
        }
    }
}
