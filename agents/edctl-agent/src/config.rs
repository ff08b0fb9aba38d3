//! The agent's configuration.

use std::path::{Path, PathBuf};

use edctl_daemon::{Config, Invalid, Log, Paths, Web};
use edctl_fault::Chain;
use edctl_hookmsg::places;
use edctl_nodemetrics::{Choice, Options};
use serde::Deserialize;

use crate::health::{Expected, HealthConfig};

/// The flags that name the agent's places, for errors about these.
pub(crate) const SOCKET_FLAG: &str = "--hooks.socket";
pub(crate) const STATE_FLAG: &str = "--state.directory";

/// The agent's configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AgentConfig {
    web: Web,
    log: Log,
    pub(crate) path: Paths,
    /// Which collectors run.
    pub(crate) collectors: Choice,
    /// What single collectors are told.
    pub(crate) collector: Options,
    /// Flags of node_exporter's that were given and change nothing, with the reason.
    #[serde(skip)]
    pub(crate) without_effect: Vec<String>,
    pub(crate) hooks: HooksConfig,
    pub(crate) state: StateConfig,
    /// How the node's health is checked.
    pub(crate) health: HealthConfig,
}

/// The table `[hooks]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HooksConfig {
    /// Where hooks and `edctl-agent status` find the agent.
    pub(crate) socket: PathBuf,
    /// The user that slurmctld runs as; only it and root may speak as prolog and epilog.
    pub(crate) slurm_user: String,
}

impl Default for HooksConfig {
    fn default() -> Self {
        Self { socket: places::SOCKET.into(), slurm_user: "slurm".to_owned() }
    }
}

/// The table `[state]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StateConfig {
    /// Where the agent keeps what a restart must not forget; the spool is in it.
    pub(crate) directory: PathBuf,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self { directory: places::STATE_DIRECTORY.into() }
    }
}

impl AgentConfig {
    /// Slurm calls `slurm-hook` without arguments: it looks for the agent at the usual places only.
    fn missed_by_hooks(&self) -> Option<String> {
        let usual = [Path::new(places::SOCKET), Path::new(places::STATE_DIRECTORY)];
        ([&*self.hooks.socket, &*self.state.directory] != usual).then(|| {
            format!(
                "hooks.socket and state.directory are not {} and {}: Slurm's hooks reach this agent only \
                 by slurm-hook --socket {} --spool {}",
                places::SOCKET,
                places::STATE_DIRECTORY,
                self.hooks.socket.display(),
                self.state.directory.join("spool").display(),
            )
        })
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
        self.collectors.validate()?;
        self.collector.validate()?;
        self.health.validate()?;
        let expected = &self.health.expected_file;
        match Expected::read(expected) {
            Err(error) if self.health.enabled => {
                Err(Invalid::new("health.expected_file", Chain(&error).to_string()))
            }
            _ => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let lacking = self.collectors.lacking().map(ToString::to_string);
        self.without_effect.iter().cloned().chain(lacking).chain(self.missed_by_hooks()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(AgentConfig::default().validate().is_ok());
        let file = tempfile::NamedTempFile::new().unwrap();
        let cases = [
            ("[collectors]\nnone = true", "collectors.none"),
            ("[health.checks]\nnone = \"off\"", "health.checks.none"),
            ("[health]\nperiod_secs = 0", "health.period_secs"),
            ("[collector.filesystem]\nfs_types_exclude = \"(\"", "fs_types_exclude"),
        ];
        for (text, named) in cases {
            std::fs::write(&file, text).unwrap();
            let error = edctl_daemon::load::<AgentConfig>(file.path(), true).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
