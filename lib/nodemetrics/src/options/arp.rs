//! What the collector arp can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.arp]`: which devices are shown, as regular expressions.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ArpOptions {
    pub(crate) device_include: String,
    pub(crate) device_exclude: String,
}

impl ArpOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.arp.device_include", &self.device_include)?;
        check_regex("collector.arp.device_exclude", &self.device_exclude)
    }
}
