//! One group over the hierarchies that it is in: several directories under v1, one under v2.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::number::number;
use crate::parse::lines;

/// The hierarchies whose directories stand first, because what watches a group watches there: the
/// processes of a job's tasks are moved into these.
const FIRST: [&str; 2] = ["cpuacct", "memory"];

/// A control group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    places: Vec<HierarchyDir>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct HierarchyDir {
    hierarchy: Hierarchy,
    dir: PathBuf,
}

/// What a directory's files are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hierarchy {
    /// Some controllers of v1, as the name of the mount point says: `cpu,cpuacct`.
    V1(Arc<str>),
    /// All of v2.
    V2,
}

impl Hierarchy {
    fn has(&self, controller: &str) -> bool {
        match self {
            Hierarchy::V1(controllers) => controllers.split(',').any(|name| name == controller),
            Hierarchy::V2 => true,
        }
    }

    fn rank(&self) -> usize {
        FIRST.iter().position(|name| self.has(name)).unwrap_or(FIRST.len())
    }
}

impl Group {
    pub(crate) fn of(hierarchy: Hierarchy, dir: PathBuf) -> Self {
        Self { places: vec![HierarchyDir { hierarchy, dir }] }
    }

    /// Adds the directories that the same group has in other hierarchies.
    pub(crate) fn merge(&mut self, other: Group) {
        self.places.extend(other.places);
        self.places.sort_by(|a, b| (a.hierarchy.rank(), &a.dir).cmp(&(b.hierarchy.rank(), &b.dir)));
    }

    /// The directory in which changes of the group are to be watched; `None` of a group without any.
    pub fn dir(&self) -> Option<&Path> {
        self.places.first().map(|place| place.dir.as_path())
    }

    pub(crate) fn is_v2(&self) -> bool {
        self.places.iter().any(|place| place.hierarchy == Hierarchy::V2)
    }

    /// Whether none of its directories is there any more.
    pub fn is_gone(&self) -> bool {
        self.places.iter().all(|place| !place.dir.is_dir())
    }

    /// Where a controller's file of this group is; `None` where Slurm does not use that controller.
    pub(crate) fn file(&self, controller: &str, name: &str) -> Option<PathBuf> {
        let place = self.places.iter().find(|place| place.hierarchy.has(controller))?;
        Some(place.dir.join(name))
    }

    /// The groups in it by the names of their directories.
    pub(crate) fn children(&self) -> io::Result<BTreeMap<String, Group>> {
        let mut children: BTreeMap<String, Group> = BTreeMap::new();
        for place in &self.places {
            for (name, dir) in directories(&place.dir)? {
                let child = Group::of(place.hierarchy.clone(), dir);
                match children.get_mut(&name) {
                    Some(known) => known.merge(child),
                    None => {
                        children.insert(name, child);
                    }
                }
            }
        }
        Ok(children)
    }

    /// The processes in the group itself, in the kernel's order, up to `most`; none where it is gone.
    pub fn pids(&self, most: usize) -> Vec<u32> {
        let Some(dir) = self.dir() else { return Vec::new() };
        let text = fs::read(dir.join("cgroup.procs")).unwrap_or_default();
        let pids = lines(&text).filter_map(|pid| u32::try_from(number(pid)?).ok());
        // A process of another PID namespace is listed as 0.
        pids.filter(|pid| *pid != 0).take(most).collect()
    }
}

/// The directories in `path`, links left out; none where it is gone meanwhile, as groups come and go.
pub(crate) fn directories(path: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
            }
            Ok(_) => {}
            Err(error) if is_gone(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether an error says that a group was removed: it is not found, or was while its file was open.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_several_hierarchies_is_one() {
        let root = tempfile::tempdir().unwrap();
        let mut group: Option<Group> = None;
        for controllers in ["memory", "freezer", "cpu,cpuacct"] {
            let dir = root.path().join(controllers).join("slurm");
            fs::create_dir_all(dir.join("uid_1")).unwrap();
            let place = Group::of(Hierarchy::V1(controllers.into()), dir);
            match &mut group {
                Some(group) => group.merge(place),
                None => group = Some(place),
            }
        }
        let group = group.unwrap();
        fs::write(root.path().join("cpu,cpuacct/slurm/cgroup.procs"), b"7\n0\n\xfc\n8\n9\n")
            .unwrap();
        assert!(group.dir().unwrap().ends_with("cpu,cpuacct/slurm"));
        assert_eq!(group.pids(2), [7, 8]);
        assert!(group.file("cpu", "cpu.stat").unwrap().ends_with("cpu,cpuacct/slurm/cpu.stat"));
        assert_eq!(group.file("pids", "pids.max"), None);

        let children = group.children().unwrap();
        assert_eq!(children.keys().collect::<Vec<_>>(), ["uid_1"]);
        assert_eq!(children["uid_1"].places.len(), 3);
        fs::remove_dir_all(root.path().join("memory")).unwrap();
        assert!(!children["uid_1"].is_gone());
        drop(root);
        assert!(children["uid_1"].is_gone() && group.pids(9).is_empty());
        assert_eq!(group.children().unwrap().len(), 0);
    }
}
