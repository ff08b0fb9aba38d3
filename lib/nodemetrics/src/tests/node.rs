//! The whole page over a fixture node, and every collector before broken files.

use edctl_exposition::Page;

use crate::collector::table::COLLECTORS;
use crate::collectors::Collectors;
use crate::frame::choice::Choice;
use crate::frame::report::Report;
use crate::host::{Capacity, Host};
use crate::options::Options;
use crate::reading::error::State;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_exposition::{Format, Query, render};
use edctl_testkit::assert_golden;

use crate::host::Uname;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/node");

fn fixture(procfs: PathBuf) -> Paths {
    let sysfs = Path::new(FIXTURE).join("sys");
    Paths { procfs, sysfs, rootfs: "/fixture".into(), ..Paths::default() }
}

/// A node of which nothing is this machine's.
pub(super) fn host(paths: Paths) -> Host {
    let rootfs = paths.rootfs.clone();
    Host {
        paths,
        uname: || Uname {
            sysname: "Linux".into(),
            release: "6.1.0-40-amd64".into(),
            version: "#1 SMP PREEMPT_DYNAMIC".into(),
            machine: "x86_64".into(),
            nodename: "w1".into(),
            domainname: "(none)".into(),
        },
        now: || std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_763_900_000_250),
        timex: || Err(io::Error::from_raw_os_error(1)),
        zone: |_| Some(edctl_sys::zone::Zone { name: "CET".to_owned(), offset_secs: 3600 }),
        capacity: Arc::new(move |path: &Path| {
            let place = path.strip_prefix(&rootfs).unwrap_or(path);
            if place == Path::new("mnt/broken") {
                return Err(io::Error::from_raw_os_error(5));
            }
            let n = place.as_os_str().len() as u64 + 1;
            Ok(Capacity {
                size_bytes: n << 30,
                free_bytes: n << 29,
                avail_bytes: n << 28,
                files: n * 1000,
                files_free: n * 900,
            })
        }),
    }
}

fn collectors(host: &Host) -> Collectors {
    Collectors::new(host, &Choice::default(), &Options::default())
}

fn page_of(procfs: PathBuf) -> (String, Vec<Report>, Arc<Page>) {
    let mut page = Page::default();
    let reports = collectors(&host(fixture(procfs))).collect(&mut page);
    page.finish();
    let page = Arc::new(page);
    let text = render(&page, Format::Text).unwrap();
    let stable: String = text
        .lines()
        .filter(|line| !line.starts_with("node_scrape_collector_duration_seconds{"))
        .map(|line| format!("{line}\n"))
        .collect();
    (stable, reports, page)
}

/// The fixture has not everything that can be read.
fn fine(state: State) -> bool {
    matches!(state, State::Ok | State::Absent)
}

#[test]
fn golden_page() {
    let golden = Path::new(FIXTURE).join("page.txt");
    let (page, reports, _) = page_of(Path::new(FIXTURE).join("proc"));
    assert!(reports.iter().all(|report| fine(report.state)), "{reports:?}");
    assert_golden(golden, &page);
}

/// A copy of the fixture's /proc with one file replaced, or removed for `None`.
fn spoilt(file: &str, content: Option<&[u8]>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("self")).unwrap();
    for name in ["stat", "meminfo", "loadavg", "self/mountinfo"] {
        fs::copy(Path::new(FIXTURE).join("proc").join(name), dir.path().join(name)).unwrap();
    }
    match content {
        Some(content) => fs::write(dir.path().join(file), content).unwrap(),
        None => fs::remove_file(dir.path().join(file)).unwrap(),
    }
    dir
}

/// Whether a collector reads a file of proc.
fn reads(collector: &str, file: &str) -> bool {
    let entry = COLLECTORS.iter().find(|entry| entry.name == collector).unwrap();
    entry.reads.split(", ").any(|read| read == format!("/proc/{file}"))
}

#[test]
fn what_cannot_be_read_is_absent_never_zero() {
    type Case = (&'static str, &'static str, &'static str, Option<&'static [u8]>, State);
    let cases: [Case; 16] = [
        ("cpu", "stat", "node_cpu_", None, State::Absent),
        ("cpu", "stat", "node_cpu_", Some(b""), State::Error),
        ("cpu", "stat", "node_cpu_", Some(b"cpu0 1 2 3"), State::Partly),
        ("cpu", "stat", "node_cpu_", Some(b"cpux 1 2 3 4 5 6 7 8 9 10"), State::Error),
        ("cpu", "stat", "node_cpu_", Some(b"\xff\xfe"), State::Error),
        ("meminfo", "meminfo", "node_memory_", None, State::Absent),
        ("meminfo", "meminfo", "node_memory_", Some(b"MemTotal:   163"), State::Ok),
        ("meminfo", "meminfo", "node_memory_", Some(b"MemTotal: 1 kB\nMemFr"), State::Partly),
        ("meminfo", "meminfo", "node_memory_", Some(b"MemFree: 1"), State::Ok),
        ("loadavg", "loadavg", "node_load", None, State::Absent),
        ("loadavg", "loadavg", "node_load", Some(b"0.21 0.3"), State::Partly),
        ("loadavg", "loadavg", "node_load", Some(b"NaN 0 0"), State::Partly),
        ("loadavg", "loadavg", "node_load", Some(b"-1 x NaN"), State::Error),
        ("filesystem", "self/mountinfo", "node_filesystem_", None, State::Absent),
        ("filesystem", "self/mountinfo", "node_filesystem_", Some(b"1 2 3"), State::Error),
        ("filesystem", "self/mountinfo", "node_filesystem_", Some(b""), State::Error),
    ];
    for (collector, file, prefix, content, expected) in cases {
        let dir = spoilt(file, content);
        let (page, reports, errors) = page_of(dir.path().to_owned());
        let what =
            format!("{file}: {:?}", content.map(<[u8]>::escape_ascii).map(|e| e.to_string()));
        let report = reports.iter().find(|report| report.name == collector).unwrap();
        assert_eq!(report.state, expected, "{what}");
        let shown = page.lines().any(|line| line.starts_with(prefix));
        assert_eq!(shown, matches!(expected, State::Ok | State::Partly), "{what}\n{page}");
        let counted = errors.errors().any(|(source, _, _)| source == collector);
        assert_eq!(counted, matches!(expected, State::Error | State::Partly), "{what}");
        let mut others = reports.iter().filter(|report| !reads(report.name, file));
        assert!(others.all(|report| fine(report.state)), "{what}");
    }
}

#[test]
fn a_part_is_collected_where_a_part_is_asked_for() {
    let mut collectors = collectors(&host(fixture(Path::new(FIXTURE).join("proc"))));
    let query = Query::parse("collect[]=loadavg&collect[]=uname");
    let reports = collectors.collect_part(&query, &mut Page::default()).unwrap();
    let run: Vec<&str> = reports.iter().map(|report| report.name).collect();
    assert_eq!(run, ["loadavg", "uname"]);
    assert!(collectors.collect_part(&Query::parse("collect[]=x"), &mut Page::default()).is_err());
}

#[test]
fn the_table_is_in_order_and_says_what_is_shown() {
    assert!(COLLECTORS.is_sorted_by_key(|entry| entry.name));
    for entry in COLLECTORS {
        let mut page = Page::default();
        let host = host(fixture(Path::new(FIXTURE).join("proc")));
        if (entry.make)(&host, &Options::default()).collect(&mut page).is_err() {
            continue;
        }
        for family in page.families() {
            let doc = entry.families.iter().find(|doc| doc.is_of(family));
            assert!(doc.is_some(), "{}: {} is not in its table", entry.name, family.name);
        }
    }
}

#[test]
fn the_real_node_can_be_read() {
    let mut page = Page::default();
    let reports = collectors(&Host::real(Paths::default())).collect(&mut page);
    for report in reports {
        assert!(matches!(report.state, State::Ok | State::Absent), "{report:?}");
    }
    assert!(page.family("node_cpu_seconds_total").is_some());
}
