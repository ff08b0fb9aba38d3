use std::fs;
use std::process::{Child, Command};
use std::time::Instant;

use edctl_daemon::Paths;
use tempfile::TempDir;

use super::*;
use crate::jobs::reader::Reader;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const TASK: &str = "cpuacct/slurm/uid_1/job_7/step_0/task_0";

fn watch() -> (Watch, Bell) {
    let bell = Bell::new().unwrap();
    (Watch::new(bell.clone(), &mut Faults::default()), bell)
}

fn tree() -> (TempDir, Paths) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join(TASK)).unwrap();
    fs::write(root.path().join(TASK).join("cpuacct.stat"), "user 0\nsystem 0\n").unwrap();
    let roots = Paths { cgroupfs: root.path().into(), ..Paths::default() };
    (root, roots)
}

fn follow(watch: &mut Watch, roots: &Paths) -> bool {
    watch.follow(&Reader::default().read(roots).unwrap(), &mut Faults::default())
}

/// Waits until something happens.
fn woken(watch: &mut Watch) -> Woken {
    let until = Instant::now() + PATIENCE;
    loop {
        let woken = watch.wait(PATIENCE);
        if woken.rung || woken.changed || !woken.ended.is_empty() {
            return woken;
        }
        assert!(Instant::now() < until, "nothing happened");
    }
}

fn sleeper() -> Child {
    Command::new("sleep").arg("1000").spawn().unwrap()
}

#[test]
fn the_bell_ends_a_wait_once() {
    let (mut watch, bell) = watch();
    bell.ring();
    bell.ring();
    assert!(watch.wait(PATIENCE).rung);
    assert!(!watch.wait(Duration::ZERO).rung);
}

#[test]
fn groups_that_come_and_go_are_told_and_other_files_are_not() {
    let (root, roots) = tree();
    let (mut watch, _bell) = watch();
    assert!(follow(&mut watch, &roots), "all is new");
    assert!(!follow(&mut watch, &roots));

    let task = root.path().join(TASK);
    fs::write(task.join("cpuacct.stat"), "user 1\nsystem 0\n").unwrap();
    assert!(!watch.wait(Duration::ZERO).changed);
    fs::write(task.join("cgroup.procs"), "").unwrap();
    assert!(woken(&mut watch).changed);

    fs::remove_dir_all(&task).unwrap();
    assert!(woken(&mut watch).changed);
    while watch.wait(Duration::ZERO).changed {}
    fs::create_dir(&task).unwrap();
    assert!(woken(&mut watch).changed);
    assert!(follow(&mut watch, &roots), "the same name, but another directory");
}

#[test]
fn the_end_of_a_leader_is_told_once_and_the_next_one_leads() {
    let (root, roots) = tree();
    let (mut watch, _bell) = watch();
    let procs = root.path().join(TASK).join("cgroup.procs");
    let mut first = sleeper();
    let mut second = sleeper();
    fs::write(&procs, format!("{}\n{}\n", first.id(), second.id())).unwrap();
    follow(&mut watch, &roots);
    while watch.wait(Duration::ZERO).changed {}
    first.kill().unwrap();
    let woken = woken(&mut watch);
    assert_eq!(woken.ended.len(), 1);
    assert!(woken.ended[0].group.dir().unwrap().ends_with(TASK));

    // The kernel may still list it, as here.
    follow(&mut watch, &roots);
    assert!(watch.wait(Duration::ZERO).ended.is_empty());
    first.wait().unwrap();
    fs::write(&procs, format!("{}\n", second.id())).unwrap();
    follow(&mut watch, &roots);
    second.kill().unwrap();
    second.wait().unwrap();
    let ended = |watch: &mut Watch| !watch.wait(PATIENCE).ended.is_empty();
    let until = Instant::now() + PATIENCE;
    while !ended(&mut watch) {
        assert!(Instant::now() < until);
    }
}
