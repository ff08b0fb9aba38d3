//! What the collector stat can be told.

use serde::Deserialize;

/// The table `[collector.stat]`; the default is node_exporter's.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StatOptions {
    /// Whether soft interrupts are shown by their kind.
    pub(crate) softirq: bool,
}
