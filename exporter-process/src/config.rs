//! The configuration: `/etc/edctl/exporter-process.toml`.

use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::{Invalid, Log, Paths, Web};
use serde::Deserialize;

use crate::jobs::Settings;
use crate::naming::{Namer, NamingConfig, TomlRule};

/// The whole file, with the table `[groups]` as the two things that it sets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "File")]
pub(crate) struct Config {
    web: Web,
    log: Log,
    pub(crate) path: Paths,
    pub(crate) groups: Limits,
    pub(crate) naming: NamingConfig,
    pub(crate) accounting: Accounting,
    pub(crate) details: DetailLimits,
    pub(crate) threads: ThreadLimits,
    pub(crate) jobs: Settings,
}

/// The whole file as it is written.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct File {
    web: Web,
    log: Log,
    path: Paths,
    groups: GroupsTable,
    accounting: Accounting,
    details: DetailLimits,
    threads: ThreadLimits,
    jobs: Settings,
}

/// The table `[groups]` as it is written; what the keys mean stands at the types they go to.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct GroupsTable {
    max: usize,
    forget_after_secs: u64,
    process_exporter_config: Option<PathBuf>,
    default: Option<bool>,
    children: bool,
    rule: Vec<TomlRule>,
}

impl Default for GroupsTable {
    fn default() -> Self {
        let (limits, naming) = (Limits::default(), NamingConfig::default());
        Self {
            max: limits.max,
            forget_after_secs: limits.forget_after_secs,
            process_exporter_config: naming.process_exporter_config,
            default: naming.default,
            children: naming.children,
            rule: naming.rules,
        }
    }
}

impl From<File> for Config {
    fn from(file: File) -> Self {
        let File { web, log, path, groups, accounting, details, threads, jobs } = file;
        let limits = Limits { max: groups.max, forget_after_secs: groups.forget_after_secs };
        let naming = NamingConfig {
            process_exporter_config: groups.process_exporter_config,
            default: groups.default,
            children: groups.children,
            rules: groups.rule,
        };
        let groups = limits;
        Self { web, log, path, groups, naming, accounting, details, threads, jobs }
    }
}

/// How many groups there may be and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most groups beside `other`, which takes the processes of all further names.
    pub(crate) max: usize,
    /// How long a group without processes keeps its place and its counters.
    pub(crate) forget_after_secs: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max: 500, forget_after_secs: 3600 }
    }
}

/// The table `[accounting]`: how the time of processes that are gone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Accounting {
    /// Use the kernel's records of ended processes, where the exporter has CAP_NET_ADMIN.
    pub(crate) exit_records: bool,
}

impl Default for Accounting {
    fn default() -> Self {
        Self { exit_records: true }
    }
}

/// The table `[threads]`: figures of single threads, by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ThreadLimits {
    /// Read the threads at all.
    pub(crate) enabled: bool,
    /// Most threads that are read in one scrape.
    pub(crate) max: u64,
    /// Most thread names of one group beside `other`.
    pub(crate) max_names: usize,
}

impl Default for ThreadLimits {
    fn default() -> Self {
        Self { enabled: false, max: 2000, max_names: 50 }
    }
}

/// The table `[details]`: of how many processes more than `stat` is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DetailLimits {
    /// Most processes of which swap, IO, open files and context switches are read in one scrape;
    /// 0 reads none.
    pub(crate) max_processes: u64,
    /// The groups that come first.
    pub(crate) groups: Vec<String>,
    /// How often a process's `smaps_rollup` is read, for proportional memory; 0 is never.
    pub(crate) smaps_interval_secs: u64,
    /// Larger processes are never asked for it.
    pub(crate) smaps_max_resident_bytes: u64,
}

impl DetailLimits {
    pub(crate) fn smaps_interval(&self) -> Option<Duration> {
        (self.smaps_interval_secs > 0).then(|| Duration::from_secs(self.smaps_interval_secs))
    }
}

impl Default for DetailLimits {
    fn default() -> Self {
        Self {
            max_processes: 1000,
            groups: Vec::new(),
            smaps_interval_secs: 0,
            smaps_max_resident_bytes: 4 << 30,
        }
    }
}

impl Limits {
    pub(crate) fn forget_after(&self) -> Duration {
        Duration::from_secs(self.forget_after_secs)
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
        // The largest family has five series for each group, and `other` is one more.
        let most = edctl_exposition::DEFAULT_SERIES_LIMIT / 5 - 1;
        if !(1..=most).contains(&self.groups.max) {
            let message = format!("expected 1 to {most}, not {}", self.groups.max);
            return Err(Invalid::new("groups.max", message));
        }
        Namer::compile(&self.naming)?;
        self.jobs.validate()
    }
}

#[cfg(test)]
mod tests {
    use edctl_daemon::Config as _;

    use super::*;

    #[test]
    fn the_defaults_are_valid_and_the_bounds_hold() {
        for (max, valid) in [(500, true), (1, true), (1999, true), (0, false), (2000, false)] {
            let config =
                Config { groups: Limits { max, ..Limits::default() }, ..Config::default() };
            assert_eq!(config.validate().is_ok(), valid, "{max}");
        }
    }

    #[test]
    fn the_schema_is_that_of_the_file() {
        edctl_testkit::assert_schema("exporter-process.toml", &schemars::schema_for!(File));
    }
}
