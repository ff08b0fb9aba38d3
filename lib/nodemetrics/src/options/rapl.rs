//! What the collector rapl can be told.

use serde::Deserialize;

/// How the zones are shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RaplOptions {
    /// One family for all zones, with the zone as its label.
    pub(crate) zone_label: bool,
}
