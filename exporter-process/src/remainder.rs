//! What the node's control group has used and no group of processes was charged with: kernel threads,
//! interrupts, and processes of which nothing is known.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use edctl_jobcgroup::number;

/// Names of cgroup v1's hierarchy that counts CPU time.
const V1_HIERARCHIES: [&str; 2] = ["cpuacct", "cpu,cpuacct"];
/// Where systemd keeps itself, in the group that encloses the whole node.
const INIT_SCOPE: &[u8] = b"init.scope";

/// The control group that encloses all that runs on the node.
#[derive(Debug)]
struct Enclosing {
    /// Its path in its hierarchy.
    name: String,
    file: PathBuf,
    read: Parse,
}

/// What the file says, in nanoseconds.
type Parse = fn(&[u8]) -> Option<u64>;

/// The CPU time of the enclosing control group beside what was charged.
#[derive(Debug)]
pub(crate) struct Remainder {
    enclosing: Option<Enclosing>,
    /// What the group had used when the counting began; absent until it says so.
    base_ns: Option<u64>,
    used_ns: u64,
    unattributed_ns: u64,
}

/// One reading, in nanoseconds since the counting began.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    pub(crate) cgroup: &'a str,
    pub(crate) used_ns: u64,
    pub(crate) unattributed_ns: u64,
}

impl Remainder {
    /// Begins to count where there is a control group that counts.
    pub(crate) fn start(procfs: &Path, cgroupfs: &Path) -> Self {
        let enclosing = locate(procfs, cgroupfs).filter(|enclosing| enclosing.file.exists());
        let base_ns = enclosing.as_ref().and_then(Enclosing::cpu_ns);
        Self { enclosing, base_ns, used_ns: 0, unattributed_ns: 0 }
    }

    /// Compares with what was charged since the counting began. `None` where no control group
    /// counts, an error where it cannot be read any more.
    pub(crate) fn read(&mut self, charged_ns: u64) -> Option<Result<Reading<'_>, ()>> {
        let enclosing = self.enclosing.as_ref()?;
        let Some(now_ns) = enclosing.cpu_ns() else { return Some(Err(())) };
        let base_ns = *self.base_ns.get_or_insert(now_ns);
        self.used_ns = self.used_ns.max(now_ns.saturating_sub(base_ns));
        let unattributed_ns = self.used_ns.saturating_sub(charged_ns);
        self.unattributed_ns = self.unattributed_ns.max(unattributed_ns);
        Some(Ok(Reading {
            cgroup: &enclosing.name,
            used_ns: self.used_ns,
            unattributed_ns: self.unattributed_ns,
        }))
    }
}

impl Enclosing {
    fn cpu_ns(&self) -> Option<u64> {
        (self.read)(&fs::read(&self.file).ok()?)
    }
}

fn locate(procfs: &Path, cgroupfs: &Path) -> Option<Enclosing> {
    let groups = fs::read(procfs.join("1/cgroup")).ok()?;
    let path_in = |wanted: &str| {
        groups.split(|b| *b == b'\n').find_map(|line| {
            let mut parts = line.splitn(3, |b| *b == b':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            let is_it = controllers.split(|b| *b == b',').any(|name| name == wanted.as_bytes());
            is_it.then(|| enclosing(path))
        })
    };
    let v1 = V1_HIERARCHIES.iter().map(|name| cgroupfs.join(name)).find(|path| path.is_dir());
    let (root, name, file, read): (_, _, _, Parse) = match v1 {
        Some(root) => (root, path_in("cpuacct")?, "cpuacct.usage", parse_usage),
        None => (cgroupfs.to_owned(), path_in("")?, "cpu.stat", parse_cpu_stat),
    };
    let relative = name.strip_prefix(b"/").unwrap_or(&name);
    let file = root.join(OsStr::from_bytes(relative)).join(file);
    Some(Enclosing { name: String::from_utf8_lossy(&name).into_owned(), file, read })
}

/// The group around systemd's own.
fn enclosing(of_pid_1: &[u8]) -> Vec<u8> {
    let parent = of_pid_1.strip_suffix(INIT_SCOPE).and_then(|path| path.strip_suffix(b"/"));
    match parent {
        Some(b"") => b"/".to_vec(),
        Some(parent) => parent.to_vec(),
        None => of_pid_1.to_vec(),
    }
}

/// `cpuacct.usage` of cgroup v1: nanoseconds.
fn parse_usage(content: &[u8]) -> Option<u64> {
    number(content.trim_ascii())
}

/// `cpu.stat` of cgroup v2: a line `usage_usec N`.
fn parse_cpu_stat(content: &[u8]) -> Option<u64> {
    let mut lines = content.split(|b| *b == b'\n');
    number(lines.find_map(|line| line.strip_prefix(b"usage_usec "))?)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(groups: &str, files: &[(&str, &str)]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            tree.write("proc/1/cgroup", groups);
            for (path, content) in files {
                tree.write(path, content);
            }
            tree
        }

        fn write(&self, path: &str, content: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        fn start(&self) -> Remainder {
            Remainder::start(&self.0.path().join("proc"), &self.0.path().join("cgroup"))
        }
    }

    #[test]
    fn what_was_not_charged_remains_and_never_shrinks() {
        let tree = Tree::new("0::/init.scope\n", &[("cgroup/cpu.stat", "usage_usec 500\n")]);
        let mut remainder = tree.start();
        tree.write("cgroup/cpu.stat", "usage_usec 1500\nuser_usec 1\n");
        for (charged_ns, unattributed_ns) in [(400_000, 600_000), (700_000, 600_000)] {
            let reading = Reading { cgroup: "/", used_ns: 1_000_000, unattributed_ns };
            assert_eq!(remainder.read(charged_ns), Some(Ok(reading)));
        }
        tree.write("cgroup/cpu.stat", "nothing\n");
        assert_eq!(remainder.read(0), Some(Err(())));
    }

    #[test]
    fn under_v1_and_in_a_container_the_nodes_own_group_counts() {
        let tree = Tree::new(
            "9:memory:/x\n2:cpu,cpuacct:/lab/w1/init.scope\n0::/\n",
            &[("cgroup/cpu,cpuacct/lab/w1/cpuacct.usage", "7\n")],
        );
        let reading = Reading { cgroup: "/lab/w1", used_ns: 0, unattributed_ns: 0 };
        assert_eq!(tree.start().read(0), Some(Ok(reading)));
    }

    #[test]
    fn without_a_group_that_counts_there_is_no_remainder() {
        assert_eq!(Tree::new("0::/\n", &[]).start().read(0), None);
        assert_eq!(Tree::new("", &[("cgroup/cpu.stat", "usage_usec 5\n")]).start().read(0), None);
    }

    #[test]
    fn an_odd_number_is_no_reading_and_spoils_no_later_one() {
        let tree = Tree::new("0::/\n", &[("cgroup/cpu.stat", "usage_usec -5\n")]);
        let mut remainder = tree.start();
        assert_eq!(remainder.read(0), Some(Err(())));
        for (usage_usec, used_ns) in [(500, 0), (700, 200_000)] {
            tree.write("cgroup/cpu.stat", &format!("usage_usec {usage_usec}\n"));
            let reading = Reading { cgroup: "/", used_ns, unattributed_ns: used_ns };
            assert_eq!(remainder.read(0), Some(Ok(reading)));
        }
    }
}
