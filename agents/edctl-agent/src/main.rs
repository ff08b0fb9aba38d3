//! `edctl-agent`: the node's metrics, the account of what Slurm runs here, and `status`.
#![forbid(unsafe_code)]

mod config;
mod directory;
mod hooks;
mod node;
mod reports;
mod service;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand};
use config::AgentConfig;
use edctl_daemon::{CommonFlags, PathFlags, Spec};
use edctl_nodemetrics::{ChoiceFlags, ListingFlags, OptionFlags};
use service::Agent;
use status::StatusFlags;

const SPEC: Spec = Spec {
    component: "agent",
    binary: "edctl-agent",
    about: "The node agent of edctl: node metrics and Slurm's hooks",
    version: env!("CARGO_PKG_VERSION"),
    config_file: "/etc/edctl/agent.toml",
    port: 9810,
};

/// The node agent of edctl: node metrics, Slurm's hooks, status
#[derive(Parser)]
#[command(
    name = "edctl-agent",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_flag = true
)]
struct Flags {
    #[command(subcommand)]
    command: Option<Command>,

    /// Print help
    // In one form: clap's long one would be two screens.
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the collectors' flags, which are node_exporter's, and exit
    #[arg(long)]
    help_collectors: bool,

    #[command(flatten)]
    run: RunFlags,
}

#[derive(Subcommand)]
enum Command {
    /// Run as the node's daemon; the same as no subcommand
    Run(Box<RunFlags>),
    /// Ask the running agent what it knows: jobs, hooks, spool, collectors
    Status(StatusFlags),
    /// List what the agent can collect, and what of it runs by default
    Collectors(ListingFlags),
}

#[derive(Args)]
#[command(mut_args(not_in_the_help))]
struct RunFlags {
    #[command(flatten)]
    common: CommonFlags,

    #[command(flatten)]
    path: PathFlags,

    #[command(flatten)]
    collectors: ChoiceFlags,

    #[command(flatten)]
    options: OptionFlags,

    /// Where hooks and `edctl-agent status` find the agent
    #[arg(long = "hooks.socket", value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Where the agent keeps its state and the hooks their spool
    #[arg(long = "state.directory", value_name = "DIR")]
    state: Option<PathBuf>,
}

impl RunFlags {
    fn apply(&self, config: &mut AgentConfig) {
        self.path.apply(&mut config.path);
        self.collectors.apply(&mut config.collectors);
        self.options.apply(&mut config.collector, &mut config.collectors);
        config.without_effect = self.options.without_effect();
        if let Some(socket) = &self.socket {
            config.hooks.socket.clone_from(socket);
        }
        if let Some(directory) = &self.state {
            config.state.directory.clone_from(directory);
        }
    }
}

/// The collectors' flags would be ten screens of help; the man page has all.
fn not_in_the_help(arg: Arg) -> Arg {
    let is_hidden = is_of_collectors(&arg);
    arg.hide_short_help(is_hidden).hide_long_help(is_hidden)
}

fn is_of_collectors(arg: &Arg) -> bool {
    arg.get_help_heading().is_some_and(|heading| heading.starts_with("Collectors"))
}

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

fn main() -> ExitCode {
    let flags: Flags = edctl_daemon::parse();
    if flags.help_collectors {
        print_collectors_help();
        return ExitCode::SUCCESS;
    }
    match flags.command {
        Some(Command::Status(flags)) => status::run(&flags),
        Some(Command::Collectors(flags)) => flags.run(),
        Some(Command::Run(flags)) => run(*flags),
        None => run(flags.run),
    }
}

fn run(flags: RunFlags) -> ExitCode {
    let common = flags.common.clone();
    edctl_daemon::main(&SPEC, &common, move |config| flags.apply(config), Agent::start)
}
