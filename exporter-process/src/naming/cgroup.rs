//! Where in the control groups a process is: its systemd unit and its Slurm job.

use edctl_jobcgroup::{JobName, job_on_path};

/// The kinds of units that hold processes themselves; a slice only holds units.
const UNIT_KINDS: [&[u8]; 5] = [b".service", b".scope", b".socket", b".mount", b".swap"];

/// What a process's `cgroup` file says, cgroup v1 and v2 alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placement<'a> {
    /// The path in each hierarchy, in the file's order.
    pub(super) paths: Vec<&'a [u8]>,
    /// The system's unit: `user@1000.service` for what a user's own manager runs.
    pub(super) unit: Option<&'a [u8]>,
    /// The job's number, or its SLUID where Slurm names the directory by that.
    pub(super) job: Option<String>,
}

impl<'a> Placement<'a> {
    /// Reads the file's content: lines of `hierarchy:controllers:path`. Other lines are left out.
    pub(super) fn of(cgroups: &'a [u8]) -> Self {
        let lines: Vec<Line<'_>> = cgroups.split(|b| *b == b'\n').filter_map(Line::parse).collect();
        // systemd keeps units in a hierarchy of its own on v1, in the unified one on v2.
        let of_systemd = lines
            .iter()
            .find(|line| line.controllers == b"name=systemd")
            .or_else(|| lines.iter().find(|line| line.controllers.is_empty()));
        Self {
            unit: of_systemd.and_then(|line| unit(line.path)),
            job: lines.iter().find_map(|line| job(line.path)),
            paths: lines.iter().map(|line| line.path).collect(),
        }
    }
}

struct Line<'a> {
    controllers: &'a [u8],
    path: &'a [u8],
}

impl<'a> Line<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(3, |b| *b == b':');
        let (_hierarchy, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { controllers, path })
    }
}

/// The outermost unit on a path.
fn unit(path: &[u8]) -> Option<&[u8]> {
    let part = path.split(|b| *b == b'/').find(|part| {
        UNIT_KINDS.iter().any(|kind| part.len() > kind.len() && part.ends_with(kind))
    })?;
    // systemd escapes a name that could be taken for a file of the kernel's by an underscore.
    Some(part.strip_prefix(b"_").unwrap_or(part))
}

/// The Slurm job on a path, as its directory names it.
fn job(path: &[u8]) -> Option<String> {
    match job_on_path(str::from_utf8(path).ok()?)? {
        JobName::Id(id) => Some(id.to_string()),
        JobName::Sluid(sluid) => Some(sluid),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(cgroups: &str) -> (Option<String>, Option<String>) {
        let placement = Placement::of(cgroups.as_bytes());
        let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
        (text(placement.unit), placement.job)
    }

    #[test]
    fn units_and_jobs_of_both_versions() {
        for (cgroups, unit, job) in [
            ("0::/system.slice/ssh.service\n", Some("ssh.service"), None),
            ("0::/init.scope\n", Some("init.scope"), None),
            ("0::/user.slice/user-1000.slice/session-3.scope\n", Some("session-3.scope"), None),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service\n",
                Some("user@1000.service"),
                None,
            ),
            ("0::/system.slice/_memory.service\n", Some("memory.service"), None),
            ("0::/system.slice/getty.slice/a b.service/x\n", Some("a b.service"), None),
            (
                "9:memory:/a.service\n1:name=systemd:/b.service\n0::/c.service\n",
                Some("b.service"),
                None,
            ),
            (
                "0::/system.slice/slurmstepd.scope/job_42/step_batch/user/task_0\n",
                Some("slurmstepd.scope"),
                Some("42"),
            ),
            (
                "0::/system.slice/w1_slurmstepd.scope/job_7/step_0/user/task_special\n",
                Some("w1_slurmstepd.scope"),
                Some("7"),
            ),
            (
                "0::/system.slice/slurmstepd.scope/s8FXKTA79XAR00/step_batch\n",
                Some("slurmstepd.scope"),
                Some("s8FXKTA79XAR00"),
            ),
            (
                "5:memory:/slurm_w1/uid_1000/job_12/step_0/task_0\n1:name=systemd:/system.slice/slurmd.service\n",
                Some("slurmd.service"),
                Some("12"),
            ),
            ("5:cpuset:/slurm/uid_0/job_9\n", None, Some("9")),
            ("5:cpuset:/slurm/uid_0/s8FXKTA79XAR0Z\n", None, Some("s8FXKTA79XAR0Z")),
        ] {
            let expected = (unit.map(str::to_owned), job.map(str::to_owned));
            assert_eq!(found(cgroups), expected, "{cgroups}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for cgroups in [
            "",
            "\n\n",
            "0:/a.service",
            "garbage",
            "0::/",
            "0::/system.slice\n",
            "0::/.service\n",
            "3:memory:/docker/job_1\n",
            "0::/home.slice/job_1/slurmstepd.scope\n".strip_suffix("slurmstepd.scope\n").unwrap(),
            "5:memory:/slurm/uid_x/job_1\n",
            "5:memory:/slurm/uid_1/job_\n",
            "5:memory:/slurm/uid_1/job_1a\n",
            "5:memory:/slurm/uid_1/s8FXKTA79XAR\n",
            "5:memory:/slurm/uid_1/system\n",
            "5:memory:/slurm/uid_1/s8fxkta79xar00\n",
            "5:memory:/slurm/uid_1/s8FXKTA79XAR0000\n",
        ] {
            assert_eq!(found(cgroups), (None, None), "{cgroups}");
        }
        assert_eq!(found("0::/notslurmstepd.scope/job_1\n").1, None);
        assert_eq!(found("0::/slurmstepd.scope/system\n").1, None);
    }

    #[test]
    fn the_paths_keep_their_order() {
        let placement = Placement::of(b"2:cpu:/b:c\n1:name=systemd:/a\n0::/\n");
        assert_eq!(placement.paths, [&b"/b:c"[..], b"/a", b"/"]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Placement::of(&bytes);
        }
    }
}
