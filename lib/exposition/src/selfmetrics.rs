//! What a daemon says of itself on its own page: build, collections, errors, requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::family::{Family, Kind};
use crate::histogram::Histogram;
use crate::page::Page;
use crate::process::collect_process;

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
    latencies: Mutex<BTreeMap<&'static str, Histogram>>,
    shed: Mutex<BTreeMap<&'static str, u64>>,
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
            latencies: Mutex::default(),
            shed: Mutex::default(),
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

    /// Counts how long a request waited for its answer.
    pub(crate) fn count_latency(&self, handler: &'static str, took: Duration) {
        lock(&self.latencies).entry(handler).or_default().observe(took.as_secs_f64());
    }

    /// Counts a connection that was closed for want of places, and why.
    pub(crate) fn count_shed(&self, reason: &'static str) {
        *lock(&self.shed).entry(reason).or_default() += 1;
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
        let mut latencies = Family::new(
            "edctl_http_request_duration_seconds",
            "Time from a request's head to its whole answer, before it is sent.",
            Kind::Histogram,
        );
        for (handler, latency) in lock(&self.latencies).iter() {
            latencies.push_histogram(&[("handler", handler)], latency);
        }
        let mut shed = Family::counter(
            "edctl_http_connections_shed_total",
            "Connections closed for want of places: refused, or idle or slow and closed for newer ones.",
        );
        for (reason, n) in lock(&self.shed).iter() {
            shed.push(&[("reason", reason)], *n);
        }
        for family in [errors, dropped, requests, latencies, shed] {
            page.add(family);
        }
    }
}

/// A panic while a counter was held leaves the counter usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

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
