//! `edctl-agent`: the node's metrics, the account of what Slurm runs here, and `status`.
#![forbid(unsafe_code)]

mod checks;
mod config;
mod directory;
mod exit;
mod flags;
mod health;
mod hooks;
mod jobs;
mod node;
mod ready;
mod reports;
#[cfg(test)]
mod schemas;
mod service;
mod status;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use config::AgentConfig;
use edctl_daemon::Spec;
use flags::{Command, Flags, RunFlags, is_of_collectors};
use service::Agent;

const SPEC: Spec = Spec {
    component: "agent",
    binary: "edctl-agent",
    about: "The node agent of edctl: node metrics and Slurm's hooks",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/agent.toml",
    port: 9810,
};

fn print_collectors_help() {
    let flags = Flags::command();
    let shown = flags.get_arguments().filter(|arg| is_of_collectors(arg)).cloned();
    let shown = shown.map(|arg| arg.hide_short_help(false));
    let mut help = clap::Command::new("edctl-agent")
        .override_usage("edctl-agent [--collector.NAME | --no-collector.NAME | --collector.NAME.OPTION <VALUE>]...")
        .disable_help_flag(true)
        .args(shown);
    print!("{}", help.render_help());
}

/// Puts the flags over the configuration.
fn apply(flags: &RunFlags, config: &mut AgentConfig) {
    flags.path.apply(&mut config.path);
    flags.collectors.apply(&mut config.collectors);
    flags.options.apply(&mut config.collector, &mut config.collectors);
    config.without_effect = flags.options.without_effect();
    if let Some(socket) = &flags.socket {
        config.hooks.socket.clone_from(socket);
    }
    if let Some(directory) = &flags.state {
        config.state.directory.clone_from(directory);
    }
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    if flags.help_collectors {
        print_collectors_help();
        return ExitCode::SUCCESS;
    }
    match flags.command {
        Some(Command::Status(flags)) => status::run(&flags),
        Some(Command::Collectors(flags)) => flags.run(),
        Some(Command::Jobs(flags)) => jobs::run(&flags),
        Some(Command::Checks(flags)) => checks::run(&flags),
        Some(Command::Diff(flags)) => checks::diff(&flags),
        Some(Command::WaitReady(flags)) => ready::wait(&flags),
        Some(Command::Run(flags)) => run(*flags),
        None => run(flags.run),
    }
}

fn run(flags: RunFlags) -> ExitCode {
    let common = flags.common.clone();
    edctl_daemon::main(&SPEC, &common, move |config| apply(&flags, config), Agent::start)
}
