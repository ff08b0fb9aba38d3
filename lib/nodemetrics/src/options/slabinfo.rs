//! What the collector slabinfo can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.slabinfo]`: which caches are shown, as regular expressions.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SlabinfoOptions {
    pub(crate) slabs_include: String,
    pub(crate) slabs_exclude: String,
}

impl SlabinfoOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.slabinfo.slabs_include", &self.slabs_include)?;
        check_regex("collector.slabinfo.slabs_exclude", &self.slabs_exclude)
    }
}
