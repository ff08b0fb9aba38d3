//! The whole page over whole nodes, and over what is left of them when files break.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_exposition::{Format, Page, render};
use edctl_testkit::assert_golden;
use tempfile::TempDir;

use crate::collector::table::COLLECTORS;
use crate::collectors::Collectors;
use crate::frame::choice::Choice;
use crate::frame::report::Report;
use crate::options::Options;
use crate::reading::error::State;
use crate::tests::node::host;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
pub(super) const NODES: [&str; 4] = ["vm", "server", "efa", "arm64"];
const CPUS: usize = 128;

/// These ask the kernel or systemd, whatever tree they are shown.
const OF_THIS_MACHINE: [&str; 5] = ["ethtool", "network_route", "qdisc", "systemd", "tcpstat"];

/// Every other collector.
fn choice() -> Choice {
    let is_on = |name| !OF_THIS_MACHINE.contains(&name);
    Choice(COLLECTORS.iter().map(|entry| (entry.name.to_owned(), is_on(entry.name))).collect())
}

pub(super) fn collectors(tree: &Path) -> Collectors {
    let paths = Paths {
        procfs: tree.join("proc"),
        sysfs: tree.join("sys"),
        rootfs: tree.join("rootfs"),
        udev_data: tree.join("rootfs/run/udev/data"),
        ..Paths::default()
    };
    Collectors::new(&host(paths), &choice(), &Options::default())
}

fn page(collectors: &mut Collectors) -> String {
    page_and_reports(collectors).0
}

/// The page's lines, but for how long each collector took; each collector has finished.
pub(super) fn page_and_reports(collectors: &mut Collectors) -> (String, Vec<Report>) {
    let mut page = Page::default();
    let reports = collectors.collect(&mut page);
    for report in &reports {
        assert_ne!(report.state, State::Timeout, "{report:?}");
    }
    page.finish();
    let text = render(&Arc::new(page), Format::Text).unwrap();
    let is_stable = |line: &&str| !line.contains("node_scrape_collector_duration_seconds");
    let lines = text.lines().filter(is_stable);
    (lines.fold(String::new(), |page, line| page + line + "\n"), reports)
}

pub(super) fn copy(node: &str) -> TempDir {
    // In memory: thousands of small files are written.
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let from = format!("{FIXTURES}/{node}/.");
    let copied = Command::new("cp").arg("-a").arg(from).arg(dir.path()).status().unwrap();
    assert!(copied.success());
    dir
}

/// A copy of the server with many CPUs on its two sockets.
fn large_server() -> TempDir {
    let dir = copy("server");
    let put = |path: String, content: String| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let mut stat = String::from("cpu  1 2 3 4 5 6 7 8 9 10\n");
    let mut cpuinfo = String::new();
    let mut schedstat = String::from("version 15\ntimestamp 4297299139\n");
    for cpu in 0..CPUS {
        let (package, core) = (cpu % 2, cpu / 2);
        writeln!(stat, "cpu{cpu} {} 2 3 {} 5 6 7 8 9 10", 100 + cpu, 100_000 - cpu).unwrap();
        writeln!(schedstat, "cpu{cpu} 0 0 0 0 0 0 {cpu}000000000 2000000000 {cpu}").unwrap();
        write!(
            cpuinfo,
            "processor\t: {cpu}\nvendor_id\t: GenuineIntel\nphysical id\t: {package}\n\
             core id\t\t: {core}\ncpu MHz\t\t: 2900.{cpu:03}\n\n"
        )
        .unwrap();
        let place = format!("sys/devices/system/cpu/cpu{cpu}");
        for (name, value) in [
            ("topology/physical_package_id", package),
            ("topology/core_id", core),
            ("thermal_throttle/core_throttle_count", cpu),
            ("thermal_throttle/package_throttle_count", package),
            ("cpufreq/scaling_cur_freq", 2_900_000 + cpu),
            ("cpufreq/scaling_min_freq", 800_000),
            ("cpufreq/scaling_max_freq", 3_500_000),
        ] {
            put(format!("{place}/{name}"), format!("{value}\n"));
        }
    }
    stat.push_str(
        "ctxt 410223981\nbtime 1763900123\nprocesses 812044\nprocs_running 3\nprocs_blocked 0\n",
    );
    put("proc/stat".to_owned(), stat);
    put("proc/cpuinfo".to_owned(), cpuinfo);
    put("proc/schedstat".to_owned(), schedstat);
    for name in ["online", "present"] {
        put(format!("sys/devices/system/cpu/{name}"), format!("0-{}\n", CPUS - 1));
    }
    dir
}

#[test]
fn golden_pages() {
    for node in NODES {
        let dir = if node == "server" { large_server() } else { copy(node) };
        let found = page(&mut collectors(dir.path())).replace(dir.path().to_str().unwrap(), "");
        assert_golden(format!("{FIXTURES}/{node}/page.txt"), &found);
    }
}

/// What may happen to a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Gone,
    Empty,
    Garbage,
    Cut,
    /// Every number is the largest that there is.
    Large,
}

impl Fault {
    const ALL: [Self; 5] = [Self::Gone, Self::Empty, Self::Garbage, Self::Cut, Self::Large];

    fn strike(self, path: &Path, content: &[u8]) {
        let spoilt = match self {
            Self::Gone => return fs::remove_file(path).unwrap(),
            Self::Empty => Vec::new(),
            Self::Garbage => [b"\x00\xff\x7fELF\n\xc3\x28 = : 7 -1 ", content].concat(),
            Self::Cut => content[..content.len() / 2].to_vec(),
            Self::Large => largest(&String::from_utf8_lossy(content)).into_bytes(),
        };
        fs::write(path, spoilt).unwrap();
    }

    /// Whether what is still said must be what was said before. A number that is cut is a number.
    fn leaves_only_what_is_true(self) -> bool {
        matches!(self, Self::Gone | Self::Empty | Self::Garbage)
    }
}

fn largest(content: &str) -> String {
    let numbers = regex::Regex::new(r"\b\d+\b").unwrap();
    numbers.replace_all(content, u64::MAX.to_string()).into_owned()
}

pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Series and values.
pub(super) fn series(page: &str) -> BTreeMap<&str, &str> {
    page.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|l| l.rsplit_once(' ').unwrap())
        .collect()
}

/// What says something else, and rightly, where a part of it is gone: counts of files and lines, and what
/// became of the reading itself; and SELinux, which is off where it has no files.
const MADE_OF_SEVERAL: [&str; 6] = [
    "edctl_agent_collector_state{",
    "node_bonding_",
    "node_logind_sessions{",
    "node_processes_",
    "node_scrape_collector_success{",
    "node_selinux_",
];

#[test]
fn what_a_broken_file_does_not_say_is_absent() {
    // So many files break at once: one after the other would take long.
    const GROUPS: usize = 12;
    for node in NODES {
        let dir = copy(node);
        let whole = page(&mut collectors(dir.path()));
        let whole = series(&whole);
        let files: Vec<_> = ["proc", "sys", "rootfs"]
            .iter()
            .flat_map(|part| files(&dir.path().join(part)))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        for (group, fault) in (0..GROUPS).flat_map(|group| Fault::ALL.map(|fault| (group, fault))) {
            let struck = || files.iter().skip(group).step_by(GROUPS);
            struck().for_each(|(path, content)| fault.strike(path, content));
            let broken = page(&mut collectors(dir.path()));
            struck().for_each(|(path, content)| fs::write(path, content).unwrap());
            for (name, value) in series(&broken) {
                assert!(value.parse::<f64>().is_ok(), "{node}, {fault:?}: {name} {value}");
                let is_made = MADE_OF_SEVERAL.iter().any(|made| name.starts_with(made));
                // A series with another label is another: what a label says is not known to be true.
                let before =
                    whole.get(name).filter(|_| fault.leaves_only_what_is_true() && !is_made);
                assert!(
                    before.is_none_or(|before| *before == value),
                    "{node}, {fault:?}: {name} {value}, was {before:?}"
                );
            }
        }
        assert_eq!(series(&page(&mut collectors(dir.path()))), whole, "{node} is whole again");
    }
}

/// A VM with this many mounts and interfaces.
fn crowded(count: usize) -> TempDir {
    let dir = copy("vm");
    let mut mounts = String::from("27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n");
    let mut devices = String::from("Inter-|   Receive\n face |bytes\n");
    let class = dir.path().join("sys/class/net");
    for number in 0..count {
        writeln!(mounts, "{} 27 0:{number} / /srv/m{number} rw - tmpfs tmpfs rw", 100 + number)
            .unwrap();
        writeln!(devices, "veth{number}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16").unwrap();
        std::os::unix::fs::symlink("eth0", class.join(format!("veth{number}"))).unwrap();
    }
    fs::write(dir.path().join("proc/self/mountinfo"), mounts).unwrap();
    fs::write(dir.path().join("proc/net/dev"), devices).unwrap();
    dir
}

#[test]
fn many_mounts_and_interfaces_leave_a_page_and_say_what_is_left_out() {
    let dir = crowded(10_000);
    let paths = Paths {
        procfs: dir.path().join("proc"),
        sysfs: dir.path().join("sys"),
        rootfs: dir.path().join("rootfs"),
        ..Paths::default()
    };
    let mut page = Page::default();
    Collectors::new(&host(paths), &Choice::default(), &Options::default()).collect(&mut page);
    page.finish();
    let series = |name: &str| page.family(name).map_or(0, |family| family.samples.len());
    let errors: Vec<_> = page.errors().collect();
    for (family, collector) in [
        ("node_filesystem_size_bytes", "filesystem"),
        ("node_network_receive_bytes_total", "netdev"),
        ("node_network_mtu_bytes", "netclass"),
    ] {
        let is_told =
            |reason: &str| errors.iter().any(|told| (told.0, told.1) == (collector, reason));
        match series(family) {
            10_000.. => {}
            1000.. => assert!(is_told("limit"), "{family}: {errors:?}"),
            // So many files take their time; of a real node they need not be read.
            shown => assert!(shown == 0 && is_told("timeout"), "{family}: {shown}, {errors:?}"),
        }
    }
}
