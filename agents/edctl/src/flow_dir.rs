//! The flow's directory: the one with `edctl.toml`, here or above.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::problem::{OrProblem, Problem};

/// The file that marks a flow's directory.
pub(crate) const CONFIG_FILE: &str = "edctl.toml";

/// A directory with designs, their flows, and the records of their runs.
#[derive(Debug, Clone)]
pub(crate) struct FlowDir {
    root: PathBuf,
}

impl FlowDir {
    /// The nearest flow's directory at or above `start`, or the working directory.
    pub(crate) fn find(start: Option<&Path>) -> Result<Self, Problem> {
        let start = start.unwrap_or(Path::new("."));
        let start = start.canonicalize().with_context(|| format!("{}", start.display()));
        let start = start.or_usage()?;
        let root = start.ancestors().find(|dir| dir.join(CONFIG_FILE).is_file());
        let Some(root) = root else {
            return Err(Problem::usage(format!(
                "no {CONFIG_FILE} in {} or above it: go to a flow's directory, or name it with -C DIR",
                start.display()
            )));
        };
        check_name(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The flow's own configuration.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.root.join(CONFIG_FILE)
    }

    /// Where the runs' records are.
    pub(crate) fn runs_dir(&self) -> PathBuf {
        self.root.join(".edctl").join("runs")
    }
}

/// Make splits names at blanks, Slurm expands `%`: such a directory would fail later and worse.
fn check_name(root: &Path) -> Result<(), Problem> {
    let plain = |c: char| c.is_alphanumeric() || "/._+-@,=~".contains(c);
    match root.to_str() {
        Some(name) if name.chars().all(plain) => Ok(()),
        _ => Err(Problem::usage(format!(
            "{}: make and sbatch cannot work in a directory whose name has blanks or special characters",
            root.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_directory_above_is_found() {
        let temp = tempfile::tempdir().unwrap();
        let below = temp.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        assert!(matches!(FlowDir::find(Some(&below)), Err(Problem::Usage(_))));

        std::fs::write(temp.path().join(CONFIG_FILE), "").unwrap();
        let found = FlowDir::find(Some(&below)).unwrap();
        assert_eq!(found.root(), temp.path().canonicalize().unwrap());
    }

    #[test]
    fn a_name_that_breaks_make_is_refused() {
        for name in ["a b", "a%j", "a$b", "a'b", "a#b"] {
            assert!(check_name(Path::new(name)).is_err(), "{name}");
        }
        assert!(check_name(Path::new("/home/dé/eda-flows_2.0+x")).is_ok());
    }
}
