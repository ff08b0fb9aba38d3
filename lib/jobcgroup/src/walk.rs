//! Finds the groups of Slurm's jobs, steps and tasks.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::group::{Group, Hierarchy, directories};
use crate::names::{self, JobName};

/// How deep slices stand in slices at most.
const SLICES_DEEP: usize = 8;

/// Where one slurmd keeps its jobs; there are several where it was built for several on a machine.
#[derive(Debug, Clone)]
pub struct Slurmd {
    /// The node's name in Slurm, where the directory has it.
    pub node: Option<String>,
    /// The group that all its jobs are in; what it counts stays when they end.
    pub group: Group,
}

/// A job on the node.
#[derive(Debug, Clone)]
pub struct JobGroup {
    /// What its directory is called.
    pub name: JobName,
    /// Its user, where the path says so (v1).
    pub uid: Option<u32>,
    /// Its group.
    pub group: Group,
    /// Its steps, by name.
    pub steps: Vec<StepGroup>,
}

/// A step of a job.
#[derive(Debug, Clone)]
pub struct StepGroup {
    /// `batch`, `extern`, `interactive` or a number.
    pub name: String,
    /// Its group.
    pub group: Group,
    /// The groups of its tasks.
    pub tasks: Vec<Group>,
    /// Further groups in which tasks appear: `user` under v2.
    pub between: Vec<Group>,
    /// The group of the slurmstepd that cares for the step (v2).
    pub stepd: Option<Group>,
}

/// Finds where slurmd keeps its jobs under the mount point of the control groups; none where no
/// slurmd does.
///
/// # Errors
/// Where a directory is there and cannot be listed.
pub fn find(root: &Path) -> io::Result<Vec<Slurmd>> {
    let mut found: BTreeMap<(bool, Option<String>), Group> = BTreeMap::new();
    let mut add = |v2: bool, node: Option<String>, group: Group| {
        found.entry((v2, node)).and_modify(|known| known.merge(group.clone())).or_insert(group);
    };
    for (top, path) in directories(root)? {
        if let Some(node) = names::v2_node(&top) {
            add(true, node, Group::of(Hierarchy::V2, path));
            continue;
        }
        for (name, child) in directories(&path)? {
            if let Some(node) = names::v1_node(&name) {
                add(false, node, Group::of(Hierarchy::V1(top.as_str().into()), child));
            } else if let Some(node) = names::v2_node(&name) {
                add(true, node, Group::of(Hierarchy::V2, child));
            } else if name.ends_with(".slice") {
                find_in_slice(&child, SLICES_DEEP, &mut |node, group| add(true, node, group))?;
            }
        }
    }
    Ok(found.into_iter().map(|((_, node), group)| Slurmd { node, group }).collect())
}

fn find_in_slice(
    slice: &Path,
    deep: usize,
    add: &mut dyn FnMut(Option<String>, Group),
) -> io::Result<()> {
    for (name, child) in directories(slice)? {
        if let Some(node) = names::v2_node(&name) {
            add(node, Group::of(Hierarchy::V2, child));
        } else if deep > 0 && name.ends_with(".slice") {
            find_in_slice(&child, deep - 1, add)?;
        }
    }
    Ok(())
}

impl Slurmd {
    /// Its users' groups, in which jobs appear (v1).
    ///
    /// # Errors
    /// As [`find`].
    pub fn users(&self) -> io::Result<Vec<(u32, Group)>> {
        let children = self.group.children()?;
        Ok(children
            .into_iter()
            .filter_map(|(name, group)| Some((names::uid(&name)?, group)))
            .collect())
    }

    /// Its jobs, without their steps.
    ///
    /// # Errors
    /// As [`find`].
    pub fn jobs(&self) -> io::Result<Vec<JobGroup>> {
        let mut jobs = jobs_in(&self.group, None)?;
        for (uid, user) in self.users()? {
            jobs.extend(jobs_in(&user, Some(uid))?);
        }
        Ok(jobs)
    }
}

fn jobs_in(group: &Group, uid: Option<u32>) -> io::Result<Vec<JobGroup>> {
    let children = group.children()?.into_iter();
    let job = |(name, group): (String, Group)| {
        let name = JobName::parse(&name)?;
        Some(JobGroup { name, uid, group, steps: Vec::new() })
    };
    Ok(children.filter_map(job).collect())
}

impl JobGroup {
    /// Finds the job's steps and tasks.
    ///
    /// # Errors
    /// As [`find`].
    pub fn find_steps(&mut self) -> io::Result<()> {
        self.steps.clear();
        for (name, group) in self.group.children()? {
            if let Some(step) = names::step(&name) {
                self.steps.push(StepGroup::find(step, group)?);
            }
        }
        Ok(())
    }

    /// The groups of its steps and of their tasks.
    pub fn below(&self) -> Vec<&Group> {
        let steps = self.steps.iter();
        steps.flat_map(|step| std::iter::once(&step.group).chain(&step.tasks)).collect()
    }
}

impl StepGroup {
    fn find(name: &str, group: Group) -> io::Result<Self> {
        let mut children = group.children()?;
        let stepd = children.remove("slurm");
        let mut between = Vec::new();
        if let Some(user) = children.remove("user") {
            children.extend(user.children()?);
            between.push(user);
        }
        let tasks = children.into_iter().filter(|(name, _)| names::is_task(name));
        let tasks = tasks.map(|(_, task)| task).collect();
        Ok(Self { name: name.to_owned(), group, tasks, between, stepd })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Every step of a tree of these directories as `NODE UID JOB STEP TASKS`.
    fn walk(directories: &[&str]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for directory in directories {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let mut found = Vec::new();
        for slurmd in find(root.path()).unwrap() {
            let node = slurmd.node.clone().unwrap_or("-".to_owned());
            for mut job in slurmd.jobs().unwrap() {
                job.find_steps().unwrap();
                let uid = job.uid.map_or("-".to_owned(), |uid| uid.to_string());
                let name = match &job.name {
                    JobName::Id(id) => id.to_string(),
                    JobName::Sluid(sluid) => sluid.clone(),
                };
                if job.steps.is_empty() {
                    found.push(format!("{node} {uid} {name}"));
                }
                for step in job.steps {
                    found.push(format!("{node} {uid} {name} {} {}", step.name, step.tasks.len()));
                }
            }
        }
        found
    }

    #[test]
    fn v1_in_all_its_hierarchies() {
        let found = walk(&[
            "cpu,cpuacct/slurm/uid_2000/job_7/step_batch/task_0",
            "memory/slurm/uid_2000/job_7/step_batch/task_0",
            "memory/slurm/uid_2000/job_7/step_0/task_0",
            "memory/slurm/uid_2000/job_7/step_0/task_1",
            "freezer/slurm/uid_2001/job_8",
            "memory/slurm/system",
            "memory/user.slice/uid_1/job_9",
        ]);
        assert_eq!(found, ["- 2000 7 0 2", "- 2000 7 batch 1", "- 2001 8"]);
    }

    #[test]
    fn v2_in_all_its_slices_and_by_sluid() {
        let scope = "system.slice/slurmstepd.scope";
        assert_eq!(
            walk(&[
                &format!("{scope}/job_7/step_extern/user/task_special"),
                &format!("{scope}/job_7/step_extern/slurm"),
                &format!("{scope}/job_8"),
                &format!("{scope}/s8FXKTA79XAR00/step_3/user/task_0"),
                &format!("{scope}/system"),
                "user.slice/user-1000.slice/job_9",
            ]),
            ["- - 7 extern 1", "- - 8", "- - s8FXKTA79XAR00 3 1"]
        );
        let custom = "hpc.slice/hpc-batch.slice/slurmstepd.scope/job_1/step_0/user/task_0";
        assert_eq!(walk(&[custom]), ["- - 1 0 1"]);
        assert_eq!(walk(&["slurmstepd.scope/job_2"]), ["- - 2"]);
    }

    #[test]
    fn several_slurmd_on_one_machine() {
        assert_eq!(
            walk(&[
                "memory/slurm_w1/uid_1/job_7",
                "cpuacct/slurm_w1/uid_1/job_7",
                "memory/slurm_w2/uid_1/job_7",
            ]),
            ["w1 1 7", "w2 1 7"]
        );
        assert_eq!(
            walk(&[
                "system.slice/w1_slurmstepd.scope/job_7",
                "system.slice/w2_slurmstepd.scope/job_8/step_batch/user/task_0",
            ]),
            ["w1 - 7", "w2 - 8 batch 1"]
        );
    }

    #[test]
    fn a_machine_without_slurm_and_one_whose_groups_cannot_be_listed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("system.slice/slurmd.service/job_7")).unwrap();
        assert_eq!(find(root.path()).unwrap().len(), 0);
        assert_eq!(find(&root.path().join("gone")).unwrap().len(), 0);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(find(file.path()).is_err());
    }
}
