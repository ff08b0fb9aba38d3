//! The files laid over each other, and the questions that commands ask of them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::{ConfigFile, Design, Profile};
use super::name::Name;
use crate::executor::Choice;
use crate::flow_dir::FlowDir;
use crate::problem::Problem;

const SYSTEM_FILE: &str = "/etc/edctl/edctl.toml";
const USER_FILE: &str = "edctl/config.toml";

/// What one stage may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Resources {
    /// Slurm's partition; its default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partition: Option<String>,
    /// CPUs.
    pub(crate) cpus: u16,
    /// Memory.
    pub(crate) memory_mib: u64,
    /// After this long the stage is stopped.
    pub(crate) time_limit_secs: u64,
}

/// All files together.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The winning file first.
    layers: Vec<ConfigFile>,
}

impl Config {
    /// Reads the files of this user and this flow.
    pub(crate) fn load(flow_dir: &FlowDir) -> Result<Self, Problem> {
        let user = user_config_dir().map(|dir| dir.join(USER_FILE));
        let files = [Some(flow_dir.config_file()), user, Some(PathBuf::from(SYSTEM_FILE))];
        let layers = files.into_iter().flatten().map(|path| ConfigFile::read(&path));
        Ok(Self { layers: layers.filter_map(Result::transpose).collect::<Result<_, _>>()? })
    }

    /// Where to run, if a file says so.
    pub(crate) fn executor(&self) -> Option<Choice> {
        self.layers.iter().find_map(|file| file.executor)
    }

    /// The directory of Slurm's commands.
    pub(crate) fn slurm_bin_dir(&self) -> &Path {
        let named = self.layers.iter().find_map(|file| file.slurm.bin_dir.as_deref());
        named.unwrap_or(Path::new(edctl_slurm::DEFAULT_BIN_DIR))
    }

    /// A design and its name: the one asked for, else the default one.
    pub(crate) fn design(&self, wanted: Option<&str>) -> Result<(&str, &Design), Problem> {
        let default = || self.layers.iter().find_map(|file| file.default_design.as_deref());
        let Some(wanted) = wanted.or_else(default) else {
            return Err(Problem::usage("no design: name one with --design, or set default_design"));
        };
        let found = self.layers.iter().find_map(|file| file.design.get_key_value(wanted));
        let (name, design) = found.ok_or_else(|| {
            let names = self.layers.iter().flat_map(|file| file.design.keys());
            Problem::usage(format!("there is no design '{wanted}'; {}", known("designs", names)))
        })?;
        Ok((name.as_str(), design))
    }

    /// The resources of a profile, key by key from the winning file that has it.
    pub(crate) fn resources(&self, name: &str) -> Result<Resources, Problem> {
        let layers: Vec<&Profile> =
            self.layers.iter().filter_map(|file| file.profile.get(name)).collect();
        if layers.is_empty() {
            let names = self.layers.iter().flat_map(|file| file.profile.keys());
            let known = known("profiles", names);
            return Err(Problem::usage(format!("there is no profile '{name}'; {known}")));
        }
        let partition = layers.iter().find_map(|profile| profile.partition.clone());
        let cpus = layers.iter().find_map(|profile| profile.cpus);
        let memory = layers.iter().find_map(|profile| profile.memory);
        let time = layers.iter().find_map(|profile| profile.time);
        let lacks = |key| Problem::usage(format!("profile '{name}' does not say its {key}"));
        Ok(Resources {
            partition,
            cpus: cpus.map_or(1, |cpus| cpus.get()),
            memory_mib: memory.ok_or_else(|| lacks("memory"))?.mib,
            time_limit_secs: time.ok_or_else(|| lacks("time"))?.secs,
        })
    }
}

fn known<'a>(what: &str, names: impl Iterator<Item = &'a Name>) -> String {
    let mut names: Vec<&str> = names.map(Name::as_str).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => format!("no {what} are configured"),
        names => format!("{what} are: {}", names.join(", ")),
    }
}

fn user_config_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layered(texts: &[&str]) -> Config {
        Config { layers: texts.iter().map(|text| toml::from_str(text).unwrap()).collect() }
    }

    #[test]
    fn the_flow_wins_key_by_key() {
        let config = layered(&[
            "[profile.latency]\ncpus = 2\ntime = '1m'",
            "[profile.latency]\ncpus = 8\nmemory = '1G'\n[slurm]\nbin_dir = '/opt/slurm/bin'",
        ]);
        let resources = config.resources("latency").unwrap();
        assert_eq!((resources.cpus, resources.memory_mib), (2, 1024));
        assert_eq!((resources.time_limit_secs, resources.partition), (60, None));
        assert_eq!(config.slurm_bin_dir(), Path::new("/opt/slurm/bin"));
    }

    #[test]
    fn what_is_unknown_is_told_with_what_is_known() {
        let config = layered(&["[profile.b]\n[profile.a]\n", "[profile.a]\n"]);
        let Err(Problem::Usage(error)) = config.resources("c") else { panic!() };
        assert_eq!(error.to_string(), "there is no profile 'c'; profiles are: a, b");
        let Err(Problem::Usage(error)) = config.design(Some("x")) else { panic!() };
        assert_eq!(error.to_string(), "there is no design 'x'; no designs are configured");
        let Err(Problem::Usage(error)) = config.resources("a") else { panic!() };
        assert_eq!(error.to_string(), "profile 'a' does not say its memory");
    }
}
