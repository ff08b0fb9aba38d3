//! `edctl-agent status`: what the agent on this node knows, for people and for programs.

mod answer;
mod client;
mod model;
mod text;

use std::io::Write;
use std::process::ExitCode;

use edctl_fault::Chain;

use crate::exit;
use crate::flags::{Output, StatusFlags};

pub(crate) use answer::Answering;
pub(crate) use client::ask;
pub(crate) use model::About;
pub(crate) use model::Status;
pub(crate) use text::utc;

/// Asks the agent and shows what it says.
pub(crate) fn run(flags: &StatusFlags) -> ExitCode {
    let status = match client::ask(&flags.socket) {
        Ok(status) => status,
        Err(reason) => {
            let (socket, reason) = (flags.socket.display(), Chain(&reason));
            eprintln!("edctl-agent: no agent answers on {socket}: {reason}");
            eprintln!("edctl-agent: is it running? systemctl status edctl-agent");
            return ExitCode::from(exit::NO_AGENT);
        }
    };
    let shown = match flags.output {
        Output::Text => Ok(text::render(&status, flags.all)),
        Output::Json => serde_json::to_string_pretty(&status).map(|json| json + "\n"),
    };
    match shown {
        Ok(shown) => {
            // A reader that closes the pipe has seen enough.
            drop(std::io::stdout().write_all(shown.as_bytes()));
            exit::code(status.fitness())
        }
        Err(error) => {
            eprintln!("edctl-agent: cannot show the status: {error}");
            ExitCode::FAILURE
        }
    }
}
