//! What a daemon says of itself on its own page: build, process, collections, errors, requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Family, Page};

const PROC_SELF_STAT: &str = "/proc/self/stat";
const PROC_SELF_LIMITS: &str = "/proc/self/limits";
const PROC_SELF_FD: &str = "/proc/self/fd";
const PROC_STAT: &str = "/proc/stat";

/// Who serves the page.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// `agent`, `exporter-slurm` or `exporter-process`.
    pub component: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Counters of the daemon itself; they live as long as it does.
#[derive(Debug)]
pub struct SelfMetrics {
    about: About,
    ready: AtomicBool,
    timeouts: AtomicU64,
    collect_nanos: AtomicU64,
    errors: Mutex<BTreeMap<(String, String), u64>>,
    dropped: Mutex<BTreeMap<(String, &'static str), u64>>,
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    web_config: Mutex<Option<WebConfigReads>>,
}

/// How the web configuration file was read, where there is one.
#[derive(Debug, Default)]
struct WebConfigReads {
    failures: u64,
    last_good: bool,
}

impl SelfMetrics {
    /// Starts all counters at 0.
    pub fn new(about: About) -> Self {
        Self {
            about,
            ready: AtomicBool::new(false),
            timeouts: AtomicU64::new(0),
            collect_nanos: AtomicU64::new(0),
            errors: Mutex::default(),
            dropped: Mutex::default(),
            requests: Mutex::default(),
            web_config: Mutex::default(),
        }
    }

    /// Who serves the page.
    pub fn about(&self) -> About {
        self.about
    }

    /// Whether a first collection is done and the source called itself ready.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(crate) fn note_collection(&self, page: &Page, took: Duration, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.collect_nanos.store(nanos, Ordering::Relaxed);
        let mut errors = lock(&self.errors);
        for (source, reason, n) in page.errors() {
            *errors.entry((source.to_owned(), reason.to_owned())).or_default() += n;
        }
        let mut dropped = lock(&self.dropped);
        for (family, reason, n) in page.dropped() {
            *dropped.entry((family.to_owned(), reason)).or_default() += n;
        }
    }

    pub(crate) fn count_timeout(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_request(&self, handler: &'static str, code: u16) {
        *lock(&self.requests).entry((handler, code)).or_default() += 1;
    }

    /// Notes that the web configuration file was read, and whether it was good.
    pub(crate) fn note_web_config(&self, good: bool) {
        let mut web_config = lock(&self.web_config);
        let reads = web_config.get_or_insert_default();
        reads.failures += u64::from(!good);
        reads.last_good = good;
    }

    /// Adds the daemon's own families to the page.
    pub fn collect(&self, page: &mut Page) {
        let About { component, version, .. } = self.about;
        page.add(
            Family::gauge("edctl_build_info", "1, with the component and its version as labels.")
                .with(&[("component", component), ("version", version)], 1u64),
        );
        page.add(
            Family::gauge("edctl_collect_duration_seconds", "Time that the last collection took.")
                .with(&[], self.collect_nanos.load(Ordering::Relaxed) as f64 / 1e9),
        );
        page.add(
            Family::counter(
                "edctl_collect_timeouts_total",
                "Scrapes answered without data because the collection missed their deadline.",
            )
            .with(&[], self.timeouts.load(Ordering::Relaxed)),
        );
        self.collect_maps(page);
        self.collect_web_config(page);
        collect_process(page);
    }

    fn collect_web_config(&self, page: &mut Page) {
        let web_config = lock(&self.web_config);
        let Some(reads) = web_config.as_ref() else { return };
        page.add(
            Family::counter(
                "edctl_web_config_reload_failures_total",
                "Times that the web configuration file had changed and could not be used.",
            )
            .with(&[], reads.failures),
        );
        page.add(
            Family::gauge(
                "edctl_web_config_last_reload_successful",
                "1 if what is served is the web configuration file as it is now, else 0.",
            )
            .with(&[], reads.last_good),
        );
    }

    fn collect_maps(&self, page: &mut Page) {
        let mut errors = Family::counter(
            "edctl_collect_errors_total",
            "Reads that failed; what they would have shown was left out.",
        );
        for ((source, reason), n) in lock(&self.errors).iter() {
            errors.push(&[("source", source), ("reason", reason)], *n);
        }
        let mut dropped = Family::counter(
            "edctl_exposition_series_dropped_total",
            "Series left out: they stood twice, their family was full, or its name or kind was wrong.",
        );
        for ((family, reason), n) in lock(&self.dropped).iter() {
            dropped.push(&[("family", family), ("reason", reason)], *n);
        }
        let mut requests =
            Family::counter("edctl_http_requests_total", "HTTP requests by handler and status.");
        for ((handler, code), n) in lock(&self.requests).iter() {
            requests.push(&[("handler", handler), ("code", &code.to_string())], *n);
        }
        for family in [errors, dropped, requests] {
            page.add(family);
        }
    }
}

/// A panic while a counter was held leaves the counter usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The `process_*` families that every Prometheus client library has.
fn collect_process(page: &mut Page) {
    if let Some(stat) = read(PROC_SELF_STAT).as_deref().and_then(parse_self_stat) {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page_size = rustix::param::page_size() as u64;
        page.add(
            Family::counter("process_cpu_seconds_total", "CPU time of this daemon.")
                .with(&[], stat.cpu_ticks as f64 / ticks),
        );
        page.add(
            Family::gauge("process_resident_memory_bytes", "Resident memory of this daemon.")
                .with(&[], stat.rss_pages * page_size),
        );
        page.add(
            Family::gauge("process_virtual_memory_bytes", "Virtual memory of this daemon.")
                .with(&[], stat.virtual_bytes),
        );
        if let Some(boot) = read(PROC_STAT).as_deref().and_then(parse_boot_time) {
            page.add(
                Family::gauge("process_start_time_seconds", "Unix time of this daemon's start.")
                    .with(&[], boot as f64 + stat.start_ticks as f64 / ticks),
            );
        }
    }
    if let Ok(entries) = std::fs::read_dir(PROC_SELF_FD) {
        // The directory that is being read is one of them.
        let open = (entries.count() as u64).saturating_sub(1);
        page.add(
            Family::gauge("process_open_fds", "Open file descriptors of this daemon.")
                .with(&[], open),
        );
    }
    if let Some(max) = read(PROC_SELF_LIMITS).as_deref().and_then(parse_max_fds) {
        page.add(
            Family::gauge("process_max_fds", "Most file descriptors that this daemon may open.")
                .with(&[], max),
        );
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

struct SelfStat {
    cpu_ticks: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    rss_pages: u64,
}

fn parse_self_stat(text: &str) -> Option<SelfStat> {
    let (_, after_comm) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_comm.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // proc(5) counts fields from 1 and `state`, the first one here, is its third.
    Some(SelfStat {
        cpu_ticks: number(11)? + number(12)?,
        start_ticks: number(19)?,
        virtual_bytes: number(20)?,
        rss_pages: number(21)?,
    })
}

fn parse_boot_time(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn parse_max_fds(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0 3 0 600 8192 9 1844";

    #[test]
    fn own_stat_is_read_behind_a_hostile_name() {
        let stat = parse_self_stat(STAT).unwrap();
        assert_eq!(
            (stat.cpu_ticks, stat.start_ticks, stat.virtual_bytes, stat.rss_pages),
            (75, 600, 8192, 9)
        );
    }

    #[test]
    fn a_cut_stat_is_no_stat() {
        assert!(parse_self_stat("7 (a) S 1 7").is_none());
        assert!(parse_self_stat("").is_none());
    }

    #[test]
    fn boot_time_and_limits() {
        assert_eq!(parse_boot_time("cpu  1 2\nbtime 1700000000\n"), Some(1_700_000_000));
        assert_eq!(parse_boot_time("cpu  1 2\n"), None);
        assert_eq!(parse_max_fds("Max open files            1024    4096   files\n"), Some(1024));
        assert_eq!(parse_max_fds("Max open files            unlimited unlimited files\n"), None);
    }

    #[test]
    fn a_web_config_is_told_of_where_there_is_one() {
        let metrics = SelfMetrics::new(About { component: "test", about: "A test.", version: "0" });
        let families = || {
            let mut page = Page::default();
            metrics.collect(&mut page);
            let names = [
                "edctl_web_config_reload_failures_total",
                "edctl_web_config_last_reload_successful",
            ];
            names.map(|name| page.family(name).map(|family| family.samples[0].value))
        };
        assert_eq!(families(), [None, None]);
        let some = |failures, good: u64| [failures, good].map(|n: u64| Some(crate::Value::U64(n)));
        for (good, expected) in [(true, some(0, 1)), (false, some(1, 0)), (true, some(1, 1))] {
            metrics.note_web_config(good);
            assert_eq!(families(), expected);
        }
    }

    #[test]
    fn errors_of_pages_add_up() {
        let metrics = SelfMetrics::new(About { component: "test", about: "A test.", version: "0" });
        for _ in 0..2 {
            let mut page = Page::default();
            page.error("meminfo", "parse");
            metrics.note_collection(&page, Duration::from_millis(1), true);
        }
        let mut page = Page::default();
        metrics.collect(&mut page);
        let errors = page.family("edctl_collect_errors_total").unwrap();
        assert_eq!(errors.samples[0].value, crate::Value::U64(2));
        assert!(page.family("process_cpu_seconds_total").is_some());
    }
}
