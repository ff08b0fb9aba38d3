//! `node_filesystem_*`: how full each mounted file system is.

use crate::options::filesystem::FilesystemOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::KernelFile;
use crate::reading::mounts::Mount;
use crate::reading::statfs::{Answer, Prober};
use crate::reading::{left_out, mounts};

/// How long one file system may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// More mounts than a node should have: the first ones are shown, the others are an error.
const MOST_MOUNTS: usize = 4096;

pub(super) const ENTRY: Entry = Entry {
    name: "filesystem",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/self/mountinfo, statfs(2)",
    families: &[
        FamilyDoc::gauge(
            "node_filesystem_size_bytes",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_free_bytes",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_avail_bytes",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_files",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_files_free",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_readonly",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge(
            "node_filesystem_device_error",
            &["device", "mountpoint", "fstype", "device_error"],
        ),
        FamilyDoc::gauge("node_filesystem_mount_info", &["device", "major", "minor", "mountpoint"]),
        FamilyDoc::gauge(
            "edctl_agent_filesystem_stuck_seconds",
            &["device", "mountpoint", "fstype"],
        ),
    ],
    make: |host, options| Box::new(Filesystem::new(host, &options.filesystem)),
};

pub(super) struct Filesystem {
    file: KernelFile,
    rootfs: PathBuf,
    shown: Box<dyn Fn(&Mount) -> bool + Send>,
    prober: Prober,
}

impl Filesystem {
    pub(super) fn new(host: &Host, excludes: &FilesystemOptions) -> Self {
        Self {
            file: KernelFile::new(mountinfo(host)),
            rootfs: host.paths.rootfs.clone(),
            shown: Box::new(excludes.shown()),
            prober: Prober::new(host.capacity.clone(), PATIENCE),
        }
    }
}

impl Collector for Filesystem {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut mounts = mounts::parse(self.file.read()?)?;
        mounts.retain(|mount| (self.shown)(mount));
        if mounts.len() > MOST_MOUNTS {
            mounts.truncate(MOST_MOUNTS);
            let message = format!("more than {MOST_MOUNTS} mounts");
            left_out::note(CollectError::Other { reason: "limit", message });
        }
        let paths: Vec<PathBuf> =
            mounts.iter().map(|mount| under(&self.rootfs, &mount.path)).collect();
        let answers = self.prober.ask_all(&paths);
        Families::of(&mounts, &answers).add_to(page);
        Ok(())
    }
}

/// Our own mounts; those of the node's first process where its /proc is another's, as in a container, unless
/// that /proc hides processes.
fn mountinfo(host: &Host) -> PathBuf {
    let of_first = host.paths.procfs.join("1/mountinfo");
    let is_of_first = !host.is_where_we_run() && of_first.exists();
    if is_of_first { of_first } else { host.paths.procfs.join("self/mountinfo") }
}

fn under(rootfs: &Path, mount_point: &Path) -> PathBuf {
    rootfs.join(mount_point.strip_prefix("/").unwrap_or(mount_point))
}

struct Families {
    device_error: Family,
    readonly: Family,
    info: Family,
    stuck: Family,
    /// Size, free, available, files, free files.
    capacity: [Family; 5],
}

impl Families {
    fn of(mounts: &[Mount], answers: &[Answer]) -> Self {
        let mut families = Self::empty();
        for (mount, answer) in mounts.iter().zip(answers) {
            families.push(mount, answer);
        }
        families
    }

    fn empty() -> Self {
        Self {
            device_error: Family::gauge(
                "node_filesystem_device_error",
                "Whether the file system could not be asked for its capacity.",
            ),
            readonly: Family::gauge(
                "node_filesystem_readonly",
                "Whether the file system is mounted read-only.",
            ),
            info: Family::gauge("node_filesystem_mount_info", "What is mounted where."),
            stuck: Family::gauge(
                "edctl_agent_filesystem_stuck_seconds",
                "For how long a file system has not answered.",
            ),
            capacity: [
                ("node_filesystem_size_bytes", "Size of the file system."),
                ("node_filesystem_free_bytes", "Free space, with what is kept for root."),
                ("node_filesystem_avail_bytes", "Free space for ordinary users."),
                ("node_filesystem_files", "File nodes of the file system."),
                ("node_filesystem_files_free", "Free file nodes."),
            ]
            .map(|(name, help)| Family::gauge(name, help)),
        }
    }

    fn push(&mut self, mount: &Mount, answer: &Answer) {
        let error = match answer {
            Answer::Capacity(_) => String::new(),
            Answer::Error(error) => as_node_exporter_says(error),
            Answer::Stuck(_) => "no answer".to_owned(),
        };
        let labels = [
            ("device", mount.device.as_str()),
            ("mountpoint", &mount.mount_point),
            ("fstype", &mount.fs_type),
            ("device_error", &error),
        ];
        self.device_error.push(&labels, !error.is_empty());
        self.readonly.push(&labels, mount.read_only);
        self.info.push(
            &[
                ("device", &mount.device),
                ("major", &mount.major),
                ("minor", &mount.minor),
                ("mountpoint", &mount.mount_point),
            ],
            1u64,
        );
        match answer {
            Answer::Capacity(c) => {
                let values = [c.size_bytes, c.free_bytes, c.avail_bytes, c.files, c.files_free];
                for (family, value) in self.capacity.iter_mut().zip(values) {
                    family.push(&labels, value);
                }
            }
            Answer::Stuck(time) => self.stuck.push(&labels[..3], time.as_secs_f64()),
            Answer::Error(_) => {}
        }
    }

    fn add_to(self, page: &mut Page) {
        page.add(self.device_error);
        page.add(self.readonly);
        page.add(self.info);
        page.add(self.stuck);
        self.capacity.into_iter().for_each(|family| page.add(family));
    }
}

/// `Input/output error (os error 5)` is `input/output error` in node_exporter's label.
fn as_node_exporter_says(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::sysfs::tests::tree;

    #[test]
    fn whose_mounts_are_shown() {
        let own = Host::real(edctl_daemon::Paths::default());
        assert_eq!(mountinfo(&own), Path::new("/proc/self/mountinfo"));
        for (file, shown) in [("1/mountinfo", "1/mountinfo"), ("1/stat", "self/mountinfo")] {
            let dir = tree(&[(file, ""), ("self/mountinfo", "")]);
            let procfs = dir.path().to_owned();
            let host = Host::real(edctl_daemon::Paths { procfs, ..Default::default() });
            assert_eq!(mountinfo(&host), dir.path().join(shown));
        }
    }
}
