//! The flags that all daemons have; what is set here wins over the configuration files.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::config::Paths;
use crate::logging::{Format, Level};

/// Flags of every daemon.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CommonFlags {
    /// Configuration file; the *.toml files of the directory FILE.d (without .toml) are merged in
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Check the configuration and exit: 0 if it is valid, 2 if not
    #[arg(long)]
    pub check_config: bool,

    /// Print one page of metrics and exit
    #[arg(long)]
    pub once: bool,

    /// Address to serve on, such as 127.0.0.1:9810; may be given several times
    #[arg(
        long = "web.listen-address",
        value_name = "ADDRESS:PORT",
        value_parser = crate::address::parse_address
    )]
    pub listen_address: Vec<SocketAddr>,

    /// Where the metrics are, if not at /metrics
    #[arg(
        long = "web.telemetry-path",
        value_name = "PATH",
        value_parser = crate::address::parse_path
    )]
    pub telemetry_path: Option<String>,

    /// exporter-toolkit's web configuration file: TLS, passwords, headers; read again when it changes
    #[arg(
        long = "web.config.file",
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub web_config_file: Option<PathBuf>,

    /// Least severe level that is logged: error, warn, info, debug or trace
    #[arg(long = "log.level", value_name = "LEVEL", hide_possible_values = true)]
    pub log_level: Option<Level>,

    /// How it is logged: to the journal, as text or as json on stderr; auto is the journal where systemd
    /// started the daemon, else text
    #[arg(long = "log.format", value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: Option<Format>,
}

/// Flags of the daemons that read the kernel's files.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PathFlags {
    /// Where proc is mounted
    #[arg(long = "path.procfs", value_name = "DIR")]
    procfs: Option<PathBuf>,

    /// Where sysfs is mounted
    #[arg(long = "path.sysfs", value_name = "DIR")]
    sysfs: Option<PathBuf>,

    /// The root under which file systems are looked at
    #[arg(long = "path.rootfs", value_name = "DIR")]
    rootfs: Option<PathBuf>,

    /// Where the control groups are mounted
    #[arg(long = "path.cgroupfs", value_name = "DIR")]
    cgroupfs: Option<PathBuf>,

    /// Where udev keeps what it knows of devices
    #[arg(long = "path.udev.data", value_name = "DIR")]
    udev_data: Option<PathBuf>,
}

impl PathFlags {
    /// Replaces the roots that a flag names.
    pub fn apply(&self, paths: &mut Paths) {
        for (flag, path) in [
            (&self.procfs, &mut paths.procfs),
            (&self.sysfs, &mut paths.sysfs),
            (&self.rootfs, &mut paths.rootfs),
            (&self.cgroupfs, &mut paths.cgroupfs),
            (&self.udev_data, &mut paths.udev_data),
        ] {
            if let Some(flag) = flag {
                path.clone_from(flag);
            }
        }
    }
}
