//! `edctl-exporter-process`: what a node's processes use, summed in groups, and its Slurm jobs.

#![forbid(unsafe_code)]

mod comm;
mod config;
mod details;
mod exits;
mod flags;
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

use std::process::ExitCode;

use clap::Parser;
use edctl_daemon::Spec;

use crate::config::Config;
use crate::flags::Flags;
use crate::service::Exporter;

const SPEC: Spec = Spec {
    component: "exporter-process",
    binary: "edctl-exporter-process",
    about: "Metrics of the node's processes, summed in groups, and of its Slurm jobs.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/exporter-process.toml",
    port: 9812,
};

fn main() -> ExitCode {
    let Flags { common, paths, process_exporter_config } = Flags::parse();
    let apply = move |config: &mut Config| {
        paths.apply(&mut config.path);
        if process_exporter_config.is_some() {
            config.naming.process_exporter_config.clone_from(&process_exporter_config);
        }
    };
    edctl_daemon::main(&SPEC, &common, apply, Exporter::start)
}
