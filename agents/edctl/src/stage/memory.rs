//! Whether the kernel killed something in our control group for lack of memory.

use std::fs;
use std::path::PathBuf;

const OWN_CGROUPS: &str = "/proc/self/cgroup";
const V1_MEMORY: &str = "/sys/fs/cgroup/memory";
const V2: &str = "/sys/fs/cgroup";

/// How many processes of our group the kernel killed so far; `None` where it does not say.
pub(crate) fn oom_kills() -> Option<u64> {
    let own = fs::read_to_string(OWN_CGROUPS).ok()?;
    let counters = fs::read_to_string(counter_file(&own)?).ok()?;
    parse_oom_kill(&counters)
}

/// The file with the counter: cgroup v1 where the memory controller is there, else v2.
fn counter_file(own: &str) -> Option<PathBuf> {
    let path_of = |wanted: &dyn Fn(&str) -> bool| {
        own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            wanted(controllers).then(|| path.trim_start_matches('/').to_owned())
        })
    };
    let v1 = path_of(&|controllers| controllers.split(',').any(|name| name == "memory"))
        .map(|path| PathBuf::from(V1_MEMORY).join(path).join("memory.oom_control"));
    let v2 =
        || path_of(&str::is_empty).map(|path| PathBuf::from(V2).join(path).join("memory.events"));
    v1.or_else(v2)
}

/// Both files have lines `name value`.
fn parse_oom_kill(counters: &str) -> Option<u64> {
    counters.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_hierarchies_are_known() {
        let v1 =
            "9:name=systemd:/x\n4:cpu,memory:/slurm_w1/uid_2000/job_7/step_batch/task_0\n0::/y\n";
        let file = counter_file(v1).unwrap();
        assert!(
            file.ends_with("memory/slurm_w1/uid_2000/job_7/step_batch/task_0/memory.oom_control")
        );
        let v2 = counter_file("0::/system.slice/slurmstepd.scope/job_7\n").unwrap();
        assert!(v2.ends_with("cgroup/system.slice/slurmstepd.scope/job_7/memory.events"));
        assert_eq!(counter_file("garbage"), None);
    }

    #[test]
    fn the_counter_is_read_or_absent() {
        let v1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
        assert_eq!(parse_oom_kill(v1), Some(2));
        assert_eq!(parse_oom_kill("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n"), Some(1));
        assert_eq!(parse_oom_kill("oom_kill_disable 0\nunder_oom 0\n"), None);
    }
}
