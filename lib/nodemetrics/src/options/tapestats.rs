//! What the collector tapestats can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.tapestats]`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TapestatsOptions {
    /// Which drives are left out, as a regular expression; none by default, as node_exporter has it.
    pub(crate) ignored_devices: String,
}

impl Default for TapestatsOptions {
    fn default() -> Self {
        Self { ignored_devices: "^$".to_owned() }
    }
}

impl TapestatsOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.tapestats.ignored_devices", &self.ignored_devices)
    }
}
