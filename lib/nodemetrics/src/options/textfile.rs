//! What the collector textfile can be told.

use serde::Deserialize;

/// The table `[collector.textfile]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TextfileOptions {
    /// Where the files are; `*`, `?` and `[...]` stand for what they stand for in a shell.
    pub(crate) directories: Vec<String>,
}
