//! The exporter and the kernel's own control groups: what a job used up to its last moment is on the
//! page, though its groups are removed as soon as its process has ended, as slurmstepd does.

#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use edctl_testkit::Daemon;

const BINARY: &str = env!("CARGO_BIN_EXE_edctl-exporter-process");
const CGROUPS: &str = "/sys/fs/cgroup";
/// The first counts the CPU time.
const CONTROLLERS: [&str; 2] = ["cpuacct", "memory"];
/// One tick of the kernel's clock, in seconds.
const TICK: f64 = 0.01;
const JOBS: [u32; 3] = [4_000_000_001, 4_000_000_002, 4_000_000_003];

/// What slurmd makes on a machine of cgroup v1, removed with the test.
struct Slurmd {
    name: String,
}

impl Slurmd {
    fn make() -> std::io::Result<Self> {
        let slurmd = Self { name: format!("slurm_edctltest{}", std::process::id()) };
        for dir in slurmd.dirs("") {
            fs::create_dir(&dir)?;
        }
        Ok(slurmd)
    }

    /// The directories of a group, one in each hierarchy.
    fn dirs(&self, group: &str) -> Vec<PathBuf> {
        let dir =
            |controller: &&str| Path::new(CGROUPS).join(controller).join(&self.name).join(group);
        CONTROLLERS.iter().map(dir).collect()
    }

    fn make_job(&self, job: u32) {
        for task in self.dirs(&format!("uid_1000/job_{job}/step_0/task_0")) {
            fs::create_dir_all(task).unwrap();
        }
    }

    fn cpu_secs(&self, job: u32) -> f64 {
        let dir = self.dirs(&format!("uid_1000/job_{job}")).remove(0);
        let usage = fs::read_to_string(dir.join("cpuacct.usage")).unwrap();
        usage.trim().parse::<f64>().unwrap() / 1e9
    }

    /// Runs something busy as the task of a job, and removes all groups of the job when it has ended.
    /// Hands back the CPU time that the kernel had counted then.
    fn run(&self, job: u32, loops: u32) -> f64 {
        let procs: Vec<String> = self
            .dirs(&format!("uid_1000/job_{job}/step_0/task_0"))
            .iter()
            .map(|task| format!("echo $$ >{}/cgroup.procs", task.display()))
            .collect();
        let join = procs.join(" && ");
        let script = format!("{join} && i=0; while [ $i -lt {loops} ]; do i=$((i+1)); done");
        let status = Command::new("/bin/sh").args(["-c", &script]).status().unwrap();
        let used_secs = self.cpu_secs(job);
        for group in ["/step_0/task_0", "/step_0", "", "/.."] {
            for dir in self.dirs(&format!("uid_1000/job_{job}{group}")) {
                remove(&dir.components().collect::<PathBuf>());
            }
        }
        assert!(status.success());
        used_secs
    }
}

impl Drop for Slurmd {
    fn drop(&mut self) {
        for dir in self.dirs("") {
            remove_tree(&dir);
        }
    }
}

/// Removes a group; one whose process has just ended may be busy for a moment, and one in which
/// another job is stays.
fn remove(dir: &Path) {
    for _ in 0..100 {
        match fs::remove_dir(dir) {
            Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                std::thread::sleep(Duration::from_millis(1));
            }
            _ => return,
        }
    }
}

fn remove_tree(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    remove(dir);
}

fn exporter() -> Daemon {
    let config = tempfile::NamedTempFile::new().unwrap();
    Daemon::start(
        Command::new(BINARY)
            .args(["--web.listen-address", "127.0.0.1:0", "--log.format", "text", "--config"])
            .arg(config.path()),
    )
}

/// The page, once the job's info has this label.
fn page_with(exporter: &Daemon, job: u32, label: &str) -> String {
    let is_there = |line: &str| is_series(line, "edctl_job_info", job) && line.contains(label);
    exporter.until(|page| page.lines().any(is_there))
}

fn is_series(line: &str, family: &str, job: u32) -> bool {
    line.strip_prefix(family).is_some_and(|rest| rest.starts_with('{'))
        && line.contains(&format!("jobid=\"{job}\""))
}

/// The sum of a job's series of a family.
fn sum(page: &str, family: &str, job: u32) -> f64 {
    let series = page.lines().filter(|line| is_series(line, family, job));
    series.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

/// Says where it can be seen that nothing was tested, and fails in CI where it ought to have been.
fn skip(error: &std::io::Error) {
    let is_v1 = Path::new(CGROUPS).join(CONTROLLERS[0]).is_dir();
    let is_root = rustix::process::geteuid().is_root();
    let is_refused =
        matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied);
    let must = std::env::var("CI").is_ok_and(|ci| ci == "true") && is_v1 && is_root && !is_refused;
    assert!(!must, "cannot make control groups: {error}");
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIPPED: no control groups of cgroup v1 can be made here: {error}").unwrap();
}

#[test]
fn a_job_is_whole_though_its_groups_go_as_soon_as_it_ends() {
    let slurmd = match Slurmd::make() {
        Ok(slurmd) => slurmd,
        Err(error) => return skip(&error),
    };
    slurmd.make_job(JOBS[0]);
    let exporter = exporter();
    for (index, job) in JOBS.into_iter().enumerate() {
        page_with(&exporter, job, "ended=\"false\"");
        // The last one is over long before a turn of the sampler comes.
        let used_secs = slurmd.run(job, [200_000, 100_000, 20_000][index]);
        assert!(used_secs > 0.0);
        let page = page_with(&exporter, job, "ended=\"true\"");
        for family in ["edctl_job_cpu_seconds_total", "edctl_job_step_cpu_seconds_total"] {
            let seen_secs = sum(&page, family, job);
            let off_secs = (seen_secs - used_secs).abs();
            assert!(
                off_secs <= 0.02 * used_secs + TICK,
                "{family} of job {job} says {seen_secs} s, the kernel {used_secs} s:\n{page}"
            );
        }
        if let Some(next) = JOBS.get(index + 1) {
            slurmd.make_job(*next);
        }
    }
}
