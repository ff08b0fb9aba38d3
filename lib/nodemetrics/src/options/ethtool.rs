//! What the collector ethtool can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.ethtool]`: which devices and which of their statistics are shown, as regular
/// expressions.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EthtoolOptions {
    pub(crate) device_include: String,
    pub(crate) device_exclude: String,
    pub(crate) metrics_include: String,
}

impl Default for EthtoolOptions {
    fn default() -> Self {
        let (device_include, device_exclude) = (String::new(), String::new());
        Self { device_include, device_exclude, metrics_include: ".*".to_owned() }
    }
}

impl EthtoolOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.ethtool.device_include", &self.device_include)?;
        check_regex("collector.ethtool.device_exclude", &self.device_exclude)?;
        check_regex("collector.ethtool.metrics_include", &self.metrics_include)
    }
}
