//! What one configuration file may say. Every key is optional: files are laid over each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use super::name::Name;
use super::units::{Memory, TimeLimit};
use crate::executor::Choice;
use crate::problem::{OrProblem, Problem};

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// The design where the command names none.
    pub(crate) default_design: Option<String>,
    /// Where to run where the command does not say.
    pub(crate) executor: Option<Choice>,
    /// How to reach Slurm.
    #[serde(default)]
    pub(crate) slurm: Slurm,
    /// The designs.
    #[serde(default)]
    pub(crate) design: BTreeMap<Name, Design>,
    /// The resource profiles.
    #[serde(default)]
    pub(crate) profile: BTreeMap<Name, Profile>,
}

/// How to reach Slurm.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Slurm {
    /// The directory of sbatch, squeue and scancel.
    pub(crate) bin_dir: Option<PathBuf>,
}

/// A design; its paths are relative to the flow's directory, or to `dir` where they say so.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Design {
    /// The folder with the design's makefile.
    pub(crate) dir: PathBuf,
    /// The file, in `dir`, without which nothing can run.
    pub(crate) sources: PathBuf,
    /// The command that brings the sources, to tell the user.
    pub(crate) fetch: Option<String>,
    /// The list, in `dir`, of the sub-tests that a simulation must report.
    pub(crate) subtests: Option<PathBuf>,
    /// The top module, where it is not the design's name.
    pub(crate) top: Option<String>,
}

/// Resources; where a key is absent the file below decides.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Slurm's partition.
    pub(crate) partition: Option<String>,
    /// CPUs of one stage.
    pub(crate) cpus: Option<std::num::NonZeroU16>,
    /// Memory of one stage.
    #[cfg_attr(test, schemars(with = "Option<String>", regex(pattern = "^[0-9]+[MG]$")))]
    pub(crate) memory: Option<Memory>,
    /// The time limit of one stage.
    #[cfg_attr(test, schemars(with = "Option<String>", regex(pattern = "^[0-9]+[smh]$")))]
    pub(crate) time: Option<TimeLimit>,
}

impl ConfigFile {
    /// Reads a file; `None` where it does not exist.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Problem> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                Self::parse(&text).with_context(|| path.display().to_string()).or_usage().map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{}", path.display())).or_usage(),
        }
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_valid() {
        assert_eq!(ConfigFile::parse("").unwrap(), ConfigFile::default());
    }

    #[test]
    fn a_bad_file_is_refused_with_line_and_key() {
        for (text, words) in [
            ("defalt_design = 'x'", vec!["line 1", "defalt_design", "expected"]),
            ("\n[profile.latency]\ncpu = 2", vec!["line 3", "`cpu`", "expected", "cpus"]),
            ("[profile.x]\ncpus = 0", vec!["line 2", "nonzero"]),
            ("[profile.x]\nmemory = '5 GB'", vec!["line 2", "memory", "500M"]),
            ("[profile.x]\ntime = 10", vec!["line 2", "10m"]),
            ("executor = 'k8s'", vec!["line 1", "k8s", "slurm"]),
            ("[design.a]\ndir = 'a'", vec!["sources"]),
            ("a = ", vec!["line 1"]),
            ("[design.'../x']\ndir = 'a'\nsources = 'b'", vec!["line 1", "../x", "letters"]),
            ("[profile.\"a\\u001b[31m\"]\nmemory = '1G'", vec!["line 1", "letters"]),
        ] {
            let message = ConfigFile::parse(text).unwrap_err().to_string();
            for word in words {
                assert!(message.contains(word), "{text:?} gave {message:?}, not {word:?}");
            }
        }
    }
}
