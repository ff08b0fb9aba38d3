//! The tables `[collector.NAME]`: what single collectors can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use super::filesystem::Excludes;
use super::{hwmon, powersupplyclass, rapl};

/// The options of all collectors that have any.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) filesystem: Excludes,
    pub(crate) hwmon: hwmon::Shown,
    pub(crate) powersupplyclass: powersupplyclass::Ignored,
    pub(crate) rapl: rapl::Zones,
}

impl Options {
    /// # Errors
    /// Names a value that cannot work.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        self.filesystem.validate()?;
        self.hwmon.validate()?;
        self.powersupplyclass.validate()
    }
}
