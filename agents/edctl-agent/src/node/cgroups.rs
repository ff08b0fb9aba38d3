//! The control groups that Slurm makes for its jobs: which jobs have one.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use edctl_jobcgroup::JobName;

use super::Job;

/// Where the control groups are mounted.
pub(crate) struct JobCgroups {
    root: PathBuf,
}

/// The names of the jobs' groups that are there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Present(HashSet<JobName>);

impl Present {
    pub(crate) fn has(&self, job: &Job) -> bool {
        self.0.contains(&JobName::Id(job.job_id))
            || job.sluid.clone().is_some_and(|sluid| self.0.contains(&JobName::Sluid(sluid)))
    }
}

impl JobCgroups {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The groups that are there now; `None` where Slurm has no place for them on this node, so that
    /// a missing one says nothing.
    pub(crate) fn read(&self) -> io::Result<Option<Present>> {
        let slurmds = edctl_jobcgroup::find(&self.root)?;
        if slurmds.is_empty() {
            return Ok(None);
        }
        let mut present = Present::default();
        for slurmd in slurmds {
            present.0.extend(slurmd.jobs()?.into_iter().map(|job| job.name));
        }
        Ok(Some(present))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
