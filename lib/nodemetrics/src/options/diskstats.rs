//! What the collector diskstats can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.diskstats]`: which devices are shown, as regular expressions; the default
/// is node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DiskstatsOptions {
    pub(crate) device_include: String,
    pub(crate) device_exclude: String,
}

impl Default for DiskstatsOptions {
    fn default() -> Self {
        let device_exclude = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$".to_owned();
        Self { device_include: String::new(), device_exclude }
    }
}

impl DiskstatsOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.diskstats.device_include", &self.device_include)?;
        check_regex("collector.diskstats.device_exclude", &self.device_exclude)
    }
}
