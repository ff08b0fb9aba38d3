//! What Slurm calls its directories.

/// Characters of a SLUID: `s` and 13 of base 32.
const SLUID_LENGTH: usize = 14;

/// A job's directory: `job_ID`, or its SLUID since Slurm 26.05.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobName {
    /// The job's number.
    Id(u32),
    /// The job's unique id, such as `s8FXKTA79XAR00`; the number must be found out.
    Sluid(String),
}

impl JobName {
    /// The job that a directory belongs to, if it is a job's.
    pub fn parse(directory: &str) -> Option<Self> {
        if let Some(id) = directory.strip_prefix("job_") {
            return decimal(id).map(JobName::Id);
        }
        let is_sluid = directory.len() == SLUID_LENGTH
            && directory.starts_with('s')
            && directory[1..].bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        is_sluid.then(|| JobName::Sluid(directory.to_owned()))
    }
}

/// The job whose control group a path leads into: `.../slurm/uid_1000/job_7/step_0` of v1,
/// `.../slurmstepd.scope/job_7/step_0` of v2.
pub fn job_on_path(path: &str) -> Option<JobName> {
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if v2_node(part).is_some() {
            return JobName::parse(parts.next()?);
        }
        if v1_node(part).is_some() && parts.peek().is_some_and(|part| uid(part).is_some()) {
            return JobName::parse(parts.nth(1)?);
        }
    }
    None
}

/// The node that a v1 directory is for: `Some(None)` in `slurm`, `Some(Some("w1"))` in `slurm_w1`.
pub(crate) fn v1_node(directory: &str) -> Option<Option<String>> {
    let rest = directory.strip_prefix("slurm")?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_prefix('_').filter(|node| !node.is_empty()).map(|node| Some(node.to_owned()))
}

/// As above, of a v2 directory: `slurmstepd.scope` or `w1_slurmstepd.scope`.
pub(crate) fn v2_node(directory: &str) -> Option<Option<String>> {
    let rest = directory.strip_suffix("slurmstepd.scope")?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_suffix('_').filter(|node| !node.is_empty()).map(|node| Some(node.to_owned()))
}

/// The user of `uid_UID`.
pub(crate) fn uid(directory: &str) -> Option<u32> {
    decimal(directory.strip_prefix("uid_")?)
}

/// The step of `step_STEP`: `batch`, `extern`, `interactive` or a number.
pub(crate) fn step(directory: &str) -> Option<&str> {
    directory.strip_prefix("step_").filter(|step| !step.is_empty())
}

/// Whether it is `task_TASK`; the tasks of the extern step are in `task_special`.
pub(crate) fn is_task(directory: &str) -> bool {
    directory.starts_with("task_")
}

fn decimal(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_by_both_names_and_nothing_else() {
        let sluid = "s8FXKTA79XAR00";
        for (directory, expected) in [
            ("job_7", Some(JobName::Id(7))),
            ("job_4294967295", Some(JobName::Id(u32::MAX))),
            (sluid, Some(JobName::Sluid(sluid.to_owned()))),
            ("job_", None),
            ("job_+7", None),
            ("job_4294967296", None),
            ("system", None),
            ("s8FXKTA79XAR0", None),
            ("s8fxkta79xar00", None),
            ("sä8FXKTA79XAR", None),
        ] {
            assert_eq!(JobName::parse(directory), expected, "{directory}");
        }
    }

    #[test]
    fn paths_lead_into_jobs_or_not() {
        let id = |id| Some(JobName::Id(id));
        for (path, expected) in [
            ("/slurm/uid_1000/job_7/step_batch/task_0", id(7)),
            ("/lab/w1/slurm_w1/uid_2000/job_12", id(12)),
            ("/system.slice/slurmstepd.scope/job_42/step_0/user/task_0", id(42)),
            ("/system.slice/w1_slurmstepd.scope/job_42", id(42)),
            (
                "/system.slice/slurmstepd.scope/s8FXKTA79XAR00/step_0",
                Some(JobName::Sluid("s8FXKTA79XAR00".to_owned())),
            ),
            ("/slurm/uid_1000", None),
            ("/slurm/system", None),
            ("/slurm/job_7", None),
            ("/system.slice/slurmstepd.scope", None),
            ("/system.slice/slurmstepd.scope/system", None),
            ("/user.slice/uid_1000/job_7", None),
            ("", None),
        ] {
            assert_eq!(job_on_path(path), expected, "{path}");
        }
    }

    #[test]
    fn the_directories_of_one_and_of_several_slurmd() {
        let w1 = || Some(Some("w1".to_owned()));
        for (directory, v1, v2) in [
            ("slurm", Some(None), None),
            ("slurm_w1", w1(), None),
            ("slurm_", None, None),
            ("slurmd.service", None, None),
            ("slurmstepd.scope", None, Some(None)),
            ("w1_slurmstepd.scope", None, w1()),
            ("myslurmstepd.scope", None, None),
        ] {
            assert_eq!((v1_node(directory), v2_node(directory)), (v1, v2), "{directory}");
        }
    }

    #[test]
    fn users_steps_and_tasks() {
        assert_eq!((uid("uid_2000"), uid("uid_x"), uid("2000")), (Some(2000), None, None));
        assert_eq!((step("step_batch"), step("step_"), step("user")), (Some("batch"), None, None));
        assert!(is_task("task_special") && !is_task("user"));
    }
}
