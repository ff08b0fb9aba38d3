//! The command line. It needs no other file of this crate, so that `packaging/pages` can make the man page and
//! the completions of it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use edctl_daemon::CommonFlags;
use serde::{Deserialize, Serialize};

/// Drains sick nodes and resumes healed ones, by the verdicts of their agents
///
/// Each interval it asks slurmctld once for all nodes and each node's agent for its verdict, and compares. It drains
/// only for failures of the node's own, resumes only what it drained itself, and drains nobody where too many of a
/// partition would go.
#[derive(Parser)]
#[command(name = "edctl-drainer", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) run: RunFlags,
}

#[derive(Args)]
pub(crate) struct RunFlags {
    #[command(flatten)]
    pub(crate) common: CommonFlags,

    /// Where Slurm's commands are
    #[arg(long = "slurm.bin-dir", value_name = "DIR")]
    pub(crate) bin_dir: Option<PathBuf>,

    /// Whether it acts or only says what it would do
    #[arg(long = "drainer.mode", value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
}

/// Whether it acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It changes nothing and says what it would do.
    #[default]
    Shadow,
    /// It drains and resumes.
    Act,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say how the last round went: nodes, brakes, what was done
    Status(Asking),
    /// Say why a node is or is not drained
    Explain {
        /// The node
        node: String,

        #[command(flatten)]
        asking: Asking,
    },
    /// Say what the last round wanted to do, and what held it back
    Plan(Asking),
}

/// Whom these ask.
#[derive(Args)]
pub(crate) struct Asking {
    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,

    /// Where the drainer leaves its last round
    #[arg(long, value_name = "FILE", default_value = "/run/edctl-drainer/round.json")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}
