//! What the collector filesystem can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::{Filter, check_regex};
use crate::reading::mounts::Mount;

/// Which mounts are shown, as regular expressions; the defaults are node_exporter's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FilesystemOptions {
    pub(crate) mount_points_include: String,
    pub(crate) mount_points_exclude: String,
    /// Types of file systems.
    pub(crate) fs_types_include: String,
    pub(crate) fs_types_exclude: String,
}

impl Default for FilesystemOptions {
    fn default() -> Self {
        Self {
            mount_points_include: String::new(),
            mount_points_exclude: concat!(
                "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|",
                "var/lib/containers/storage/.+)($|/)",
            )
            .to_owned(),
            fs_types_include: String::new(),
            fs_types_exclude: concat!(
                "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|",
                "hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|",
                "selinuxfs|squashfs|erofs|sysfs|tracefs)$",
            )
            .to_owned(),
        }
    }
}

impl FilesystemOptions {
    /// What is wrong with an expression, if one is.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        for (key, expression) in [
            ("mount_points_include", &self.mount_points_include),
            ("mount_points_exclude", &self.mount_points_exclude),
            ("fs_types_include", &self.fs_types_include),
            ("fs_types_exclude", &self.fs_types_exclude),
        ] {
            check_regex(&format!("collector.filesystem.{key}"), expression)?;
        }
        Ok(())
    }

    /// A test for mounts that are shown.
    pub(crate) fn shown(&self) -> impl Fn(&Mount) -> bool + Send + 'static {
        let mount_points = Filter::new(&self.mount_points_include, &self.mount_points_exclude);
        let fs_types = Filter::new(&self.fs_types_include, &self.fs_types_exclude);
        move |mount| mount_points.shows(&mount.mount_point) && fs_types.shows(&mount.fs_type)
    }
}
