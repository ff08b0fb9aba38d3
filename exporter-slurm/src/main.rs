//! `edctl-exporter-slurm`: cluster-wide Slurm metrics, polled in the background and rendered from
//! the last good snapshot.

#![forbid(unsafe_code)]

mod asker;
mod backend;
mod board;
mod config;
mod counts;
#[cfg(test)]
mod odd_values;
mod page;
mod poller;
mod profile;
mod schedule;
mod service;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use edctl_daemon::{CommonFlags, Spec};

use crate::config::Config;
use crate::profile::Profile;
use crate::service::Exporter;

const SPEC: Spec = Spec {
    component: "exporter-slurm",
    binary: "edctl-exporter-slurm",
    about: "Cluster-wide Slurm metrics: nodes, jobs, slurmctld, from a background poll.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/exporter-slurm.toml",
    port: 9811,
};

/// Serves cluster-wide Slurm metrics to Prometheus
///
/// Asks slurmctld on a schedule of its own (by sdiag, sinfo, squeue, scontrol and sshare, by slurmrestd,
/// or for its own pages), so that what it costs does not depend on who scrapes; shows the last good answer
/// until that is too old.
#[derive(Debug, Parser)]
#[command(name = "edctl-exporter-slurm", version)]
struct Flags {
    #[command(flatten)]
    common: CommonFlags,

    /// Where Slurm's commands are
    #[arg(long = "slurm.bin-dir", value_name = "DIR")]
    bin_dir: Option<PathBuf>,

    /// Whose names /metrics shows; /metrics?profile=NAME chooses for one scrape
    #[arg(long = "slurm.profile", value_name = "NAME")]
    profile: Option<Profile>,
}

fn main() -> ExitCode {
    let Flags { common, bin_dir, profile } = edctl_daemon::parse();
    let apply = move |config: &mut Config| {
        if let Some(bin_dir) = &bin_dir {
            config.slurm.bin_dir.clone_from(bin_dir);
        }
        config.slurm.profile = profile.unwrap_or(config.slurm.profile);
    };
    edctl_daemon::main(&SPEC, &common, apply, Exporter::start)
}
