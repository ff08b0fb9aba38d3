//! What the collector sysctl can be told.

use serde::Deserialize;

/// The table `[collector.sysctl]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SysctlOptions {
    /// Settings that are numbers: `kernel.threads-max`, or `fs.file-nr:total,free,max`, which gives
    /// each of several values a name.
    pub(crate) include: Vec<String>,
    /// Settings that are words.
    pub(crate) include_info: Vec<String>,
}
