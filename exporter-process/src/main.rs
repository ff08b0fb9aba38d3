//! `edctl-exporter-process`: CPU, memory and counts of a node's processes, summed by name.

#![forbid(unsafe_code)]

mod comm;
mod config;
mod details;
mod exits;
mod groups;
mod jobs;
mod ledger;
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
    about: "Metrics of the node's processes, summed by name.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/exporter-process.toml",
    port: 9812,
};

/// Serves metrics of the node's processes, summed by name, to Prometheus
///
/// Serves process-exporter's names (namedprocess_*) at three system calls per process and scrape.
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
