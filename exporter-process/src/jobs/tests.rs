use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edctl_exposition::{Format, Value, render};
use tempfile::TempDir;

use super::store::{Moment, Store};
use super::*;

#[path = "odd_tests.rs"]
mod odd;

/// Roots of our own making, and a store that takes a pass each second.
struct Node {
    root: TempDir,
    reader: Reader,
    store: Store,
    start: Instant,
    passes: u64,
}

impl Node {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            reader: Reader::default(),
            store: Store::default(),
            start: Instant::now(),
            passes: 0,
        }
    }

    fn roots(&self) -> Paths {
        let cgroupfs = self.root.path().join("cgroup");
        Paths { cgroupfs, procfs: self.root.path().join("proc"), ..Paths::default() }
    }

    fn cgroup(&self, dir: &str) -> PathBuf {
        self.root.path().join("cgroup").join(dir)
    }

    /// Writes files of a group, or of a process.
    fn write(&self, dir: &str, files: &[(&str, &str)]) {
        let dir = self.root.path().join(dir);
        fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            fs::write(dir.join(file), text).unwrap();
        }
    }

    fn sample(&mut self) {
        self.passes += 1;
        let moment = Moment {
            at: self.start + Duration::from_secs(self.passes),
            unix_secs: 1.7e9 + self.passes as f64,
            took: Duration::from_millis(250),
        };
        let seen = self.reader.read(&self.roots()).unwrap();
        self.store.take(seen.pass, moment, &Settings::default());
    }

    fn page(&self) -> Page {
        let mut page = Page::default();
        let now = self.start + Duration::from_secs(self.passes) + Duration::from_millis(500);
        page::render(&self.store, now, &mut page);
        jobstats::render(&self.store, &mut page);
        page.finish();
        assert_eq!(page.dropped().count(), 0);
        page
    }
}

/// The value of the series whose label values are these.
fn value(page: &Page, family: &str, labels: &[&str]) -> Option<Value> {
    let samples = &page.family(family)?.samples;
    let is_it = |labels_of: &[edctl_exposition::Label]| {
        labels_of.iter().map(|(_, value)| value.as_str()).eq(labels.iter().copied())
    };
    samples.iter().find(|sample| is_it(&sample.labels)).map(|sample| sample.value)
}

const CPU_STAT: &str = "usage_usec 4000000\nuser_usec 3000000\nsystem_usec 1000000\n\
                        nr_periods 9\nnr_throttled 3\nthrottled_usec 1500000\n";
const PRESSURE: &str = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n\
                        full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n";

/// A node of cgroup v2 with a job by its number, and one by its SLUID.
fn v2() -> Node {
    let node = Node::new();
    let scope = "cgroup/system.slice/slurmstepd.scope";
    node.write(
        scope,
        &[("cpu.stat", "usage_usec 100000000\nuser_usec 90000000\nsystem_usec 10000000\n")],
    );
    node.write(
        &format!("{scope}/job_7"),
        &[
            ("cpu.stat", CPU_STAT),
            ("cpuset.cpus.effective", "0-3\n"),
            ("memory.current", "1000\n"),
            ("memory.peak", "2000\n"),
            ("memory.max", "4096\n"),
            ("memory.stat", "anon 600\nfile 300\nshmem 50\n"),
            ("memory.events", "max 5\noom_kill 1\n"),
            ("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n"),
            ("pids.current", "5\n"),
            ("pids.max", "100\n"),
            ("cpu.pressure", PRESSURE),
            ("memory.pressure", PRESSURE),
            ("io.pressure", PRESSURE),
        ],
    );
    node.write(
        &format!("{scope}/job_7/step_batch"),
        &[
            ("cpu.stat", "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n"),
            ("memory.current", "900\n"),
            ("memory.stat", "anon 500\nfile 100\nshmem 0\n"),
            ("pids.current", "4\n"),
        ],
    );
    node.write(&format!("{scope}/job_7/step_batch/user/task_0"), &[("cgroup.procs", "71\n")]);
    node.write("proc/71", &[("status", "Uid:\t2000\t2000\t2000\t2000\n")]);
    let sluid = format!("{scope}/s8FXKTA79XAR00");
    node.write(
        &sluid,
        &[("cpu.stat", "usage_usec 2\nuser_usec 1\nsystem_usec 1\n"), ("memory.max", "max\n")],
    );
    node.write(&format!("{sluid}/step_extern/slurm"), &[("cgroup.procs", "80\n")]);
    node.write("proc/80", &[("cmdline", "slurmstepd: [8.extern]\0")]);
    node
}

#[test]
fn golden_page() {
    let mut node = v2();
    node.sample();
    fs::remove_dir_all(node.cgroup("system.slice/slurmstepd.scope/s8FXKTA79XAR00")).unwrap();
    node.sample();
    let text = render(&std::sync::Arc::new(node.page()), Format::Text).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-jobs.txt");
    edctl_testkit::assert_golden(golden, &text);
}

#[test]
fn v1_with_a_job_that_has_no_process() {
    let mut node = Node::new();
    let acct = "cgroup/cpu,cpuacct/slurm_w1";
    let stat = ("cpuacct.stat", "user 75\nsystem 25\n");
    node.write(acct, &[("cpuacct.usage", "9000000000\n"), stat]);
    let job = format!("{acct}/uid_2000/job_7");
    node.write(&job, &[("cpuacct.usage", "2000000000\n"), stat]);
    node.write("cgroup/memory/slurm_w1/uid_2000/job_7", &[("memory.usage_in_bytes", "4096\n")]);
    node.write("cgroup/memory/slurm_w1/uid_2001/job_8", &[("memory.usage_in_bytes", "0\n")]);
    node.sample();
    let page = node.page();
    let secs = |mode| value(&page, "edctl_job_cpu_seconds_total", &["7", mode]);
    assert_eq!((secs("user"), secs("system")), (Some(Value::F64(1.5)), Some(Value::F64(0.5))));
    let total = value(&page, "edctl_jobs_cpu_seconds_total", &["user"]);
    assert_eq!(total, Some(Value::F64(6.75)));
    assert_eq!(value(&page, "edctl_jobs_running", &[]), Some(Value::U64(2)));
    assert_eq!(value(&page, "edctl_job_info", &["8", "2001", "false"]), Some(Value::U64(1)));
    assert_eq!(value(&page, "edctl_job_cpu_seconds_total", &["8", "user"]), None);
    assert_eq!(value(&page, "cgroup_uid", &["7"]), Some(Value::U64(2000)));
    assert_eq!(page.errors().count(), 0);
}

#[test]
fn the_nodes_of_one_machine_are_told_apart() {
    let mut node = Node::new();
    for name in ["w1", "w2"] {
        let scope = format!("cgroup/hpc.slice/{name}_slurmstepd.scope");
        let stat = [("cpu.stat", "user_usec 1000000\nsystem_usec 0\n")];
        node.write(&scope, &stat);
        node.write(&format!("{scope}/job_7"), &stat);
    }
    node.sample();
    let page = node.page();
    for name in ["w1", "w2"] {
        let secs = value(&page, "edctl_job_cpu_seconds_total", &["7", name, "user"]);
        assert_eq!(secs, Some(Value::F64(1.0)));
        let secs = value(&page, "edctl_jobs_cpu_seconds_total", &["user", name]);
        assert_eq!(secs, Some(Value::F64(1.0)));
    }
}

#[test]
fn what_makes_no_sense_is_left_out_and_counted() {
    let mut node = v2();
    let job = "cgroup/system.slice/slurmstepd.scope/job_7";
    node.write(job, &[("cpu.stat", "user_usec -1\nsystem_usec 0\n"), ("memory.current", "x\n")]);
    fs::remove_dir_all(node.root.path().join("proc")).unwrap();
    node.sample();
    let page = node.page();
    assert_eq!(value(&page, "edctl_job_cpu_seconds_total", &["7", "user"]), None);
    assert_eq!(value(&page, "edctl_job_memory_bytes", &["7", "current"]), None);
    assert_eq!(value(&page, "edctl_job_memory_bytes", &["7", "anon"]), Some(Value::U64(600)));
    assert_eq!(value(&page, "edctl_job_info", &["7", "false"]), Some(Value::U64(1)), "no user");
    // The number of the other job cannot be found out without proc.
    let errors: Vec<_> = page.errors().collect();
    assert_eq!(errors, [("jobs", "no_jobid", 1)]);
    let faults: Vec<_> = node.store.take_faults().iter().collect();
    assert_eq!(faults, [("cpu.stat", "parse", 1), ("memory.current", "parse", 1)]);
}

#[test]
fn a_machine_without_slurm_says_nothing_and_one_with_it_serves_the_profiles_it_is_told() {
    let collect = |node: &Node, profiles: &[Profile]| {
        let settings = Settings { profiles: profiles.to_vec(), ..Settings::default() };
        let mut page = Page::default();
        Jobs::start(settings, node.roots(), Mode::Once).unwrap().collect(&mut page);
        page.finish();
        let has = |name| page.family(name).is_some();
        (has("edctl_job_info"), has("cgroup_uid"), page.errors().count())
    };
    let both = [Profile::Edctl, Profile::Jobstats];
    assert_eq!(collect(&Node::new(), &both), (false, false, 0));
    assert_eq!(collect(&v2(), &both), (true, true, 0));
    assert_eq!(collect(&v2(), &both[..1]), (true, false, 0));
    assert_eq!(collect(&v2(), &both[1..]), (false, true, 0));

    let node = Node::new();
    fs::write(node.root.path().join("cgroup"), "not a directory").unwrap();
    assert_eq!(collect(&node, &both), (false, false, 1));
}

#[test]
fn the_sampler_finds_a_job_takes_a_new_interval_hangs_and_ends() {
    let node = v2();
    let settings = Settings { sample_interval_secs: 3600.0, ..Settings::default() };
    let mut jobs = Jobs::start(settings.clone(), node.roots(), Mode::Serve).unwrap();
    let samples = |jobs: &Jobs| {
        let mut page = Page::default();
        jobs.collect(&mut page);
        match value(&page, "edctl_jobs_samples_total", &[]) {
            Some(Value::U64(samples)) => samples,
            _ => 0,
        }
    };
    let wait = |jobs: &Jobs, wanted: u64| {
        let until = Instant::now() + Duration::from_secs(60);
        while samples(jobs) < wanted {
            assert!(Instant::now() < until, "{} samples", samples(jobs));
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait(&jobs, 1);
    jobs.reload(Settings { sample_interval_secs: 0.05, ..settings }, node.roots());
    wait(&jobs, 5);

    // The sampler hangs in the kernel: the page has what there was, and does not wait.
    let file = node.cgroup("system.slice/slurmstepd.scope/job_7/memory.current");
    fs::remove_file(&file).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RWXU).unwrap();
    let before = samples(&jobs);
    // It opens the pipe to read, and this goes on only when it has.
    let pipe = fs::OpenOptions::new().write(true).open(&file).unwrap();
    assert!(samples(&jobs) >= before);
    let mut page = Page::default();
    jobs.collect(&mut page);
    let current = value(&page, "edctl_job_memory_bytes", &["7", "current"]);
    assert_eq!(current, Some(Value::U64(1000)));
    fs::remove_file(&file).unwrap();
    drop(pipe);
    wait(&jobs, before + 1);

    let shared = Arc::downgrade(&jobs.shared);
    drop(jobs);
    let until = Instant::now() + Duration::from_secs(60);
    while shared.strong_count() > 0 {
        assert!(Instant::now() < until, "the sampler did not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}
