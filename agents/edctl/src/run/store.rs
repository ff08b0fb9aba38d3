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
        fs::create_dir_all(&self.runs_dir)
            .with_context(|| format!("cannot make {}", self.runs_dir.display()))
            .or_infra()?;
        loop {
            let id = next_id(Ulid::generate(), self.ids()?.first());
            let dir = self.dir(&id);
            match fs::create_dir(dir.path()) {
                Ok(()) => return Ok((id, dir)),
                // Another submission of this moment was quicker.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let context = format!("cannot make {}", dir.path().display());
                    return Err(error).context(context).or_infra();
                }
            }
        }
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
            // A submission that was cut off before its record is no run, and hides none.
            let newest = ids.iter().map(|id| self.dir(id)).find(|dir| dir.record().exists());
            return newest.ok_or_else(none);
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

/// An id above every other, so that the newest run is the last one also where the clock was set back.
fn next_id(now: Ulid, newest: Option<&String>) -> String {
    let newest = newest.and_then(|newest| Ulid::from_string(newest).ok());
    let above = newest.filter(|newest| *newest >= now).and_then(|newest| newest.increment().ok());
    above.unwrap_or(now).to_string()
}

impl RunDir {
    /// The run's record.
    pub(crate) fn read(&self) -> Result<RunRecord, Problem> {
        let path = self.record();
        read_json(&path)?.ok_or_else(|| {
            Problem::infra(format!(
                "{} is not there: its submission was cut off before there was a job; remove {} to \
                 forget it",
                path.display(),
                self.path().display()
            ))
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
            fs::write(store.runs_dir.join(id).join("run.json"), "").unwrap();
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
    fn a_submission_without_a_record_is_not_the_last_run() {
        let (_temp, store) = store_with(&[OLD, NEW]);
        fs::remove_file(store.runs_dir.join(NEW).join("run.json")).unwrap();
        assert!(store.find("@last").unwrap().path().ends_with(OLD));
        let Err(Problem::Infra(error)) = store.find(NEW).unwrap().read() else { panic!() };
        assert!(error.to_string().contains("remove"), "{error}");
    }

    #[test]
    fn a_new_run_is_the_last_one_whatever_the_clock_says() {
        let future = "7000000000000000000000000Z";
        let (_temp, store) = store_with(&[OLD, future]);
        let mut before = future.to_owned();
        for _ in 0..40 {
            let (id, dir) = store.create().unwrap();
            assert!(id > before && dir.path().is_dir(), "{id} after {before}");
            before = id;
        }
    }

    #[test]
    fn submissions_of_one_moment_get_directories_of_their_own() {
        let (_temp, store) = store_with(&["7000000000000000000000000Z"]);
        let ids = std::thread::scope(|scope| {
            let create = || (0..20).map(|_| store.create().unwrap().0).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), 80);
    }

    #[test]
    fn a_clock_that_can_go_no_further_is_taken_as_it_is() {
        let now = Ulid::generate();
        let end = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".to_owned();
        assert_eq!(next_id(now, Some(&end)), now.to_string());
        assert_eq!(next_id(now, None), now.to_string());
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
