//! The control groups that Slurm makes for its jobs, as directories: under cgroup v1
//! `CONTROLLER/slurm[_NODE]/uid_UID/job_ID`, under v2 `SLICE/[NODE_]slurmstepd.scope/job_ID`, where
//! Slurm 26.05 writes the job's SLUID instead of `job_ID`.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Job;

/// Where the control groups are mounted.
pub(crate) struct JobCgroups {
    root: PathBuf,
}

/// The names of the jobs' groups that are there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Present(HashSet<String>);

impl Present {
    pub(crate) fn has(&self, job: &Job) -> bool {
        self.0.contains(&format!("job_{}", job.job_id))
            || job.sluid.as_ref().is_some_and(|sluid| self.0.contains(sluid))
    }
}

impl JobCgroups {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The groups that are there now; `None` where Slurm has no place for them on this node, so that
    /// a missing one says nothing.
    pub(crate) fn read(&self) -> io::Result<Option<Present>> {
        let mut present = None;
        for top in directories(&self.root)? {
            for slurms in directories(&top)?.iter().filter(|path| is_slurms(&name(path))) {
                let Present(names) = present.get_or_insert_default();
                for child in directories(slurms)? {
                    if name(&child).starts_with("uid_") {
                        names.extend(directories(&child)?.iter().map(|job| name(job)));
                    } else {
                        names.insert(name(&child));
                    }
                }
            }
        }
        Ok(present)
    }
}

fn is_slurms(name: &str) -> bool {
    name == "slurm" || name.starts_with("slurm_") || name.ends_with("slurmstepd.scope")
}

/// The directories in `path`; none where it is gone meanwhile, as groups come and go.
fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let is_directory = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let entries: Vec<fs::DirEntry> = entries.collect::<io::Result<_>>()?;
    Ok(entries.iter().filter(|entry| is_directory(entry)).map(fs::DirEntry::path).collect())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use edctl_hookmsg::Hook;

    use super::super::state::tests::event;
    use super::*;

    fn job(job_id: u32, sluid: Option<&str>) -> Job {
        let mut prolog = event(Hook::Prolog, job_id, 10);
        prolog.facts.extend(sluid.map(|sluid| ("sluid".to_owned(), sluid.to_owned())));
        Job::begin(job_id, &prolog)
    }

    /// Whether jobs 7 and 8 are there, in a tree of these directories.
    fn present(directories: &[&str]) -> Option<(bool, bool)> {
        let root = tempfile::tempdir().unwrap();
        for directory in directories {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(root.path().join("cgroup.controllers"), "cpu memory").unwrap();
        let present = JobCgroups::new(root.path()).read().unwrap()?;
        Some((present.has(&job(7, None)), present.has(&job(8, Some("s8FXKTA79XAR00")))))
    }

    #[test]
    fn both_versions_and_all_names() {
        for (directories, expected) in [
            // v1, as the lab has it.
            (&["memory/slurm_w1/uid_2000/job_7/step_batch", "freezer/x"][..], Some((true, false))),
            (&["freezer/slurm/uid_2000/job_8"], Some((false, true))),
            (&["memory/slurm_w1/system"], Some((false, false))),
            // v2, with several slurmd on one machine, and named by SLUID.
            (&["system.slice/slurmstepd.scope/job_7/step_0"], Some((true, false))),
            (&["system.slice/w1_slurmstepd.scope/job_8"], Some((false, true))),
            (&["system.slice/slurmstepd.scope/s8FXKTA79XAR00"], Some((false, true))),
            (&["system.slice/slurmstepd.scope/job_70"], Some((false, false))),
            // No word from Slurm.
            (&["system.slice/slurmd.service/job_7", "user.slice"], None),
            (&[], None),
        ] {
            assert_eq!(present(directories), expected, "{directories:?}");
        }
    }

    #[test]
    fn a_root_that_cannot_be_read_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(JobCgroups::new(file.path()).read().is_err());
    }
}
