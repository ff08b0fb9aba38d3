//! The command line. It stands in a file of its own, which needs no other of this crate, so that
//! `packaging/pages` can make the man page and the completions of it.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Parser, Subcommand, ValueEnum};
use edctl_daemon::{CommonFlags, PathFlags};
use edctl_nodemetrics::{ChoiceFlags, ListingFlags, OptionFlags};

/// The node agent of edctl: node metrics, Slurm's hooks, status
#[derive(Parser)]
#[command(
    name = "edctl-agent",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_flag = true
)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Print help
    // In one form: clap's long one would be two screens.
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the collectors' flags, which are node_exporter's, and exit
    #[arg(long)]
    pub(crate) help_collectors: bool,

    #[command(flatten)]
    pub(crate) run: RunFlags,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run as the node's daemon; the same as no subcommand
    Run(Box<RunFlags>),
    /// Ask the running agent what it knows: jobs, hooks, spool, collectors
    Status(StatusFlags),
    /// List the jobs that are on this node and the last that were; show one
    Jobs(JobsFlags),
    /// How the node's health checks stand; run them here and now; say what they mean
    Checks(ChecksFlags),
    /// Show where the node differs from the inventory's expected.toml, here and now
    Diff(DiffFlags),
    /// Wait until the node is not unfit any more; slurmd waits so at the boot
    WaitReady(WaitFlags),
    /// List what the agent can collect, and what of it runs by default
    Collectors(ListingFlags),
}

#[derive(Args)]
#[command(mut_args(not_in_the_help))]
pub(crate) struct RunFlags {
    #[command(flatten)]
    pub(crate) common: CommonFlags,

    #[command(flatten)]
    pub(crate) path: PathFlags,

    #[command(flatten)]
    pub(crate) collectors: ChoiceFlags,

    #[command(flatten)]
    pub(crate) options: OptionFlags,

    /// Where hooks and `edctl-agent status` find the agent
    #[arg(long = "hooks.socket", value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,

    /// Where the agent keeps its state and the hooks their spool
    #[arg(long = "state.directory", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

/// Flags of `edctl-agent status`.
#[derive(Args)]
pub(crate) struct StatusFlags {
    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,

    /// Show also the collectors that are well, and those that have nothing to read here
    #[arg(short, long)]
    pub(crate) all: bool,

    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = edctl_hookmsg::places::SOCKET)]
    pub(crate) socket: PathBuf,
}

/// Flags of `edctl-agent checks`. The exit code is 0 (fit), 1 (degraded), 2 (unfit) or 3 (nobody answers).
#[derive(Args)]
pub(crate) struct ChecksFlags {
    #[command(subcommand)]
    pub(crate) command: Option<ChecksCommand>,

    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text, global = true)]
    pub(crate) output: Output,

    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = edctl_hookmsg::places::SOCKET)]
    pub(crate) socket: PathBuf,
}

/// Flags of `edctl-agent jobs`.
#[derive(Args)]
pub(crate) struct JobsFlags {
    #[command(subcommand)]
    pub(crate) command: Option<JobsCommand>,

    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text, global = true)]
    pub(crate) output: Output,

    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = edctl_hookmsg::places::SOCKET, global = true)]
    pub(crate) socket: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum JobsCommand {
    /// Show all that is known of one job
    Show {
        /// The job's number
        id: u32,
    },
}

/// Flags of `edctl-agent diff`. The exit code is 0 (no drift), 1 (drift that drains nobody), 2 (unfit).
#[derive(Args)]
pub(crate) struct DiffFlags {
    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,

    /// The agent's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/edctl/agent.toml")]
    pub(crate) config: PathBuf,
}

/// Flags of `edctl-agent wait-ready`.
#[derive(Args)]
pub(crate) struct WaitFlags {
    /// How long to wait, in seconds; then it says what is wrong and ends with 1
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) timeout: u64,

    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = edctl_hookmsg::places::SOCKET)]
    pub(crate) socket: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum ChecksCommand {
    /// Look once, here and now, with the rights of who asks
    Run {
        /// Only these checks
        names: Vec<String>,

        /// The agent's configuration
        #[arg(long, value_name = "FILE", default_value = "/etc/edctl/agent.toml")]
        config: PathBuf,
    },
    /// Say what a check looks at, what can be wrong, and how to clear it; without a name, list all
    Explain {
        /// The check
        name: Option<String>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// The collectors' flags would be ten screens of help; the man page has all.
fn not_in_the_help(arg: Arg) -> Arg {
    let is_hidden = is_of_collectors(&arg);
    arg.hide_short_help(is_hidden).hide_long_help(is_hidden)
}

pub(crate) fn is_of_collectors(arg: &Arg) -> bool {
    arg.get_help_heading().is_some_and(|heading| heading.starts_with("Collectors"))
}
