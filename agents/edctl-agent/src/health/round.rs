//! The checks that are on, and one round of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use edctl_daemon::Paths;
use edctl_health::CheckState;

use super::check::{Check, Entry, Finding, Ground};
use super::checks::CHECKS;
use super::config::{CheckMode, HealthConfig};
use super::debounce::Debounce;
use super::expected::{Expected, ExpectedError};

/// The checks that are on.
pub(crate) struct Round {
    checks: Vec<Running>,
}

struct Running {
    entry: &'static Entry,
    check: Box<dyn Check>,
    is_shadow: bool,
    debounce: Debounce,
}

/// How a check stands after a round.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    pub(crate) state: CheckState,
    /// What this look alone found.
    pub(crate) found: CheckState,
    /// How long the look took.
    pub(crate) took: Duration,
    /// How often it changed between failing and not.
    pub(crate) flips: u64,
}

impl Round {
    /// Those of a configuration, which have not looked yet.
    ///
    /// # Errors
    /// Says why the expected state cannot be read.
    pub(crate) fn new(config: &HealthConfig, paths: &Paths) -> Result<Self, ExpectedError> {
        let expected = Arc::new(Expected::read(&config.expected_file)?);
        let ground = Ground { paths: paths.clone(), expected };
        let now_usec = now_usec();
        let start = |entry: &'static Entry| match config.mode(entry.name) {
            CheckMode::Off => None,
            mode => Some(Running {
                entry,
                check: (entry.make)(&ground),
                is_shadow: mode == CheckMode::Shadow,
                debounce: Debounce::new(now_usec),
            }),
        };
        Ok(Self { checks: CHECKS.iter().filter_map(start).collect() })
    }

    /// Takes over how the checks of an earlier configuration stand.
    pub(crate) fn inherit(&mut self, earlier: Self) {
        let mut stood: BTreeMap<&str, Debounce> = earlier
            .checks
            .into_iter()
            .map(|running| (running.entry.name, running.debounce))
            .collect();
        for running in &mut self.checks {
            if let Some(debounce) = stood.remove(running.entry.name) {
                running.debounce = debounce;
            }
        }
    }

    /// Has all of them look, or those that are `wanted`.
    pub(crate) fn look(&mut self, wanted: impl Fn(&Entry) -> bool) -> Vec<Stand> {
        let chosen = self.checks.iter_mut().filter(|running| wanted(running.entry));
        chosen.map(Running::look).collect()
    }
}

impl Running {
    fn look(&mut self) -> Stand {
        let start = Instant::now();
        let found = self.check.look();
        let took = start.elapsed();
        let before = self.debounce.flips;
        let now_usec = now_usec();
        let of_look = self.state_of(&found, now_usec);
        self.debounce.take(found, self.entry, now_usec);
        let state = self.state_of(self.debounce.counts(), self.debounce.since_usec);
        if self.debounce.flips > before {
            let (check, shadow) = (self.entry.name, self.is_shadow);
            let (now, code, detail) = (state.state.as_str(), &*state.code, &*state.detail);
            tracing::warn!(check, shadow, code, "the check {check} is {now} now: {detail}");
        }
        Stand { state, found: of_look, took, flips: self.debounce.flips }
    }

    fn state_of(&self, finding: &Finding, since_usec: u64) -> CheckState {
        CheckState {
            name: self.entry.name.to_owned(),
            class: finding.class,
            state: finding.outcome,
            outcome: self.debounce.last,
            code: finding.code.to_owned(),
            detail: finding.detail.clone(),
            since_usec,
            shadow: self.is_shadow,
        }
    }
}

/// Microseconds since 1970.
pub(super) fn now_usec() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}
