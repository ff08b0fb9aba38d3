//! The node's metrics: one file per collector, and the table that names them all.

mod cpu;
mod error;
mod filesystem;
mod kernel_file;
mod loadavg;
mod meminfo;
mod mounts;
mod statfs;
mod uname;

use std::time::{Duration, Instant};

use edctl_exposition::{Family, Page};

pub(crate) use error::{CollectError, State};
pub(crate) use filesystem::Excludes;
pub(crate) use statfs::Capacity;

use crate::config::CollectorConfig;
use crate::host::Host;

/// Reads one part of the node.
pub(crate) trait Collector: Send {
    /// Adds its families to the page; on an error it has added nothing.
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError>;
}

type Make = fn(&Host, &CollectorConfig) -> Box<dyn Collector>;

/// Every collector: the name in `node_scrape_collector_success`, and how to make it.
const COLLECTORS: &[(&str, Make)] = &[
    ("cpu", |host, _| Box::new(cpu::Cpu::new(host))),
    ("filesystem", |host, config| Box::new(filesystem::Filesystem::new(host, &config.filesystem))),
    ("loadavg", |host, _| Box::new(loadavg::Loadavg::new(host))),
    ("meminfo", |host, _| Box::new(meminfo::Meminfo::new(host))),
    ("uname", |host, _| Box::new(uname::UnameInfo::new(host))),
];

/// The names that a configuration may disable.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    COLLECTORS.iter().map(|(name, _)| *name)
}

/// How a collector's last run went.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    pub(crate) duration: Duration,
    pub(crate) error: Option<String>,
}

/// The collectors that are on.
pub(crate) struct Collectors {
    enabled: Vec<(&'static str, Box<dyn Collector>)>,
}

impl Collectors {
    pub(crate) fn new(host: &Host, config: &CollectorConfig) -> Self {
        let is_on = |name: &str| !config.disable.iter().any(|off| off == name);
        let enabled = COLLECTORS
            .iter()
            .filter(|(name, _)| is_on(name))
            .map(|(name, make)| (*name, make(host, config)))
            .collect();
        Self { enabled }
    }

    /// Runs one collector after the other: parallel reads of /proc cost more, not less.
    pub(crate) fn collect(&mut self, page: &mut Page) -> Vec<Report> {
        let reports: Vec<Report> =
            self.enabled.iter_mut().map(|(name, it)| run(name, it.as_mut(), page)).collect();
        expose(&reports, page);
        reports
    }
}

fn run(name: &'static str, collector: &mut dyn Collector, page: &mut Page) -> Report {
    let start = Instant::now();
    let outcome = collector.collect(page);
    let duration = start.elapsed();
    let (state, error) = match outcome {
        Ok(()) => (State::Ok, None),
        Err(error) => {
            let state = error.state();
            if state != State::Absent {
                page.error(name, error.reason());
                tracing::debug!(collector = name, "{error}");
            }
            (state, Some(error.to_string()))
        }
    };
    Report { name, state, duration, error }
}

fn expose(reports: &[Report], page: &mut Page) {
    let mut duration = Family::gauge(
        "node_scrape_collector_duration_seconds",
        "How long a collector took for this page.",
    );
    let mut success = Family::gauge(
        "node_scrape_collector_success",
        "Whether a collector had something for this page.",
    );
    let mut states = Family::gauge(
        "edctl_agent_collector_state",
        "1 for a collector's state: ok, absent (nothing to read here) or error.",
    );
    for report in reports {
        let collector = ("collector", report.name);
        duration.push(&[collector], report.duration.as_secs_f64());
        success.push(&[collector], report.state == State::Ok);
        for state in State::ALL {
            states.push(&[collector, ("state", state.as_str())], state == report.state);
        }
    }
    page.add(duration);
    page.add(success);
    page.add(states);
}

#[cfg(test)]
mod tests;
