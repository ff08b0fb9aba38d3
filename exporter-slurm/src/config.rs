//! The configuration: `/etc/edctl/exporter-slurm.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::{Invalid, Log, Web};
use edctl_slurm::http::Endpoint;
use serde::Deserialize;

use crate::flags::Profile;
use crate::source::Source;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    web: Web,
    log: Log,
    pub(crate) slurm: Slurm,
}

/// The table `[slurm]`: how slurmctld is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Slurm {
    /// How Slurm is asked.
    pub(crate) backend: Choice,
    /// Where the commands are.
    pub(crate) bin_dir: PathBuf,
    /// Where slurmrestd listens.
    pub(crate) slurmrestd_socket: PathBuf,
    /// Where slurmctld has its own pages, `http://HOST:PORT`.
    pub(crate) native_url: Option<String>,
    /// What is asked.
    pub(crate) sources: Vec<Source>,
    /// Time between two polls of the same source; longer where its command is slow or fails.
    pub(crate) interval_secs: u64,
    /// The same for single sources, where it is another.
    pub(crate) source_interval_secs: BTreeMap<Source, u64>,
    /// A command that runs longer is killed.
    pub(crate) deadline_secs: u64,
    /// Data older than this is no longer shown.
    pub(crate) max_age_secs: u64,
    /// A command that prints more is killed.
    pub(crate) max_output_mib: usize,
    /// How many users, accounts and the like have series of their own; the rest is `other`.
    pub(crate) top: usize,
    /// Whose names `/metrics` shows unless it is asked for others.
    pub(crate) profile: Profile,
}

/// Which backends may be asked, by the word in the configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// For each source the first that can tell it.
    #[default]
    Auto,
    Cli,
    Slurmrestd,
    Native,
}

impl Default for Slurm {
    fn default() -> Self {
        Self {
            backend: Choice::default(),
            bin_dir: edctl_slurm::DEFAULT_BIN_DIR.into(),
            slurmrestd_socket: edctl_slurm::DEFAULT_SOCKET.into(),
            native_url: None,
            sources: Source::ALL.to_vec(),
            interval_secs: 20,
            source_interval_secs: BTreeMap::new(),
            deadline_secs: 15,
            max_age_secs: 300,
            max_output_mib: 1024,
            top: 50,
            profile: Profile::default(),
        }
    }
}

impl Slurm {
    /// The time between two polls of `source`: its own, or the common one but at least `least`, or three
    /// times that where it changes slowly; and `slowdown` times that while slurmctld is loaded. What is
    /// longer than configured stays below half the age at which data leaves.
    pub(crate) fn interval(&self, source: Source, slowdown: u32, least: Duration) -> Duration {
        let (secs, times, least) = match self.source_interval_secs.get(&source) {
            Some(own) => (*own, 1, Duration::ZERO),
            None => (self.interval_secs, if source.is_slow() { 3 } else { 1 }, least),
        };
        let interval = Duration::from_secs(secs);
        ((interval * times).max(least) * slowdown).min(self.max_age() / 2).max(interval)
    }

    /// Where slurmctld has its own pages, if that is configured.
    pub(crate) fn native(&self) -> Option<Endpoint> {
        Endpoint::of_url(self.native_url.as_deref()?)
    }

    /// All sources that are asked, in this order: first what the others may leave out.
    pub(crate) fn asked(&self) -> impl Iterator<Item = Source> + '_ {
        std::iter::once(Source::Access).chain(self.sources.iter().copied())
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
        let Slurm {
            backend: _,
            bin_dir,
            slurmrestd_socket,
            native_url,
            sources,
            interval_secs: _,
            source_interval_secs: _,
            deadline_secs,
            max_age_secs,
            max_output_mib,
            top,
            profile: _,
        } = &self.slurm;
        for (key, path) in [("bin_dir", bin_dir), ("slurmrestd_socket", slurmrestd_socket)] {
            if !path.is_absolute() {
                let message = format!("expected an absolute path, not {path:?}");
                return Err(Invalid::new(format!("slurm.{key}"), message));
            }
        }
        if let Some(url) = native_url
            && Endpoint::of_url(url).is_none()
        {
            let message = format!("expected http://HOST:PORT, not {url:?}");
            return Err(Invalid::new("slurm.native_url", message));
        }
        for source in Source::ALL {
            if sources.iter().filter(|one| **one == source).count() > 1 {
                let message = format!("expected each source once, not {} twice", source.word());
                return Err(Invalid::new("slurm.sources", message));
            }
        }
        for (key, value, most) in [
            ("deadline_secs", *deadline_secs, 600),
            ("max_age_secs", *max_age_secs, 86400),
            ("max_output_mib", *max_output_mib as u64, 65536),
            ("top", *top as u64, 1000),
        ] {
            at_most(most, &format!("slurm.{key}"), value)?;
        }
        self.slurm.validate_intervals()
    }
}

impl Slurm {
    /// Data must not leave before it is asked for again.
    fn validate_intervals(&self) -> Result<(), Invalid> {
        let max_age_secs = self.max_age_secs;
        let own = self
            .source_interval_secs
            .iter()
            .map(|(source, secs)| (format!("slurm.source_interval_secs.{}", source.word()), *secs));
        for (key, secs) in own.chain([("slurm.interval_secs".to_owned(), self.interval_secs)]) {
            at_most(3600, &key, secs)?;
            if max_age_secs < secs {
                let message = format!(
                    "expected at least {key} ({secs}), not {max_age_secs}: else the data would \
                     leave between two polls"
                );
                return Err(Invalid::new("slurm.max_age_secs", message));
            }
        }
        Ok(())
    }
}

fn at_most(most: u64, key: &str, value: u64) -> Result<(), Invalid> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Invalid::new(key, format!("expected 1 to {most}, not {value}")))
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
    fn a_source_has_its_own_interval_or_the_common_one() {
        let slurm = Slurm { source_interval_secs: [(Source::Jobs, 60)].into(), ..Slurm::default() };
        for (source, slowdown, least, secs) in [
            (Source::Jobs, 1, 0, 60),
            (Source::Jobs, 4, 0, 150),
            (Source::Jobs, 1, 90, 60),
            (Source::Nodes, 1, 0, 20),
            (Source::Nodes, 4, 0, 80),
            (Source::Nodes, 1, 60, 60),
            (Source::Nodes, 2, 60, 120),
            (Source::Shares, 1, 0, 60),
            (Source::Shares, 4, 0, 150),
        ] {
            let interval = slurm.interval(source, slowdown, Duration::from_secs(least));
            assert_eq!(interval, Duration::from_secs(secs), "{source:?}");
        }
    }

    #[test]
    fn a_bad_value_is_named_with_what_was_expected() {
        type Spoil = fn(&mut Slurm);
        let cases: [(Spoil, &str); 10] = [
            (
                |s| s.native_url = Some("ctl:6817".to_owned()),
                "slurm.native_url: expected http://HOST:PORT, not \"ctl:6817\"",
            ),
            (|s| s.interval_secs = 0, "slurm.interval_secs: expected 1 to 3600, not 0"),
            (|s| s.deadline_secs = 601, "slurm.deadline_secs: expected 1 to 600, not 601"),
            (|s| s.max_output_mib = 0, "slurm.max_output_mib: expected 1 to 65536, not 0"),
            (|s| s.bin_dir = "bin".into(), "slurm.bin_dir: expected an absolute path, not \"bin\""),
            (
                |s| s.slurmrestd_socket = "socket".into(),
                "slurm.slurmrestd_socket: expected an absolute path, not \"socket\"",
            ),
            (|s| s.max_age_secs = 5, "slurm.max_age_secs: expected at least slurm.interval_secs"),
            (
                |s| s.source_interval_secs = [(Source::Jobs, 0)].into(),
                "slurm.source_interval_secs.jobs: expected 1 to 3600, not 0",
            ),
            (
                |s| s.source_interval_secs = [(Source::Jobs, 301)].into(),
                "slurm.max_age_secs: expected at least slurm.source_interval_secs.jobs (301)",
            ),
            (|s| s.sources.push(Source::Jobs), "slurm.sources: expected each source once"),
        ];
        for (spoil, message) in cases {
            let mut config = Config::default();
            spoil(&mut config.slurm);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn the_schema_is_that_of_the_file() {
        edctl_testkit::assert_schema("exporter-slurm.toml", &schemars::schema_for!(Config));
    }
}
