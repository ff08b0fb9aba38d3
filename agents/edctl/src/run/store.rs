//! The runs of a flow's directory: made, found, listed.

use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context;
use ulid::Ulid;

use super::dirs::RunDir;
use super::files::read_json;
use super::record::RunRecord;
use crate::flow_dir::FlowDir;
use crate::problem::{OrProblem, Problem};

/// The name of the newest run.
const LAST: &str = "@last";

/// The directory of all runs.
#[derive(Debug)]
pub(crate) struct Store {
    runs_dir: PathBuf,
}

impl Store {
    /// The store of a flow's directory, which need not exist yet.
    pub(crate) fn of(flow_dir: &FlowDir) -> Self {
        Self { runs_dir: flow_dir.runs_dir() }
    }

    /// Makes a new run's directory and its id.
    pub(crate) fn create(&self) -> Result<(String, RunDir), Problem> {
        let id = Ulid::generate().to_string();
        let dir = self.dir(&id);
        fs::create_dir_all(dir.path())
            .with_context(|| format!("cannot make the run's directory {}", dir.path().display()))
            .or_infra()?;
        Ok((id, dir))
    }

    /// The run that a user's text names: an id, a unique beginning of one, or `@last`.
    pub(crate) fn find(&self, text: &str) -> Result<RunDir, Problem> {
        let ids = self.ids()?;
        let none = || {
            Problem::usage(format!(
                "no runs in {}; edctl submit makes one",
                self.runs_dir.display()
            ))
        };
        if text == LAST {
            return ids.first().map(|id| self.dir(id)).ok_or_else(none);
        }
        let wanted = text.to_ascii_uppercase();
        let mut matching = ids.iter().filter(|id| id.starts_with(&wanted));
        match (matching.next(), matching.next()) {
            (Some(id), None) if !wanted.is_empty() => Ok(self.dir(id)),
            (Some(first), Some(second)) => Err(Problem::usage(format!(
                "'{text}' could be {first} or {second} (and {} more): write more of it",
                matching.count()
            ))),
            _ => Err(Problem::usage(format!(
                "there is no run '{text}' in {}; edctl list shows them",
                self.runs_dir.display()
            ))),
        }
    }

    /// Every run, newest first.
    pub(crate) fn all(&self) -> Result<Vec<RunDir>, Problem> {
        Ok(self.ids()?.iter().map(|id| self.dir(id)).collect())
    }

    fn dir(&self, id: &str) -> RunDir {
        RunDir(self.runs_dir.join(id))
    }

    /// The ids, newest first: a ULID begins with its time. Foreign names are left alone.
    fn ids(&self) -> Result<Vec<String>, Problem> {
        let entries = match fs::read_dir(&self.runs_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                let context = format!("cannot list {}", self.runs_dir.display());
                return Err(error).context(context).or_infra();
            }
        };
        let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
        let mut ids: Vec<String> = entries
            .filter_map(Result::ok)
            .filter_map(name)
            .filter(|name| Ulid::from_string(name).is_ok())
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }
}

impl RunDir {
    /// The run's record.
    pub(crate) fn read(&self) -> Result<RunRecord, Problem> {
        let path = self.record();
        read_json(&path)?.ok_or_else(|| {
            Problem::infra(format!("{} is not there: its submission was cut off", path.display()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_with(ids: &[&str]) -> (tempfile::TempDir, Store) {
        let temp = tempfile::tempdir().unwrap();
        let store = Store { runs_dir: temp.path().join("runs") };
        for id in ids {
            fs::create_dir_all(store.runs_dir.join(id)).unwrap();
        }
        (temp, store)
    }

    const OLD: &str = "01K00000000000000000000000";
    const NEW: &str = "01K1A000000000000000000000";
    const NEWER: &str = "01K1B000000000000000000000";

    #[test]
    fn runs_are_found_by_what_names_them() {
        let (_temp, store) = store_with(&[OLD, NEW, NEWER, "notes"]);
        for (text, id) in [("@last", NEWER), (OLD, OLD), ("01k1a", NEW), ("01K0", OLD)] {
            assert!(store.find(text).unwrap().path().ends_with(id), "{text}");
        }
        assert_eq!(store.all().unwrap().len(), 3);
    }

    #[test]
    fn what_names_no_single_run_is_refused() {
        let (_temp, store) = store_with(&[OLD, NEW, NEWER]);
        for (text, word) in [("01K1", "write more"), ("02", "no run '02'"), ("", "write more")] {
            let Err(Problem::Usage(error)) = store.find(text) else { panic!("{text}") };
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
        let (_temp, empty) = store_with(&[]);
        assert!(matches!(empty.find("@last"), Err(Problem::Usage(_))));
        assert!(matches!(empty.find(""), Err(Problem::Usage(_))));
    }
}
