//! What the collector cpu can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.cpu]`; the defaults are node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CpuOptions {
    /// Whether the time in virtual guests is shown.
    pub(crate) guest: bool,
    /// Whether /proc/cpuinfo is shown.
    pub(crate) info: bool,
    /// Which of its flags are, as a regular expression; none where it is empty.
    pub(crate) info_flags_include: String,
    /// Which of its bugs are, as a regular expression; none where it is empty.
    pub(crate) info_bugs_include: String,
}

impl Default for CpuOptions {
    fn default() -> Self {
        let (info_flags_include, info_bugs_include) = Default::default();
        Self { guest: true, info: false, info_flags_include, info_bugs_include }
    }
}

impl CpuOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.cpu.info_flags_include", &self.info_flags_include)?;
        check_regex("collector.cpu.info_bugs_include", &self.info_bugs_include)
    }
}
