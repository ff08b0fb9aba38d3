//! What the collector bcache can be told.

use serde::Deserialize;

/// The table `[collector.bcache]`; the default is node_exporter's.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BcacheOptions {
    /// Whether `priority_stats` is shown, for which the kernel sorts all that is in a cache.
    pub(crate) priority_stats: bool,
}
