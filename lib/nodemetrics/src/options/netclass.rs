//! What the collector netclass can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.netclass]`: which devices are not shown, as a regular expression.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetclassOptions {
    pub(crate) ignored_devices: String,
}

impl NetclassOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netclass.ignored_devices", &self.ignored_devices)
    }
}
