//! `edctl-drainer`: drains sick nodes and resumes healed ones, by the verdicts of their agents.

#![forbid(unsafe_code)]

mod agents;
mod answer;
mod brake;
mod cluster;
mod commands;
mod config;
mod families;
mod flags;
mod plan;
mod round;
mod runner;
#[cfg(test)]
mod schemas;
mod service;
mod slurm;
mod view;

use std::process::ExitCode;

use clap::Parser;
use edctl_daemon::Spec;

use crate::config::Config;
use crate::flags::{Flags, RunFlags};
use crate::service::Drainer;

const SPEC: Spec = Spec {
    component: "drainer",
    binary: "edctl-drainer",
    about: "Drains sick nodes and resumes healed ones, by the agents' verdicts.",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/drainer.toml",
    port: 9813,
};

fn main() -> ExitCode {
    let Flags { command, run } = Flags::parse();
    match command {
        Some(command) => commands::run(&command),
        None => serve(run),
    }
}

fn serve(flags: RunFlags) -> ExitCode {
    let RunFlags { common, bin_dir, mode } = flags;
    let apply = move |config: &mut Config| {
        if let Some(bin_dir) = &bin_dir {
            config.slurm.bin_dir.clone_from(bin_dir);
        }
        config.drainer.mode = mode.unwrap_or(config.drainer.mode);
    };
    edctl_daemon::main(&SPEC, &common, apply, Drainer::start)
}
