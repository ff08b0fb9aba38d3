//! `edctl-exporter-slurm`: cluster-wide Slurm metrics, polled in the background and rendered from
//! the last good snapshot.

#![forbid(unsafe_code)]

mod asker;
mod backend;
mod board;
mod config;
mod counts;
mod flags;
#[cfg(test)]
mod odd_values;
mod page;
mod poller;
mod profile;
mod schedule;
mod service;
mod source;

use std::process::ExitCode;

use clap::Parser;
use edctl_daemon::Spec;

use crate::config::Config;
use crate::flags::Flags;
use crate::service::Exporter;

const SPEC: Spec = Spec {
    component: "exporter-slurm",
    binary: "edctl-exporter-slurm",
    about: "Cluster-wide Slurm metrics: nodes, jobs, slurmctld, from a background poll.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/exporter-slurm.toml",
    port: 9811,
};

fn main() -> ExitCode {
    let Flags { common, bin_dir, profile } = Flags::parse();
    let apply = move |config: &mut Config| {
        if let Some(bin_dir) = &bin_dir {
            config.slurm.bin_dir.clone_from(bin_dir);
        }
        config.slurm.profile = profile.unwrap_or(config.slurm.profile);
    };
    edctl_daemon::main(&SPEC, &common, apply, Exporter::start)
}
