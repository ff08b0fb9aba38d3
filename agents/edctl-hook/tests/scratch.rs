//! A job's scratch directory, with a user who wants root to remove something else. Needs root, as the hooks have it.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const USER: u32 = 2000;

struct Node {
    dir: TempDir,
    base: PathBuf,
}

impl Node {
    /// Nothing where the tests do not run as root: then a hook makes no directory either.
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("scratch");
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let node = Self { dir, base };
        if fs::metadata(&node.base).unwrap().uid() != 0 {
            node.run("prolog_slurmd", USER);
            assert!(!node.job().exists());
            return None;
        }
        Some(node)
    }

    fn job(&self) -> PathBuf {
        self.base.join("job_42")
    }

    /// Runs the hook without an agent; it must end with 0.
    fn run(&self, context: &str, uid: u32) -> Output {
        let spool = self.dir.path().join("spool");
        fs::create_dir_all(&spool).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_slurm-hook"))
            .env_clear()
            .env("SLURM_SCRIPT_CONTEXT", context)
            .env("SLURM_JOB_ID", "42")
            .env("SLURM_JOB_UID", uid.to_string())
            .arg("--socket")
            .arg(self.dir.path().join("none.sock"))
            .arg("--spool")
            .arg(spool)
            .arg("--scratch")
            .arg(&self.base)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output
    }

    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.base).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_is_the_users_alone_until_the_job_ends() {
    let Some(node) = Node::new() else { return };
    for _ in 0..2 {
        node.run("prolog_slurmd", USER);
        let made = fs::metadata(node.job()).unwrap();
        assert_eq!((made.uid(), made.mode() & 0o7777), (USER, 0o700));
    }
    fs::create_dir_all(node.job().join("a/b/c")).unwrap();
    fs::write(node.job().join("a/b/file"), "x").unwrap();
    node.run("epilog_slurmd", USER);
    assert_eq!(node.left(), [""; 0]);
    // An epilog that comes twice, or without a prolog.
    assert!(!said(&node.run("epilog_slurmd", USER)).contains("scratch"));
}

#[test]
fn nothing_but_the_jobs_own_is_removed() {
    let Some(node) = Node::new() else { return };
    let victim = node.dir.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("precious"), "x").unwrap();
    node.run("prolog_slurmd", USER);
    symlink(&victim, node.job().join("link")).unwrap();
    symlink("..", node.job().join("up")).unwrap();
    fs::write(node.base.join("job_43"), "another job's").unwrap();
    let mut deep = node.job();
    for _ in 0..200 {
        deep = deep.join("d");
        fs::create_dir(&deep).unwrap();
    }
    symlink(victim.join("precious"), deep.join("link")).unwrap();
    node.run("epilog_slurmd", USER);
    assert_eq!(node.left(), ["job_43"]);
    assert_eq!(fs::read_to_string(victim.join("precious")).unwrap(), "x");
}

#[test]
fn what_stands_in_its_place_is_put_aside_and_not_followed() {
    let Some(node) = Node::new() else { return };
    let victim = node.dir.path().join("victim");
    fs::create_dir(&victim).unwrap();
    symlink(&victim, node.job()).unwrap();
    node.run("prolog_slurmd", USER);
    assert!(fs::symlink_metadata(node.job()).unwrap().is_dir());
    assert_eq!(fs::metadata(&victim).unwrap().uid(), 0, "the link's target has its owner");
    // The number of another user's job that left something.
    node.run("prolog_slurmd", USER + 1);
    assert_eq!(fs::metadata(node.job()).unwrap().uid(), USER + 1);
    node.run("epilog_slurmd", USER + 1);
    assert_eq!(node.left(), [""; 0]);
}

#[test]
fn what_cannot_be_removed_keeps_nothing_else_from_it() {
    let Some(node) = Node::new() else { return };
    // Another file system is not entered; nothing in it is touched.
    let mounted = node.base.join("gone_1_1");
    fs::create_dir(&mounted).unwrap();
    fs::create_dir(mounted.join("mount")).unwrap();
    let inside = |command: &str| Command::new("sh").arg("-c").arg(command).status().unwrap();
    let place = mounted.join("mount");
    let place = place.display();
    assert!(inside(&format!("mount -t tmpfs none {place} && touch {place}/precious")).success());
    node.run("prolog_slurmd", USER);
    let output = node.run("epilog_slurmd", USER);
    let is_there = mounted.join("mount/precious").exists();
    let left = node.left();
    assert!(inside(&format!("umount {place}")).success());
    assert!(is_there && said(&output).contains("cannot remove a directory"), "{output:?}");
    assert_eq!(left, ["gone_1_1"]);
}

#[test]
fn a_directory_that_is_not_roots_is_not_used() {
    let Some(node) = Node::new() else { return };
    let refuses = |node: &Node| {
        let output = node.run("prolog_slurmd", USER);
        assert!(said(&output).contains("is not root's alone"), "{output:?}");
        assert!(!node.job().exists());
    };
    fs::set_permissions(&node.base, Permissions::from_mode(0o1777)).unwrap();
    refuses(&node);
    fs::set_permissions(&node.base, Permissions::from_mode(0o711)).unwrap();
    chown(&node.base, Some(USER), None).unwrap();
    refuses(&node);
    fs::remove_dir(&node.base).unwrap();
    assert!(!said(&node.run("prolog_slurmd", USER)).contains("scratch"), "nobody wants one");
}

#[test]
fn a_task_is_told_of_its_jobs_directory() {
    let Some(node) = Node::new() else { return };
    let told = |node: &Node| String::from_utf8(node.run("prolog_task", 0).stdout).unwrap();
    assert_eq!(told(&node), "");
    node.run("prolog_slurmd", USER);
    assert_eq!(told(&node), "", "it is another user's");
    // The task runs as root here, so that the directory has to be root's.
    node.run("prolog_slurmd", 0);
    let path: &Path = &node.job();
    let path = path.display();
    assert_eq!(told(&node), format!("export EDCTL_SCRATCH={path}\nexport TMPDIR={path}\n"));
}
