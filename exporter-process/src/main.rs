//! `edctl-exporter-process`: what a node's processes use, summed in groups, and its Slurm jobs.

#![forbid(unsafe_code)]

mod comm;
mod config;
mod details;
mod exits;
mod groups;
mod jobs;
mod ledger;
mod left_out;
mod naming;
mod page;
mod placing;
mod procfs;
mod remainder;
mod scan;
mod service;
mod slow;
mod smaps;
mod stat;
mod sum;
mod threads;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use edctl_daemon::{CommonFlags, PathFlags, Spec};

use crate::config::Config;
use crate::service::Exporter;

const SPEC: Spec = Spec {
    component: "exporter-process",
    binary: "edctl-exporter-process",
    about: "Metrics of the node's processes, summed in groups, and of its Slurm jobs.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/exporter-process.toml",
    port: 9812,
};

/// Serves metrics of the node's processes, summed in groups, and of its Slurm jobs to Prometheus
///
/// Serves process-exporter's names (namedprocess_*), by its configuration file, at three system calls
/// per process and scrape. Runs without any capability, and then says what is absent. With
/// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH it reads IO, open files and programs of all users; with
/// CAP_NET_ADMIN the kernel tells it what each process had used at its end, however short it was: see
/// /usr/share/doc/edctl-exporter-process/examples/exit-records.conf.
#[derive(Debug, Parser)]
#[command(name = "edctl-exporter-process", version)]
struct Flags {
    #[command(flatten)]
    common: CommonFlags,

    #[command(flatten)]
    paths: PathFlags,

    /// process-exporter's configuration file, which says what groups there are
    #[arg(long = "config.path", value_name = "FILE")]
    process_exporter_config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Flags { common, paths, process_exporter_config } = edctl_daemon::parse();
    let apply = move |config: &mut Config| {
        paths.apply(&mut config.path);
        if process_exporter_config.is_some() {
            config.naming.process_exporter_config.clone_from(&process_exporter_config);
        }
    };
    edctl_daemon::main(&SPEC, &common, apply, Exporter::start)
}
