//! What sysfs says of the CPUs: how often heat slowed them down, and which are online or isolated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::reading::error::CollectError;
use crate::reading::hotplug::Found;
use crate::reading::kept::Kept;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs::Dir;
use crate::reading::{cpu_list, left_out, sysfs};

/// Cores and packages are counted once, however many CPUs of theirs there are; a CPU that is off
/// has no place in either.
pub(super) fn add_throttles(dir: &Path, cpus: &mut Found<Vec<PathBuf>>, page: &mut Page) {
    let cpus = match cpus.get(|| find_throttled(dir)) {
        Err(CollectError::Absent { .. }) => None,
        other => or_left_out(other.map(Some)),
    };
    let mut cores = BTreeMap::new();
    let mut packages = BTreeMap::new();
    for path in cpus.into_iter().flatten() {
        let Some(cpu) = or_left_out(Dir::open_if_any(path)) else { continue };
        let number = |file| or_left_out(cpu.number::<u64>(file));
        let Some(package) = number("../topology/physical_package_id") else { continue };
        if let Some(core) = number("../topology/core_id")
            && !cores.contains_key(&(package, core))
            && let Some(throttles) = number("core_throttle_count")
        {
            cores.insert((package, core), throttles);
        }
        if !packages.contains_key(&package)
            && let Some(throttles) = number("package_throttle_count")
        {
            packages.insert(package, throttles);
        }
    }
    let mut family =
        Family::counter("node_cpu_core_throttles_total", "How often heat slowed the core down.");
    for ((package, core), throttles) in cores {
        let (package, core) = (package.to_string(), core.to_string());
        family.push(&[("package", &package), ("core", &core)], throttles);
    }
    page.add(family);
    let mut family = Family::counter(
        "node_cpu_package_throttles_total",
        "How often heat slowed the package down.",
    );
    for (package, throttles) in packages {
        family.push(&[("package", &package.to_string())], throttles);
    }
    page.add(family);
}

/// Where the CPUs count how often heat slowed them down; most virtual machines do not.
fn find_throttled(dir: &Path) -> Result<Vec<PathBuf>, CollectError> {
    let cpus = sysfs::list_numbered(dir, "cpu")?;
    let counts = cpus.into_iter().map(|(cpu, _)| dir.join(cpu).join("thermal_throttle"));
    Ok(counts.filter(|path| path.is_dir()).collect())
}

/// The CPUs that the scheduler leaves alone.
pub(super) fn add_isolated(dir: &Path, kept: &mut Kept, page: &mut Page) {
    let cpus = or_left_out(read_list(&dir.join("isolated"), kept));
    let mut family = Family::gauge("node_cpu_isolated", "The CPUs that are isolated.");
    for cpu in cpus.unwrap_or_default() {
        family.push(&[("cpu", &cpu.to_string())], 1u64);
    }
    page.add(family);
}

/// Which of the CPUs that are there are at work.
pub(super) fn add_online(dir: &Path, kept: &mut Kept, page: &mut Page) {
    let [present, online] =
        ["present", "online"].map(|file| or_left_out(read_list(&dir.join(file), kept)));
    let (Some(present), Some(online)) = (present, online) else { return };
    // This code runs on at least one CPU.
    if online.is_empty() {
        return left_out::note_attribute(dir.join("online"), "expected at least one CPU");
    }
    let mut family = Family::gauge("node_cpu_online", "Whether the CPU is at work.");
    for cpu in present {
        family.push(&[("cpu", &cpu.to_string())], online.binary_search(&cpu).is_ok());
    }
    page.add(family);
}

fn read_list(path: &Path, kept: &mut Kept) -> Result<Option<Vec<u32>>, CollectError> {
    let Some(text) = kept.text(path)? else { return Ok(None) };
    let expected = "expected a list of CPUs";
    let wrong = || CollectError::Parse { path: path.to_owned(), line: 1, expected };
    cpu_list::parse(&text).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use crate::reading::left_out::LeftOut;
    use edctl_exposition::Value;

    use super::*;
    use crate::reading::sysfs::tests::{put, tree};

    fn values(page: &Page, family: &str) -> Vec<(Vec<String>, Value)> {
        let Some(family) = page.family(family) else { return Vec::new() };
        let labels = |sample: &edctl_exposition::Sample| {
            sample.labels.iter().map(|(_, value)| value.to_string()).collect()
        };
        family.samples.iter().map(|sample| (labels(sample), sample.value)).collect()
    }

    #[test]
    fn a_core_counts_once_and_a_broken_one_hides_no_other() {
        let dir = tree(&[]);
        for (cpu, package, core) in [(0, "0", "0"), (1, "0", "1"), (2, "1", "0"), (3, "0", "0")] {
            for (file, content) in [
                ("topology/physical_package_id", package),
                ("topology/core_id", core),
                ("thermal_throttle/core_throttle_count", if cpu == 1 { "x" } else { "7\n" }),
            ] {
                put(dir.path(), &format!("cpu{cpu}/{file}"), content.as_bytes());
            }
        }
        put(dir.path(), "cpu0/thermal_throttle/package_throttle_count", b"9223372036854775807");
        put(dir.path(), "cpu4/online", b"0");
        let mut cpus = Found::new(&edctl_daemon::Paths::default());
        let mut page = Page::default();
        let ((), left_out) = LeftOut::during(|| add_throttles(dir.path(), &mut cpus, &mut page));
        let cores = ["0", "1"].map(|p| (vec![p.to_owned(), "0".to_owned()], Value::U64(7)));
        assert_eq!(values(&page, "node_cpu_core_throttles_total"), cores);
        let package = [(vec!["0".to_owned()], Value::U64(i64::MAX as u64))];
        assert_eq!(values(&page, "node_cpu_package_throttles_total"), package);
        assert!(
            left_out.why().unwrap().ends_with("core_throttle_count, line 1: expected a number")
        );
    }

    #[test]
    fn online_cpus() {
        for (present, online, cpus) in [
            (Some("0-3\n"), Some("0,2-3\n"), [1, 0, 1, 1].as_slice()),
            (Some("0-3\n"), None, &[]),
            (None, Some("0-3\n"), &[]),
            (Some("0-1\n"), Some("all\n"), &[]),
        ] {
            let dir = tree(&[]);
            present.inspect(|content| put(dir.path(), "present", content.as_bytes()));
            online.inspect(|content| put(dir.path(), "online", content.as_bytes()));
            let mut page = Page::default();
            add_online(dir.path(), &mut Kept::new(0), &mut page);
            let samples = page.family("node_cpu_online").map(|family| &family.samples);
            let found = samples.into_iter().flatten().map(|sample| sample.value);
            assert!(found.eq(cpus.iter().map(|cpu| Value::U64(*cpu))), "{present:?} {online:?}");
        }
    }

    #[test]
    fn isolated_cpus() {
        for (content, cpus, is_odd) in [
            (Some("1,3-4\n"), 3, false),
            (Some("\n"), 0, false),
            (None, 0, false),
            (Some("4-1"), 0, true),
        ] {
            let dir = tree(&[]);
            content.inspect(|content| put(dir.path(), "isolated", content.as_bytes()));
            let mut page = Page::default();
            let add = || add_isolated(dir.path(), &mut Kept::new(0), &mut page);
            let ((), left_out) = LeftOut::during(add);
            assert_eq!(values(&page, "node_cpu_isolated").len(), cpus, "{content:?}");
            assert_eq!(left_out.why().is_some(), is_odd, "{content:?}");
        }
    }
}
