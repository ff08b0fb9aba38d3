//! What the collector netdev can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.netdev]`: which devices are shown, as regular expressions.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetdevOptions {
    pub(crate) device_include: String,
    pub(crate) device_exclude: String,
}

impl NetdevOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netdev.device_include", &self.device_include)?;
        check_regex("collector.netdev.device_exclude", &self.device_exclude)
    }
}
