//! What the collector interrupts can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.interrupts]`; the defaults are node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InterruptsOptions {
    /// Which are shown, as a regular expression over `type;info;devices`.
    pub(crate) name_include: String,
    pub(crate) name_exclude: String,
    /// Whether those are shown that never happened.
    pub(crate) include_zeros: bool,
}

impl Default for InterruptsOptions {
    fn default() -> Self {
        let (name_include, name_exclude) = Default::default();
        Self { name_include, name_exclude, include_zeros: true }
    }
}

impl InterruptsOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.interrupts.name_include", &self.name_include)?;
        check_regex("collector.interrupts.name_exclude", &self.name_exclude)
    }
}
