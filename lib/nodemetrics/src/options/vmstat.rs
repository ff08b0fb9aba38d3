//! What the collector vmstat can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.vmstat]`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VmstatOptions {
    /// Which of some 200 fields are shown, as a regular expression; the default is node_exporter's, and
    /// those of a virtual machine's balloon.
    pub(crate) fields: String,
}

impl Default for VmstatOptions {
    fn default() -> Self {
        Self { fields: "^(oom_kill|pgpg|pswp|pg.*fault|balloon_).*".to_owned() }
    }
}

impl VmstatOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.vmstat.fields", &self.fields)
    }
}
