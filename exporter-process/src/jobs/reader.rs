//! Reads the jobs' groups: all of them, or the one in which something ended.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_jobcgroup::{
    self as jobcgroup, Faults, Group, JobGroup, JobName, Reading, Slurmd, StepGroup,
};

use super::pass::{JobSample, Pass, SlurmdSample, StepSample};

/// What is known of a job beyond its group; it does not change while the job runs.
#[derive(Debug, Clone, Copy, Default)]
struct Identity {
    id: Option<u32>,
    uid: Option<u32>,
}

type Key = (Option<String>, JobName);

/// Remembers who the jobs are.
#[derive(Default)]
pub(crate) struct Reader {
    identities: HashMap<Key, Identity>,
}

/// A pass, and where to watch for what comes next.
pub(crate) struct Seen {
    pub(crate) pass: Pass,
    /// Directories in which groups come and go.
    pub(crate) dirs: Vec<PathBuf>,
    /// The groups that the jobs' processes are in.
    pub(crate) tasks: Vec<Task>,
}

/// A group of processes of a job.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) group: Group,
    pub(crate) node: Option<String>,
    pub(crate) job: Arc<JobGroup>,
}

impl Reader {
    /// Finds and reads all jobs.
    pub(crate) fn read(&mut self, roots: &Paths) -> io::Result<Seen> {
        let mut seen = Seen { pass: Pass::default(), dirs: Vec::new(), tasks: Vec::new() };
        let mut present = HashMap::new();
        for slurmd in jobcgroup::find(&roots.cgroupfs)? {
            let sample = self.read_slurmd(&slurmd, roots, &mut seen)?;
            for job in &sample.jobs {
                let identity = Identity { id: job.id, uid: job.uid };
                present.insert((slurmd.node.clone(), job.name.clone()), identity);
            }
            seen.pass.slurmds.push(sample);
        }
        self.identities = present;
        Ok(seen)
    }

    fn read_slurmd(
        &mut self,
        slurmd: &Slurmd,
        roots: &Paths,
        seen: &mut Seen,
    ) -> io::Result<SlurmdSample> {
        // Before the jobs: what they use meanwhile must not seem to be used by no job.
        let cpu = jobcgroup::read_cpu(&slurmd.group, &mut seen.pass.faults);
        seen.dirs.extend(dir(&slurmd.group));
        seen.dirs.extend(slurmd.users()?.iter().filter_map(|(_, user)| dir(user)));
        let mut jobs = Vec::new();
        for mut job in slurmd.jobs()? {
            job.find_steps()?;
            let identity = self.identify(slurmd.node.as_ref(), &job, roots);
            let job = Arc::new(job);
            watch_places(slurmd, &job, seen);
            let sample = read_job(&job, &mut seen.pass.faults);
            jobs.extend(sample.map(|sample| JobSample {
                id: identity.id,
                uid: identity.uid,
                ..sample
            }));
        }
        Ok(SlurmdSample { node: slurmd.node.clone(), cpu, jobs })
    }

    fn identify(&self, node: Option<&String>, job: &JobGroup, roots: &Paths) -> Identity {
        let known = self.identities.get(&(node.cloned(), job.name.clone()));
        let known = known.copied().unwrap_or_default();
        let id = match &job.name {
            JobName::Id(id) => Some(*id),
            JobName::Sluid(_) => known.id.or_else(|| jobcgroup::job_id(job, &roots.procfs)),
        };
        let uid = job.uid.or(known.uid).or_else(|| jobcgroup::uid_of(job, &roots.procfs));
        Identity { id, uid }
    }
}

/// Reads one job, the steps first, as they are removed first. `None` where it is gone.
pub(crate) fn read_job(job: &JobGroup, faults: &mut Faults) -> Option<JobSample> {
    let mut steps = Vec::new();
    for step in &job.steps {
        let tasks: Vec<&Group> = step.tasks.iter().collect();
        let reading = jobcgroup::read(&step.group, &tasks, faults);
        steps.extend(reading.map(|reading| StepSample { name: step.name.clone(), reading }));
    }
    let reading = jobcgroup::read(&job.group, &job.below(), faults)?;
    Some(JobSample { name: job.name.clone(), id: None, uid: None, reading, steps })
}

/// Reads no more than the CPU time of one job and its steps, which takes some files less.
pub(crate) fn read_job_cpu(job: &JobGroup, faults: &mut Faults) -> JobSample {
    let mut cpu = |group: &Group| {
        let cpu = jobcgroup::read_cpu(group, faults);
        Reading { cpu, ..Reading::default() }
    };
    let step = |step: &StepGroup| StepSample { name: step.name.clone(), reading: cpu(&step.group) };
    let steps = job.steps.iter().map(step).collect();
    JobSample { name: job.name.clone(), id: None, uid: None, reading: cpu(&job.group), steps }
}

fn watch_places(slurmd: &Slurmd, job: &Arc<JobGroup>, seen: &mut Seen) {
    seen.dirs.extend(dir(&job.group));
    for step in &job.steps {
        // Where Slurm makes no groups for tasks, the processes are in the step's.
        let alone = std::slice::from_ref(&step.group);
        let groups = if step.tasks.is_empty() { alone } else { &step.tasks };
        seen.dirs.extend(step.between.iter().chain(&step.tasks).chain(alone).filter_map(dir));
        seen.tasks.extend(groups.iter().map(|group| Task {
            group: group.clone(),
            node: slurmd.node.clone(),
            job: Arc::clone(job),
        }));
    }
}

fn dir(group: &Group) -> Option<PathBuf> {
    group.dir().map(PathBuf::from)
}
