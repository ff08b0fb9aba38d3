//! The agent's configuration.

use std::path::PathBuf;

use edctl_daemon::{Config, Invalid, Log, Paths, Web};
use serde::Deserialize;

use crate::collector::{self, Excludes};

/// The agent's configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AgentConfig {
    web: Web,
    log: Log,
    pub(crate) path: Paths,
    pub(crate) collector: CollectorConfig,
    pub(crate) hooks: HooksConfig,
    pub(crate) state: StateConfig,
}

/// The table `[collector]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CollectorConfig {
    /// Names of collectors that stay off.
    pub(crate) disable: Vec<String>,
    pub(crate) filesystem: Excludes,
}

/// The table `[hooks]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HooksConfig {
    /// Where hooks and `edctl-agent status` find the agent.
    pub(crate) socket: PathBuf,
    /// The user that slurmctld runs as; only it and root may speak as prolog and epilog.
    pub(crate) slurm_user: String,
}

impl Default for HooksConfig {
    fn default() -> Self {
        Self { socket: crate::SOCKET.into(), slurm_user: "slurm".to_owned() }
    }
}

/// The table `[state]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StateConfig {
    /// Where the agent keeps what a restart must not forget; the spool is in it.
    pub(crate) directory: PathBuf,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self { directory: "/var/lib/edctl/agent".into() }
    }
}

impl Config for AgentConfig {
    fn web(&self) -> &Web {
        &self.web
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn validate(&self) -> Result<(), Invalid> {
        for name in &self.collector.disable {
            if !collector::names().any(|known| known == name) {
                let known: Vec<&str> = collector::names().collect();
                let message = format!("expected some of {}, not {name:?}", known.join(", "));
                return Err(Invalid::new("collector.disable", message));
            }
        }
        self.collector.filesystem.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(AgentConfig::default().validate().is_ok());
        let mut config = AgentConfig::default();
        config.collector.disable = vec!["uname".to_owned(), "gpu".to_owned()];
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("\"gpu\"") && error.contains("loadavg"), "{error}");
        let mut config = AgentConfig::default();
        config.collector.filesystem.fs_types_exclude = "(".to_owned();
        assert!(config.validate().unwrap_err().to_string().contains("fs_types_exclude"));
    }
}
