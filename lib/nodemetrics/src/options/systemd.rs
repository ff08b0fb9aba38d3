//! What the collector systemd can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::{Filter, check_regex};

/// The table `[collector.systemd]`; the defaults are node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SystemdOptions {
    /// Which units are shown, as regular expressions over whole names.
    pub(crate) unit_include: String,
    pub(crate) unit_exclude: String,
    pub(crate) enable_task_metrics: bool,
    pub(crate) enable_restarts_metrics: bool,
    pub(crate) enable_start_time_metrics: bool,
}

impl Default for SystemdOptions {
    fn default() -> Self {
        Self {
            unit_include: ".+".to_owned(),
            unit_exclude: r".+\.(automount|device|mount|scope|slice)".to_owned(),
            enable_task_metrics: false,
            enable_restarts_metrics: false,
            enable_start_time_metrics: false,
        }
    }
}

impl SystemdOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.systemd.unit_include", &self.unit_include)?;
        check_regex("collector.systemd.unit_exclude", &self.unit_exclude)
    }

    pub(crate) fn filter(&self) -> Filter {
        let whole = |expression: &str| match expression {
            "" => String::new(),
            _ => format!("^(?:{expression})$"),
        };
        Filter::new(&whole(&self.unit_include), &whole(&self.unit_exclude))
    }
}
