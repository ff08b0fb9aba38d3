//! `node_cpu_frequency_*`, `node_cpu_scaling_*`: how fast each CPU runs, from
//! /sys/devices/system/cpu/cpuN/cpufreq.
//!
//! On some hardware each reading of a frequency asks the firmware or waits for a sample, so that
//! many CPUs take long. A CPU of which one value is missing shows the others; node_exporter shows
//! nothing at all then.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs::Dir;
use crate::reading::{cpu_list, left_out, sysfs};

const CPU: &[&str] = &["cpu"];

/// The file, which is in kHz, the family and its help.
const FREQUENCIES: [(&str, FamilyDoc, &str); 6] = [
    (
        "cpuinfo_cur_freq",
        FamilyDoc::gauge("node_cpu_frequency_hertz", CPU),
        "How fast the CPU runs, as the hardware says.",
    ),
    (
        "cpuinfo_min_freq",
        FamilyDoc::gauge("node_cpu_frequency_min_hertz", CPU),
        "How slowly the CPU can run.",
    ),
    (
        "cpuinfo_max_freq",
        FamilyDoc::gauge("node_cpu_frequency_max_hertz", CPU),
        "How fast the CPU can run.",
    ),
    (
        "scaling_cur_freq",
        FamilyDoc::gauge("node_cpu_scaling_frequency_hertz", CPU),
        "How fast the CPU runs, as the kernel says.",
    ),
    (
        "scaling_min_freq",
        FamilyDoc::gauge("node_cpu_scaling_frequency_min_hertz", CPU),
        "How slowly the kernel may let the CPU run.",
    ),
    (
        "scaling_max_freq",
        FamilyDoc::gauge("node_cpu_scaling_frequency_max_hertz", CPU),
        "How fast the kernel may let the CPU run.",
    ),
];

pub(super) const ENTRY: Entry = Entry {
    name: "cpufreq",
    preset: Preset::On,
    runs: Runs::ApartIfAny("devices/system/cpu/cpufreq"),
    reads: "/sys/devices/system/cpu",
    families: &[
        FREQUENCIES[0].1,
        FREQUENCIES[1].1,
        FREQUENCIES[2].1,
        FREQUENCIES[3].1,
        FREQUENCIES[4].1,
        FREQUENCIES[5].1,
        FamilyDoc::gauge("node_cpu_scaling_governor", &["cpu", "governor"]),
    ],
    make: |host, _| Box::new(Cpufreq::new(host)),
};

pub(super) struct Cpufreq {
    dir: PathBuf,
}

impl Cpufreq {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("devices/system/cpu") }
    }
}

impl Collector for Cpufreq {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let cpus = sysfs::list_numbered(&self.dir, "cpu")?;
        let offline = sysfs::text(&self.dir.join("offline"))?;
        let offline = offline.and_then(|text| cpu_list::parse(&text)).unwrap_or_default();
        let mut frequencies = FREQUENCIES.map(|(_, doc, help)| Family::gauge(doc.name, help));
        let mut governors = Family::gauge(
            "node_cpu_scaling_governor",
            "Whether this governor chooses the CPU's frequency.",
        );
        let mut has_any = false;
        for (name, cpu) in cpus {
            if cpu.parse().is_ok_and(|cpu| offline.contains(&cpu)) {
                continue;
            }
            let path = self.dir.join(name).join("cpufreq");
            let Some(dir) = or_left_out(Dir::open_if_any(&path)) else { continue };
            has_any = true;
            for ((file, ..), family) in FREQUENCIES.iter().zip(&mut frequencies) {
                let khz = dir.number::<u64>(file);
                if let Some(khz) = or_left_out(khz) {
                    family.push(&[("cpu", &cpu)], khz as f64 * 1000.0);
                }
            }
            push_governors(&dir, &cpu, &mut governors);
        }
        if !has_any {
            return Err(CollectError::Absent { path: self.dir.join("cpu0/cpufreq") });
        }
        frequencies.into_iter().chain([governors]).for_each(|family| page.add(family));
        Ok(())
    }
}

fn push_governors(dir: &Dir<'_>, cpu: &str, family: &mut Family) {
    let text = |file| or_left_out(dir.text(file));
    let (Some(current), Some(available)) =
        (text("scaling_governor"), text("scaling_available_governors"))
    else {
        return;
    };
    if !available.split_ascii_whitespace().any(|governor| governor == current) {
        let message = format!("cpu{cpu}: the governor {current} is none of {available:?}");
        return left_out::note(CollectError::Other { reason: "parse", message });
    }
    for governor in available.split_ascii_whitespace() {
        family.push(&[("cpu", cpu), ("governor", governor)], governor == current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::cpufreq::sysfs::tests::{put, shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn what_is_there_of_each_cpu_that_is_on() {
        let dir = tree(&[("devices/system/cpu/offline", "2\n")]);
        for cpu in 0..3 {
            for (file, content) in [
                ("scaling_cur_freq", "2104512\n"),
                ("scaling_governor", "powersave\n"),
                ("scaling_available_governors", "performance powersave \n"),
                ("cpuinfo_cur_freq", if cpu == 0 { "<unknown>\n" } else { "1804088\n" }),
            ] {
                let path = format!("devices/system/cpu/cpu{cpu}/cpufreq/{file}");
                put(dir.path(), &path, content.as_bytes());
            }
        }
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_cpu_frequency_hertz{cpu="1"} 1804088000"#,
                r#"node_cpu_scaling_frequency_hertz{cpu="0"} 2104512000"#,
                r#"node_cpu_scaling_frequency_hertz{cpu="1"} 2104512000"#,
                r#"node_cpu_scaling_governor{cpu="0",governor="performance"} 0"#,
                r#"node_cpu_scaling_governor{cpu="0",governor="powersave"} 1"#,
                r#"node_cpu_scaling_governor{cpu="1",governor="performance"} 0"#,
                r#"node_cpu_scaling_governor{cpu="1",governor="powersave"} 1"#,
            ]
        );
        assert_eq!(errors, 1);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
