//! The table `[health]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::Invalid;
use serde::Deserialize;

use super::checks::CHECKS;

/// The table `[health]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HealthConfig {
    /// Whether the node's health is checked at all.
    pub(crate) enabled: bool,
    /// How far apart the rounds of checks are, in seconds.
    pub(crate) period_secs: u64,
    /// How the node should be: what Ansible made of the inventory.
    pub(crate) expected_file: PathBuf,
    /// When a prolog refuses a job on a node that is unfit.
    pub(crate) gate: GateMode,
    /// Single checks: whether they run, count, or are only watched.
    pub(crate) checks: BTreeMap<String, CheckMode>,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            period_secs: 30,
            expected_file: "/etc/edctl/expected.toml".into(),
            gate: GateMode::Brake,
            checks: BTreeMap::new(),
        }
    }
}

/// When a prolog refuses a job on a node that is unfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum GateMode {
    /// Never.
    Off,
    /// While the drainer says that its brake is off: not where a whole partition would go.
    Brake,
    /// Always; where all nodes of a partition fail at once, each of its jobs is requeued and held.
    Always,
}

/// What a check's word is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckMode {
    /// It counts.
    #[default]
    On,
    /// It runs and is shown, and counts for nothing.
    Shadow,
    /// It does not run.
    Off,
}

impl HealthConfig {
    pub(crate) fn period(&self) -> Duration {
        Duration::from_secs(self.period_secs)
    }

    pub(crate) fn mode(&self, check: &str) -> CheckMode {
        self.checks.get(check).copied().unwrap_or_default()
    }

    /// # Errors
    /// Names a check that there is not, or a period that cannot be.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !(1..=3600).contains(&self.period_secs) {
            let found = format!("1 to 3600 seconds are expected, not {}", self.period_secs);
            return Err(Invalid::new("health.period_secs", found));
        }
        let is_known = |name: &&String| CHECKS.iter().any(|entry| entry.name == **name);
        match self.checks.keys().find(|name| !is_known(name)) {
            Some(name) => Err(Invalid::new(
                format!("health.checks.{name}"),
                "there is no such check; edctl-agent checks explain lists them",
            )),
            None => Ok(()),
        }
    }
}
