//! All collectors that are on, as one.

use std::time::Instant;

use edctl_exposition::{BadQuery, Page, Query};

use crate::collector::table::COLLECTORS;
use crate::frame::choice::{self, Choice};
use crate::frame::entry::{Entry, Runs};
use crate::frame::report::{self, Report};
use crate::frame::running::{self, Running};
use crate::host::Host;
use crate::options::Options;
use crate::reading::hotplug::Hotplug;

/// The collectors that are on.
pub struct Collectors {
    running: Vec<Running>,
    hotplug: Hotplug,
}

impl Collectors {
    /// Those that `choice` has on, over `host`.
    pub fn new(host: &Host, choice: &Choice, options: &Options) -> Self {
        let is_on = |entry: &&&'static Entry| choice.is_on(entry);
        let start = |entry: &&'static Entry| Running::start(entry, host, options);
        let running = COLLECTORS.iter().filter(is_on).map(start).collect();
        Self { running, hotplug: Hotplug::new(&host.paths) }
    }

    /// Runs all of them.
    pub fn collect(&mut self, page: &mut Page) -> Vec<Report> {
        self.collect_some(page, |_| true)
    }

    /// Runs those that the query asks for: `collect[]` names those that run, `exclude[]` those that
    /// do not, as node_exporter has it.
    pub fn collect_part(
        &mut self,
        query: &Query,
        page: &mut Page,
    ) -> Result<Vec<Report>, BadQuery> {
        let on: Vec<&str> = self.running.iter().map(|running| running.entry.name).collect();
        let wanted = choice::of_query(query, &on)?;
        Ok(self.collect_some(page, |name| wanted(name)))
    }

    /// Those that may block begin first and have until the end of all others, and a moment; the
    /// others run one after the other: parallel reads of /proc cost more, not less.
    fn collect_some(&mut self, page: &mut Page, wanted: impl Fn(&str) -> bool) -> Vec<Report> {
        let events = self.hotplug.now();
        let chosen = self.running.iter_mut().filter(|running| wanted(running.entry.name));
        let (mut last, mut others): (Vec<_>, Vec<_>) =
            chosen.partition(|running| running.entry.runs == Runs::Last);
        others.iter_mut().for_each(|running| running.begin(events));
        let mut reports: Vec<Report> =
            others.iter_mut().filter_map(|running| running.run_here(events, page)).collect();
        let until = Instant::now() + running::PATIENCE;
        reports.extend(others.iter_mut().filter_map(|running| running.end(until, page)));
        reports.extend(last.iter_mut().filter_map(|running| running.run_here(events, page)));
        reports.sort_by_key(|report| report.name);
        report::expose(&reports, page);
        reports
    }
}
