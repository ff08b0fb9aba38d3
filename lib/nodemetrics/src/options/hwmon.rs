//! What the collector hwmon can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// Which chips and sensors are shown, as regular expressions; a sensor's name is matched after its
/// chip's and a semicolon. An empty one counts as absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HwmonOptions {
    pub(crate) chip_include: String,
    pub(crate) chip_exclude: String,
    pub(crate) sensor_include: String,
    pub(crate) sensor_exclude: String,
}

impl HwmonOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.hwmon.chip_include", &self.chip_include)?;
        check_regex("collector.hwmon.chip_exclude", &self.chip_exclude)?;
        check_regex("collector.hwmon.sensor_include", &self.sensor_include)?;
        check_regex("collector.hwmon.sensor_exclude", &self.sensor_exclude)
    }
}
