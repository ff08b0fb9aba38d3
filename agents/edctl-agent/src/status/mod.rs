//! `edctl-agent status`: what the agent on this node knows, for people and for programs.

mod answer;
mod client;
mod model;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use edctl_fault::Chain;

pub(crate) use answer::Answering;
pub(crate) use model::About;

/// Exit code when there is no agent to ask: the infrastructure is at fault, not the question.
const EXIT_NO_AGENT: u8 = 3;

/// Flags of `edctl-agent status`.
#[derive(Args)]
pub(crate) struct StatusFlags {
    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// Show also the collectors that are well, and those that have nothing to read here
    #[arg(short, long)]
    all: bool,

    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = edctl_hookmsg::places::SOCKET)]
    socket: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// Asks the agent and shows what it says.
pub(crate) fn run(flags: &StatusFlags) -> ExitCode {
    let status = match client::ask(&flags.socket) {
        Ok(status) => status,
        Err(reason) => {
            let (socket, reason) = (flags.socket.display(), Chain(&reason));
            eprintln!("edctl-agent: no agent answers on {socket}: {reason}");
            eprintln!("edctl-agent: is it running? systemctl status edctl-agent");
            return ExitCode::from(EXIT_NO_AGENT);
        }
    };
    let shown = match flags.output {
        Output::Text => Ok(text::render(&status, flags.all)),
        Output::Json => serde_json::to_string_pretty(&status).map(|json| json + "\n"),
    };
    match shown {
        Ok(shown) => {
            // Whoever closes the pipe has seen enough.
            drop(std::io::stdout().write_all(shown.as_bytes()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("edctl-agent: cannot show the status: {error}");
            ExitCode::FAILURE
        }
    }
}
