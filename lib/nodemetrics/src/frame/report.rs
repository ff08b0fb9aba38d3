//! How the collectors fared, for the page and for `edctl-agent status`.

use std::time::Duration;

use edctl_exposition::{Family, Page};
use edctl_fault::Chain;

use crate::reading::error::{CollectError, State};
use crate::reading::left_out::LeftOut;

/// How a collector's last run went.
#[derive(Debug, Clone)]
pub struct Report {
    /// The collector.
    pub name: &'static str,
    /// How it went.
    pub state: State,
    /// How long it took.
    pub duration: Duration,
    /// Why there is nothing, or the first thing that is left out.
    pub error: Option<String>,
}

impl Report {
    /// Of what it gave; an error, and what was left out, is counted on the page.
    pub(crate) fn of(
        name: &'static str,
        outcome: Result<(), CollectError>,
        left_out: &LeftOut,
        duration: Duration,
        page: &mut Page,
    ) -> Self {
        left_out.count(name, page);
        let why = left_out.why();
        if let Some(why) = &why {
            tracing::debug!(collector = name, "{why}");
        }
        let (state, error) = match outcome {
            Ok(()) if why.is_some() => (State::Partly, why),
            Ok(()) => (State::Ok, None),
            Err(error) => {
                let state = error.state();
                if state != State::Absent {
                    page.error(name, error.reason());
                    tracing::debug!(collector = name, "{}", Chain(&error));
                }
                (state, Some(Chain(&error).to_string()))
            }
        };
        Self { name, state, duration, error }
    }
}

/// Adds node_exporter's families about collectors, and our own.
pub(crate) fn expose(reports: &[Report], page: &mut Page) {
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
        "1 for the state that a collector is in: ok, partly (some values left out), absent (nothing to \
         read here), error or timeout.",
    );
    for report in reports {
        let collector = ("collector", report.name);
        duration.push(&[collector], report.duration.as_secs_f64());
        success.push(&[collector], matches!(report.state, State::Ok | State::Partly));
        // Five series each, four of them 0, would be a quarter of the page.
        states.push(&[collector, ("state", report.state.as_str())], true);
    }
    page.add(duration);
    page.add(success);
    page.add(states);
}
