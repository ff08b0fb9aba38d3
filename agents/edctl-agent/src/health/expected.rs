//! How the node should be, from the inventory and never from what is there now: `expected.toml`, which
//! Ansible renders. What it does not name is not checked.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Expected {
    /// What has to be mounted.
    pub(crate) mount: Vec<Mount>,
    /// Where there has to be room; without any, /tmp and /var/tmp.
    pub(crate) space: Vec<Space>,
    /// The least memory that the kernel has to see, in bytes.
    pub(crate) memory_bytes: Option<u64>,
    /// How many CPUs have to be online.
    pub(crate) cpus: Option<u64>,
    /// Network devices that have to work.
    pub(crate) nic: Vec<Nic>,
    /// Ports of InfiniBand, RoCE or EFA that have to work.
    pub(crate) infiniband: Vec<Infiniband>,
    /// Users that the name service has to know.
    pub(crate) users: Vec<String>,
    /// Whether MUNGE has to make and read a credential.
    pub(crate) munge: bool,
    /// Files that have to be what the inventory made of them.
    pub(crate) file: Vec<File>,
    /// Debian packages that have to be installed.
    pub(crate) package: Vec<Package>,
    /// Controllers of control groups that slurmd needs.
    pub(crate) cgroup_controllers: Vec<String>,
    /// PCI devices that have to be there.
    pub(crate) pci: Vec<Pci>,
    /// Whether nobody's processes but Slurm's jobs' may run here: the least user id of those that are meant.
    pub(crate) strays_from_uid: Option<u32>,
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Mount {
    /// Where.
    pub(crate) path: PathBuf,
    /// The file system's type; without, any.
    pub(crate) fs_type: Option<String>,
    /// What is mounted there, such as `ctl:/srv/home`; without, anything.
    pub(crate) source: Option<String>,
    /// Options that it has to have, such as `rw` or `nosuid`; without, `rw`.
    #[serde(default = "writable")]
    pub(crate) options: Vec<String>,
}

fn writable() -> Vec<String> {
    vec!["rw".to_owned()]
}

/// A place that needs room.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Space {
    /// A directory.
    pub(crate) path: PathBuf,
    /// The least share of the file system that users may still fill, and of its inodes that are free.
    #[serde(default = "five_percent")]
    pub(crate) min_free_ratio: f64,
}

fn five_percent() -> f64 {
    0.05
}

/// A network device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Nic {
    /// Its name.
    pub(crate) name: String,
    /// The least speed in Mbit/s.
    pub(crate) min_speed_mbps: Option<u64>,
}

/// A port of an RDMA device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Infiniband {
    /// The device, such as `mlx5_0`.
    pub(crate) device: String,
    /// The port.
    #[serde(default = "first")]
    pub(crate) port: u32,
    /// The least rate in Gbit/s.
    pub(crate) min_rate_gbps: Option<u64>,
}

fn first() -> u32 {
    1
}

/// A file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Where, such as `/etc/slurm/slurm.conf`.
    pub(crate) path: PathBuf,
    /// The SHA-256 of its content, in hexadecimal.
    pub(crate) sha256: String,
}

/// A Debian package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version; without, any.
    pub(crate) version: Option<String>,
}

/// PCI devices of one kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Pci {
    /// The vendor's number, such as `0x10de`.
    pub(crate) vendor: String,
    /// The device's number; without, any.
    pub(crate) device: Option<String>,
    /// How many there have to be.
    pub(crate) count: u64,
}

/// Why the expected state cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExpectedError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Parse { path: PathBuf, message: String },
}

impl Expected {
    /// Reads the file; where there is none, nothing is expected.
    pub(crate) fn read(path: &Path) -> Result<Self, ExpectedError> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| ExpectedError::Parse {
                path: path.to_owned(),
                message: error.to_string().trim_end().replace('\n', "; "),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ExpectedError::Read { path: path.to_owned(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_read_and_a_mistake_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("expected.toml");
        assert_eq!(Expected::read(&path).unwrap(), Expected::default());
        std::fs::write(
            &path,
            "cpus = 4\nmunge = true\n[[mount]]\npath = \"/home\"\nfs_type = \"nfs4\"\n\
             [[space]]\npath = \"/scratch\"\n[[nic]]\nname = \"eth0\"\n",
        )
        .unwrap();
        let expected = Expected::read(&path).unwrap();
        assert_eq!((expected.cpus, expected.munge), (Some(4), true));
        assert_eq!(expected.mount[0].options, ["rw"]);
        assert_eq!(expected.space[0].min_free_ratio, 0.05);
        std::fs::write(&path, "cpus = 4\nmonut = 1\n").unwrap();
        let error = Expected::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("monut"), "{error}");
    }
}
