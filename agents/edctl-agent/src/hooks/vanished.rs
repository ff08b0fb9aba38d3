//! Jobs whose epilog was never heard of, because the disk under the spool was full or a hook was
//! killed: a job that has had no control group for long is taken as ended.
//!
//! The rule needs no word from Slurm and heals itself: should the group come back (a next step of an
//! allocation that had none, without `PrologFlags=Contain`), the job is on the node again.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

use super::record::Record;
use crate::node::{JobCgroups, NodeState, Present};

/// Longer than the way from a prolog to the first step, and than an epilog may take to speak.
const LONG: Duration = Duration::from_secs(300);

/// Which jobs have no control group, and since when.
pub(super) struct Watch {
    cgroups: JobCgroups,
    /// By job and by when its prolog ran: a job that is started again is another one.
    missing_since: HashMap<(u32, u64), Instant>,
}

impl Watch {
    pub(super) fn new(cgroupfs: &Path) -> Self {
        Self { cgroups: JobCgroups::new(cgroupfs), missing_since: HashMap::new() }
    }

    /// Looks at all jobs and notes those that have vanished.
    pub(super) fn look(&mut self, record: &Record, now: Instant) {
        let present = self.cgroups.read().unwrap_or_else(|error| {
            tracing::debug!(%error, "cannot look for the jobs' control groups");
            None
        });
        let mut record = record.lock();
        let vanished = self.judge(record.state(), present.as_ref(), now);
        record.note_vanished(vanished);
    }

    fn judge(
        &mut self,
        state: &NodeState,
        present: Option<&Present>,
        now: Instant,
    ) -> BTreeSet<u32> {
        let before = std::mem::take(&mut self.missing_since);
        // Where nothing is known, nothing is missing.
        let Some(present) = present else { return BTreeSet::new() };
        for job in state.begun().filter(|job| !present.has(job)) {
            let key = (job.job_id, job.since_usec);
            self.missing_since.insert(key, before.get(&key).copied().unwrap_or(now));
        }
        let is_long = |since: &Instant| now.saturating_duration_since(*since) >= LONG;
        let long = self.missing_since.iter().filter(|(_, since)| is_long(since));
        long.map(|((job_id, _), _)| *job_id).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use edctl_hookmsg::Hook;

    use super::*;
    use crate::node::{Source, tests::event};

    #[test]
    fn a_job_leaves_long_after_its_group_and_comes_back_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let record = Record::new("boot".to_owned());
        for job in [1, 2] {
            record.take(&event(Hook::Prolog, job, u64::from(job)), Source::Socket).unwrap();
        }
        let mut watch = Watch::new(&dir.path().join("cgroup"));
        let start = Instant::now();
        let mut listed_after = |seconds| {
            watch.look(&record, start + Duration::from_secs(seconds));
            record.lock().state().jobs().map(|job| job.job_id).collect::<Vec<_>>()
        };
        let uid = dir.path().join("cgroup/memory/slurm_w1/uid_2000");

        assert_eq!(listed_after(0), [1, 2], "this Slurm makes no groups");
        assert_eq!(listed_after(10_000), [1, 2]);

        fs::create_dir_all(uid.join("job_1")).unwrap();
        fs::create_dir_all(uid.join("job_2")).unwrap();
        assert_eq!(listed_after(20_000), [1, 2]);
        fs::remove_dir(uid.join("job_2")).unwrap();
        assert_eq!(listed_after(20_001), [1, 2]);
        assert_eq!(listed_after(20_300), [1, 2], "its epilog may still come");
        assert_eq!(listed_after(20_301), [1]);

        fs::create_dir(uid.join("job_2")).unwrap();
        assert_eq!(listed_after(20_302), [1, 2]);
        fs::remove_dir(uid.join("job_2")).unwrap();
        assert_eq!(listed_after(20_303), [1, 2], "the time counts anew");
        record.take(&event(Hook::Epilog, 2, 99), Source::Socket).unwrap();
        assert_eq!(listed_after(20_304), [1]);
    }
}
