//! The configuration: `/etc/edctl/exporter-slurm.toml`.

use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::{Invalid, Log, Web};
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    web: Web,
    log: Log,
    pub(crate) slurm: Slurm,
}

/// The table `[slurm]`: how slurmctld is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Slurm {
    /// Where the commands are.
    pub(crate) bin_dir: PathBuf,
    /// Time between two polls of the same command; longer where the command is slow or fails.
    pub(crate) interval_secs: u64,
    /// A command that runs longer is killed.
    pub(crate) deadline_secs: u64,
    /// Data older than this is no longer shown.
    pub(crate) max_age_secs: u64,
    /// A command that prints more is killed.
    pub(crate) max_output_mib: usize,
}

impl Default for Slurm {
    fn default() -> Self {
        Self {
            bin_dir: edctl_slurm::DEFAULT_BIN_DIR.into(),
            interval_secs: 20,
            deadline_secs: 15,
            max_age_secs: 300,
            max_output_mib: 1024,
        }
    }
}

impl Slurm {
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_secs)
    }

    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_secs)
    }

    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_secs)
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
        let Slurm { bin_dir, interval_secs, deadline_secs, max_age_secs, max_output_mib } =
            &self.slurm;
        if !bin_dir.is_absolute() {
            let message = format!("expected an absolute path, not {bin_dir:?}");
            return Err(Invalid::new("slurm.bin_dir", message));
        }
        for (key, value, most) in [
            ("interval_secs", *interval_secs, 3600),
            ("deadline_secs", *deadline_secs, 600),
            ("max_age_secs", *max_age_secs, 86400),
            ("max_output_mib", *max_output_mib as u64, 65536),
        ] {
            if !(1..=most).contains(&value) {
                let message = format!("expected 1 to {most}, not {value}");
                return Err(Invalid::new(format!("slurm.{key}"), message));
            }
        }
        if max_age_secs < interval_secs {
            let message = format!(
                "expected at least interval_secs ({interval_secs}), not {max_age_secs}: else the \
                 data would leave between two polls"
            );
            return Err(Invalid::new("slurm.max_age_secs", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use edctl_daemon::Config as _;

    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn a_bad_value_is_named_with_what_was_expected() {
        type Spoil = fn(&mut Slurm);
        let cases: [(Spoil, &str); 5] = [
            (|s| s.interval_secs = 0, "slurm.interval_secs: expected 1 to 3600, not 0"),
            (|s| s.deadline_secs = 601, "slurm.deadline_secs: expected 1 to 600, not 601"),
            (|s| s.max_output_mib = 0, "slurm.max_output_mib: expected 1 to 65536, not 0"),
            (|s| s.bin_dir = "bin".into(), "slurm.bin_dir: expected an absolute path, not \"bin\""),
            (|s| s.max_age_secs = 5, "slurm.max_age_secs: expected at least interval_secs"),
        ];
        for (spoil, message) in cases {
            let mut config = Config::default();
            spoil(&mut config.slurm);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
