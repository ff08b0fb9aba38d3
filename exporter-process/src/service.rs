//! The exporter as the daemon frame sees it: each collection is one scan of proc.

use std::path::PathBuf;

use edctl_daemon::{Mode, Service};
use edctl_exposition::{Collect, Page};
use edctl_fault::Fault;
use rustix::time::{ClockId, clock_gettime};

use crate::config::Config;
use crate::exits::Exits;
use crate::jobs::Jobs;
use crate::ledger::Since;
use crate::page::{self, Errors, Units};
use crate::remainder::Remainder;
use crate::scan::{ScanError, Scanner};

/// The jobs cannot be sampled.
#[derive(Debug, thiserror::Error)]
#[error("cannot start to sample the jobs")]
struct StartError(#[source] std::io::Error);

/// The scanner, and what the page says beside the groups.
pub(crate) struct Exporter {
    procfs: PathBuf,
    scanner: Scanner,
    /// `None` for a single page, which has no time to compare over.
    remainder: Option<Remainder>,
    units: Units,
    errors: Errors,
    /// Only where it serves the machine: a test's tree has no jobs.
    jobs: Option<Jobs>,
}

impl Exporter {
    /// Opens proc. A single page counts from the processes' own start, a daemon from its own.
    pub(crate) fn start(config: Config, mode: Mode) -> Result<Self, Fault> {
        let units = Units::of_system();
        let jobs =
            Jobs::start(config.jobs.clone(), config.path.clone(), mode).map_err(StartError)?;
        let exporter = match mode {
            Mode::Serve => {
                let now_ns = ns_since_boot();
                let since = Since { own_ns: now_ns, reaped_ns: now_ns };
                let remainder = Remainder::start(&config.path.procfs, &config.path.cgroupfs);
                let exits = match config.accounting.exit_records {
                    true => Exits::start(&config.path.sysfs),
                    false => Exits::off(),
                };
                let exporter = Self::over(config, units, since, exits)?;
                Self { remainder: Some(remainder), ..exporter }
            }
            Mode::Once => {
                let since = Since { own_ns: 0, reaped_ns: u64::MAX };
                Self::over(config, units, since, Exits::off())?
            }
        };
        Ok(Self { jobs: Some(jobs), ..exporter })
    }

    fn over(config: Config, units: Units, since: Since, exits: Exits) -> Result<Self, ScanError> {
        Ok(Self {
            procfs: config.path.procfs.clone(),
            scanner: Scanner::new(config, units, since, exits)?,
            remainder: None,
            units,
            errors: Errors::default(),
            jobs: None,
        })
    }

    fn render(&mut self, page: &mut Page) {
        let Scanner { groups, details, threads, smaps, .. } = &self.scanner;
        let sorted = groups.sorted();
        page::render_groups(&sorted, self.units, self.scanner.boot_time_secs, page);
        page::render_details(&sorted, details, smaps, page);
        page::render_detail_limits(details, self.scanner.stuck_processes(), page);
        page::render_threads(&sorted, threads, page);
        let charged_ns = groups.charged_ns();
        let remainder = self.remainder.as_mut().and_then(|remainder| remainder.read(charged_ns));
        if let Some(Err(())) = remainder {
            page.error("cgroup", "read");
        }
        let reading = remainder.and_then(Result::ok);
        let (state, counts) = (self.scanner.exits.state(), &self.scanner.exit_counts);
        page::render_accounting(state, counts, reading.as_ref(), page);
    }
}

impl Collect for Exporter {
    fn collect(&mut self, page: &mut Page) {
        match self.scanner.scan(page) {
            Ok(()) => {
                if self.scanner.boot_time_secs.is_none() {
                    self.errors.partial += 1;
                    page.error("boot_time", "read");
                }
                self.render(page);
            }
            Err(error) => {
                let root = self.procfs.display();
                tracing::warn!(%error, %root, "cannot list the processes");
                self.errors.scans += 1;
                page.error("proc", "list");
            }
        }
        self.errors.processes = self.scanner.unread_processes;
        page::render_errors(&self.errors, page);
        if let Some(jobs) = &self.jobs {
            jobs.collect(page);
        }
    }
}

impl Service for Exporter {
    type Config = Config;

    fn reload(&mut self, config: Config) -> Result<(), Fault> {
        let (procfs, jobs, paths) =
            (config.path.procfs.clone(), config.jobs.clone(), config.path.clone());
        self.scanner.reload(config)?;
        self.procfs = procfs;
        if let Some(running) = &mut self.jobs {
            running.reload(jobs, paths);
        }
        Ok(())
    }
}

fn ns_since_boot() -> u64 {
    let since_boot = clock_gettime(ClockId::Boottime);
    (since_boot.tv_sec as u64).saturating_mul(1_000_000_000) + since_boot.tv_nsec as u64
}

#[cfg(test)]
#[path = "odd_tests.rs"]
pub(crate) mod odd_tests;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use edctl_exposition::{Format, Value, render};
    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
    use tempfile::TempDir;

    use super::*;

    const UNITS: Units = Units { ticks_per_second: 100, page_bytes: 4096 };

    fn since(ticks: u64) -> Since {
        Since { own_ns: ticks * 10_000_000, reaped_ns: ticks * 10_000_000 }
    }

    /// A proc of our own making.
    struct FakeProc(TempDir);

    impl FakeProc {
        fn new() -> Self {
            let fake = Self(tempfile::tempdir().unwrap());
            fs::write(fake.0.path().join("stat"), "cpu  1 2 3\nbtime 1700000000\n").unwrap();
            fake
        }

        fn process(&self, pid: u32, comm: &[u8], rest: &str) {
            let dir = self.0.path().join(pid.to_string());
            fs::create_dir_all(&dir).unwrap();
            let mut stat = format!("{pid} (").into_bytes();
            stat.extend_from_slice(comm);
            stat.extend_from_slice(format!(") {rest}\n").as_bytes());
            fs::write(dir.join("stat"), stat).unwrap();
        }

        fn end(&self, pid: u32) {
            fs::remove_dir_all(self.0.path().join(pid.to_string())).unwrap();
        }

        fn config(&self) -> Config {
            let mut config = Config::default();
            config.path.procfs = self.0.path().into();
            config
        }

        fn exporter(&self, since_ticks: u64) -> Exporter {
            Exporter::over(self.config(), UNITS, since(since_ticks), Exits::off()).unwrap()
        }
    }

    /// The fields behind the name that matter here.
    fn fields(state: char, user: u64, system: u64, start: u64) -> String {
        format!(
            "{state} 1 1 1 0 -1 4194304 20 0 3 0 {user} {system} 0 0 20 0 2 0 {start} 81920 5 {REST}"
        )
    }

    /// The fields that nobody reads.
    const REST: &str =
        "18446744073709551615 1 1 0 0 0 0 0 4096 1260 0 0 0 17 1 0 0 0 0 0 9 9 9 1 1 1 1 0";

    fn collect(exporter: &mut Exporter) -> Page {
        let mut page = Page::default();
        exporter.collect(&mut page);
        page.finish();
        page
    }

    fn value(page: &Page, family: &str, labels: &[&str]) -> Option<Value> {
        let samples = &page.family(family)?.samples;
        let sample = samples
            .iter()
            .find(|s| s.labels.iter().map(|(_, v)| v.as_str()).eq(labels.iter().copied()))?;
        Some(sample.value)
    }

    #[test]
    fn golden_page_with_hostile_names() {
        let fake = FakeProc::new();
        fake.process(1, b"systemd", &fields('S', 150, 50, 7));
        fake.process(20, b"verilator_bin", &fields('R', 1000, 25, 5000));
        fake.process(21, b"verilator_bin", &fields('D', 500, 25, 4000));
        fake.process(22, b"x\"} 1\nforged 2\n", &fields('S', 1, 0, 4000));
        fake.process(23, b"a) R 1 (b", &fields('Z', 1, 0, 4000));
        fake.process(24, b"\xff\\", &fields('T', 1, 0, 4000));
        let kthreadd = format!("S 0 0 0 0 -1 2129984 0 0 0 0 9 9 0 0 20 0 1 0 1 0 0 {REST}");
        fake.process(2, b"kthreadd", &kthreadd);
        let mut page = Page::default();
        fake.exporter(0).collect(&mut page);
        page.finish();

        let text = render(&std::sync::Arc::new(page), Format::Text).unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt");
        edctl_testkit::assert_golden(golden, &text);
    }

    #[test]
    fn counters_go_on_from_scrape_to_scrape() {
        const CPU: &str = "namedprocess_namegroup_cpu_seconds_total";
        let fake = FakeProc::new();
        fake.process(1, b"make", &fields('S', 150, 0, 7));
        let mut exporter = fake.exporter(1000);
        let page = collect(&mut exporter);
        assert_eq!(value(&page, CPU, &["make", "user"]), Some(Value::F64(0.0)));

        fake.process(1, b"make", &fields('S', 250, 0, 7));
        fake.process(2, b"make", &fields('S', 50, 0, 2000));
        let page = collect(&mut exporter);
        assert_eq!(value(&page, CPU, &["make", "user"]), Some(Value::F64(1.5)));

        fake.end(1);
        fake.end(2);
        exporter.reload(fake.config()).unwrap();
        let page = collect(&mut exporter);
        assert_eq!(value(&page, CPU, &["make", "user"]), Some(Value::F64(1.5)));
        assert_eq!(
            value(&page, "namedprocess_namegroup_num_procs", &["make"]),
            Some(Value::U64(0))
        );
        let start = "namedprocess_namegroup_oldest_start_time_seconds";
        assert_eq!(value(&page, start, &["make"]), None);
    }

    #[test]
    fn a_process_that_cannot_be_read_once_is_not_counted_twice() {
        const CPU: &str = "namedprocess_namegroup_cpu_seconds_total";
        let fake = FakeProc::new();
        let mut exporter = fake.exporter(1000);
        for (rest, expected) in [
            (fields('R', 500, 0, 2000), 5.0),
            ("R 1 1".to_owned(), 5.0),
            (fields('R', 700, 0, 2000), 7.0),
        ] {
            fake.process(1, b"yosys", &rest);
            let page = collect(&mut exporter);
            assert_eq!(value(&page, CPU, &["yosys", "user"]), Some(Value::F64(expected)), "{rest}");
        }
    }

    #[test]
    fn memory_that_took_the_kernel_long_is_there_at_a_later_scrape() {
        const MEMORY: &str = "namedprocess_namegroup_memory_bytes";
        let fake = FakeProc::new();
        fake.process(1, b"large", &fields('S', 1, 0, 7));
        // A pipe: it is open when somebody writes, and not before.
        let pipe = fake.0.path().join("1/smaps_rollup");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let mut config = fake.config();
        config.details.smaps_interval_secs = 3600;
        let mut exporter = Exporter::over(config, UNITS, since(0), Exits::off()).unwrap();
        let mut proportional = || {
            let page = collect(&mut exporter);
            let stuck = value(&page, "edctl_process_stuck_processes", &[]);
            (value(&page, MEMORY, &["large", "proportionalResident"]), stuck)
        };
        assert_eq!(proportional(), (None, Some(Value::U64(1))));

        let flags = OFlags::WRONLY | OFlags::NONBLOCK;
        let pipe = rustix::fs::open(&pipe, flags, Mode::empty()).unwrap();
        rustix::io::write(&pipe, b"Pss: 12 kB\nSwapPss: 0 kB\n").unwrap();
        drop(pipe);
        // A caller that drops the late answer asks again, and waits without a limit.
        let until = Instant::now() + Duration::from_secs(30);
        let mut readings =
            std::iter::repeat_with(proportional).take_while(|_| Instant::now() < until);
        let answered = readings.find(|(_, stuck)| *stuck == Some(Value::U64(0)));
        assert_eq!(answered, Some((Some(Value::U64(12_288)), Some(Value::U64(0)))));
    }

    #[test]
    fn a_process_without_memory_spoils_no_sum() {
        const MEMORY: &str = "namedprocess_namegroup_memory_bytes";
        let fake = FakeProc::new();
        let zombie = format!("Z 1 1 1 0 -1 4194304 20 0 3 0 1 1 0 0 20 0 1 0 7 0 0 {REST}");
        fake.process(1, b"zombie", &zombie);
        let mut config = fake.config();
        config.details.smaps_interval_secs = 1;
        let mut exporter = Exporter::over(config, UNITS, since(0), Exits::off()).unwrap();
        let page = collect(&mut exporter);
        let memory = value(&page, MEMORY, &["zombie", "proportionalResident"]);
        assert_eq!(memory, Some(Value::U64(0)));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_left_out() {
        let fake = FakeProc::new();
        fake.process(1, b"good", &fields('S', 1, 0, 7));
        fake.process(2, b"bad", "S 1 1");
        fs::remove_file(fake.0.path().join("stat")).unwrap();
        let mut exporter = fake.exporter(0);
        let page = collect(&mut exporter);
        assert_eq!(
            value(&page, "namedprocess_namegroup_num_procs", &["good"]),
            Some(Value::U64(1))
        );
        assert_eq!(value(&page, "namedprocess_namegroup_num_procs", &["bad"]), None);
        let start = "namedprocess_namegroup_oldest_start_time_seconds";
        assert_eq!(value(&page, start, &["good"]), None);
        assert_eq!(value(&page, "namedprocess_scrape_procread_errors", &[]), Some(Value::U64(1)));
        assert_eq!(value(&page, "namedprocess_scrape_partial_errors", &[]), Some(Value::U64(1)));
        let mut errors: Vec<_> = page.errors().collect();
        errors.sort_unstable();
        assert_eq!(errors, [("boot_time", "read", 1), ("stat", "parse", 1)]);
    }

    #[test]
    fn a_proc_that_is_not_there_stops_the_start_and_no_reload() {
        let fake = FakeProc::new();
        let mut exporter = fake.exporter(0);
        let mut config = fake.config();
        config.path.procfs = "/does/not/exist".into();
        assert!(Exporter::over(config.clone(), UNITS, since(0), Exits::off()).is_err());
        assert!(
            exporter
                .reload(config)
                .unwrap_err()
                .to_string()
                .starts_with("cannot open /does/not/exist")
        );
        assert!(collect(&mut exporter).family("namedprocess_scrape_errors").is_some());
    }
}
