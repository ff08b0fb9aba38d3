//! What the collector powersupplyclass can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// Which supplies are not shown; the default is node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PowersupplyclassOptions {
    /// Names, as a regular expression.
    pub(crate) ignored_supplies: String,
}

impl Default for PowersupplyclassOptions {
    fn default() -> Self {
        Self { ignored_supplies: "^$".to_owned() }
    }
}

impl PowersupplyclassOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.powersupplyclass.ignored_supplies", &self.ignored_supplies)
    }
}
