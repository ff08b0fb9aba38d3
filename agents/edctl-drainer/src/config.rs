//! The configuration: `/etc/edctl/drainer.toml`.

use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::{Invalid, Log, Web};
use serde::Deserialize;

use crate::flags::Mode;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    web: Web,
    log: Log,
    pub(crate) drainer: Settings,
    pub(crate) agents: Agents,
    pub(crate) slurm: Slurm,
}

/// The table `[drainer]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Whether it acts.
    pub(crate) mode: Mode,
    /// Time from one round to the next.
    pub(crate) interval_secs: u64,
    /// The largest share of a partition that may be drained by it at a time; one node always may.
    pub(crate) brake_ratio: f64,
    /// The largest share of all nodes that may be drained for one cause; three nodes always may.
    pub(crate) cause_ratio: f64,
    /// Where the last round stands for `edctl-drainer status`; none, where it is empty.
    pub(crate) round_file: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            interval_secs: 15,
            brake_ratio: 0.25,
            cause_ratio: 0.1,
            round_file: "/run/edctl-drainer/round.json".into(),
        }
    }
}

/// The table `[agents]`: how the nodes' agents are asked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Agents {
    /// Where a node's agent is; `{node}` stands for the node's name, `{address}` for where slurmctld reaches it.
    pub(crate) address: String,
    /// Certificates, as PEM, of whoever signed the agents'; with them the agents are asked by TLS.
    pub(crate) ca_file: Option<PathBuf>,
    /// The name for basic authentication.
    pub(crate) username: Option<String>,
    /// The file that holds the password.
    pub(crate) password_file: Option<PathBuf>,
    /// How long an agent may take.
    pub(crate) timeout_secs: u64,
    /// How many are asked at a time.
    pub(crate) parallel: usize,
}

impl Default for Agents {
    fn default() -> Self {
        Self {
            address: "{address}:9810".to_owned(),
            ca_file: None,
            username: None,
            password_file: None,
            timeout_secs: 2,
            parallel: 128,
        }
    }
}

/// The table `[slurm]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Slurm {
    /// Where the commands are.
    pub(crate) bin_dir: PathBuf,
    /// What slurm.conf's SlurmctldHost calls this host; without, its own name.
    pub(crate) host: Option<String>,
}

impl Default for Slurm {
    fn default() -> Self {
        Self { bin_dir: edctl_slurm::DEFAULT_BIN_DIR.into(), host: None }
    }
}

impl Settings {
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_secs)
    }
}

impl edctl_daemon::Config for Config {
    fn web(&self) -> &Web {
        &self.web
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn validate(&self) -> Result<(), Invalid> {
        let within = |key: &str, value: u64, most: u64| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(Invalid::new(key, format!("1 to {most} are expected, not {value}"))),
        };
        within("drainer.interval_secs", self.drainer.interval_secs, 3600)?;
        within("agents.timeout_secs", self.agents.timeout_secs, 60)?;
        within("agents.parallel", self.agents.parallel as u64, 1024)?;
        for (key, ratio) in [
            ("drainer.brake_ratio", self.drainer.brake_ratio),
            ("drainer.cause_ratio", self.drainer.cause_ratio),
        ] {
            if !(0.0..=1.0).contains(&ratio) {
                return Err(Invalid::new(key, format!("0 to 1 is expected, not {ratio}")));
            }
        }
        if !["{node}", "{address}"].iter().any(|word| self.agents.address.contains(word)) {
            let found =
                format!("`{{node}}` or `{{address}}` is expected in {:?}", self.agents.address);
            return Err(Invalid::new("agents.address", found));
        }
        Ok(())
    }

    fn warnings(&self) -> Vec<String> {
        let shadow = "drainer.mode is shadow: nothing is drained, see edctl-drainer plan";
        (self.drainer.mode == Mode::Shadow).then(|| shadow.to_owned()).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use edctl_daemon::Config as _;

    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(Config::default().validate().is_ok());
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, named) in [
            ("[drainer]\ninterval_secs = 0", "drainer.interval_secs"),
            ("[drainer]\nbrake_ratio = 1.5", "drainer.brake_ratio"),
            ("[drainer]\nmode = \"on\"", "mode"),
            ("[agents]\naddress = \"w1:9810\"", "agents.address"),
            ("[agents]\npasword_file = \"x\"", "pasword_file"),
        ] {
            std::fs::write(&file, text).unwrap();
            let loaded = edctl_daemon::load::<Config>(file.path(), true);
            let error = match loaded {
                Ok(config) => config.validate().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(error.contains(named), "{error}");
        }
    }
}
