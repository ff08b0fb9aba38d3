//! The command line. It needs no other file of this crate, so that `packaging/pages` can make the man page and
//! the completions of it.

use std::path::PathBuf;

use clap::Parser;
use edctl_daemon::{CommonFlags, PathFlags};

/// Serves metrics of the node's processes, summed in groups, and of its Slurm jobs to Prometheus
///
/// Serves process-exporter's names (namedprocess_*), by its configuration file, at three system calls
/// per process and scrape. Runs without any capability, and then says what is absent. With
/// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH it reads IO, open files and programs of all users; with
/// CAP_NET_ADMIN the kernel tells it what each process had used at its end, however short it was: see
/// /usr/share/doc/edctl-exporter-process/examples/exit-records.conf.
#[derive(Debug, Parser)]
#[command(name = "edctl-exporter-process", version)]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) common: CommonFlags,

    #[command(flatten)]
    pub(crate) paths: PathFlags,

    /// process-exporter's configuration file, which says what groups there are
    #[arg(long = "config.path", value_name = "FILE")]
    pub(crate) process_exporter_config: Option<PathBuf>,
}
