//! What the processes of a job say of it that its directories do not.

use std::fs;
use std::path::Path;

use crate::group::Group;
use crate::number::number;
use crate::parse::{lines, words};
use crate::walk::JobGroup;

/// Processes of one group that are asked; each of them knows.
const MOST_ASKED: usize = 4;

/// The job's number by the title of a slurmstepd of its steps, which anybody may read:
/// `slurmstepd: [7.batch]`. `proc` is where proc is mounted.
pub fn job_id(job: &JobGroup, proc: &Path) -> Option<u32> {
    let stepds = job.steps.iter().filter_map(|step| step.stepd.as_ref());
    first_of(stepds, |pid| title_job(&fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?))
}

/// The job's user by the tasks of its steps. The extern step is not asked, its process is root's.
pub fn uid_of(job: &JobGroup, proc: &Path) -> Option<u32> {
    let steps = job.steps.iter().filter(|step| step.name != "extern");
    first_of(steps.flat_map(|step| &step.tasks), |pid| {
        status_uid(&fs::read(proc.join(pid.to_string()).join("status")).ok()?)
    })
}

fn first_of<'a>(
    groups: impl Iterator<Item = &'a Group>,
    ask: impl Fn(u32) -> Option<u32>,
) -> Option<u32> {
    groups.flat_map(|group| group.pids(MOST_ASKED)).find_map(ask)
}

/// `slurmstepd: [7.batch]`; a part of a heterogeneous job is `[7+1.batch]`.
fn title_job(cmdline: &[u8]) -> Option<u32> {
    let rest = cmdline.strip_prefix(b"slurmstepd: [")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !matches!(rest.get(digits), Some(b'.' | b'+')) {
        return None;
    }
    u32::try_from(number(&rest[..digits])?).ok()
}

fn status_uid(status: &[u8]) -> Option<u32> {
    let line = lines(status).find_map(|line| line.strip_prefix(b"Uid:"))?;
    u32::try_from(number(words(line).next()?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::find;

    #[test]
    fn titles() {
        for (cmdline, expected) in [
            (&b"slurmstepd: [7.batch]\0\0"[..], Some(7)),
            (b"slurmstepd: [7.0]", Some(7)),
            (b"slurmstepd: [12+1.extern]", Some(12)),
            (b"slurmstepd: [7", None),
            (b"slurmstepd: [.batch]", None),
            (b"slurmstepd: [99999999999.0]", None),
            (b"/usr/sbin/slurmstepd\0infinity", None),
            (b"", None),
        ] {
            assert_eq!(title_job(cmdline), expected, "{}", String::from_utf8_lossy(cmdline));
        }
    }

    #[test]
    fn a_sluid_job_tells_its_number_and_its_user() {
        let root = tempfile::tempdir().unwrap();
        let cgroup = root.path().join("cgroup");
        let job = cgroup.join("system.slice/slurmstepd.scope/s8FXKTA79XAR00");
        for (group, pid) in [
            ("step_extern/slurm", "30\n"),
            ("step_extern/user/task_special", "31\n"),
            ("step_batch/slurm", "40\n"),
            ("step_batch/user/task_0", "41\n"),
        ] {
            fs::create_dir_all(job.join(group)).unwrap();
            fs::write(job.join(group).join("cgroup.procs"), pid).unwrap();
        }
        let proc = root.path().join("proc");
        let mut found = find(&cgroup).unwrap()[0].jobs().unwrap().remove(0);
        found.find_steps().unwrap();
        assert_eq!((job_id(&found, &proc), uid_of(&found, &proc)), (None, None));

        for pid in ["31", "40", "41"] {
            fs::create_dir_all(proc.join(pid)).unwrap();
        }
        fs::write(proc.join("31/status"), "Name:\tsleep\nUid:\t0\t0\t0\t0\n").unwrap();
        fs::write(proc.join("40/cmdline"), "slurmstepd: [7.batch]\0").unwrap();
        // A process may be named in Latin-1.
        fs::write(proc.join("41/status"), b"Name:\ts\xfc\nUid:\t2000\t0\t0\t0\n").unwrap();
        assert_eq!((job_id(&found, &proc), uid_of(&found, &proc)), (Some(7), Some(2000)));
    }
}
