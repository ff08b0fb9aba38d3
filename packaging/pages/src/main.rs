//! Prints a daemon's man page, or its completions for a shell. The packages' build calls it, so that no
//! daemon carries what makes them. `edctl` prints its own, since users ask it for completions.
//!
//! usage: edctl-pages DAEMON man|bash|zsh|fish

#![forbid(unsafe_code)]

#[path = "../../../agents/edctl-agent/src/flags.rs"]
mod agent;
#[path = "../../../agents/edctl-drainer/src/flags.rs"]
mod drainer;
#[path = "../../../exporter-process/src/flags.rs"]
mod exporter_process;
#[path = "../../../exporter-slurm/src/flags.rs"]
mod exporter_slurm;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Command, CommandFactory, Parser, ValueEnum};
use clap_complete::Shell;

/// Print a daemon's man page, or its completions for a shell
#[derive(Parser)]
struct Flags {
    /// Whose
    daemon: Daemon,
    /// What is printed
    page: Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum Daemon {
    #[value(name = "edctl-agent")]
    Agent,
    #[value(name = "edctl-drainer")]
    Drainer,
    #[value(name = "edctl-exporter-process")]
    ExporterProcess,
    #[value(name = "edctl-exporter-slurm")]
    ExporterSlurm,
}

#[derive(Clone, Copy, ValueEnum)]
enum Page {
    Man,
    Bash,
    Zsh,
    Fish,
}

fn main() -> ExitCode {
    let Flags { daemon, page } = Flags::parse();
    let command = match daemon {
        Daemon::Agent => agent::Flags::command(),
        Daemon::Drainer => drainer::Flags::command(),
        Daemon::ExporterProcess => exporter_process::Flags::command(),
        Daemon::ExporterSlurm => exporter_slurm::Flags::command(),
    };
    match text(command, page).and_then(|text| io::stdout().write_all(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edctl-pages: {error}");
            ExitCode::FAILURE
        }
    }
}

fn text(mut command: Command, page: Page) -> io::Result<Vec<u8>> {
    let shell = match page {
        Page::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).section("8").render(&mut text)?;
            return Ok(text);
        }
        Page::Bash => Shell::Bash,
        Page::Zsh => Shell::Zsh,
        Page::Fish => Shell::Fish,
    };
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_man_page_has_each_flag_and_a_completion_the_subcommands() {
        let man = text(agent::Flags::command(), Page::Man).unwrap();
        let man = String::from_utf8(man).unwrap();
        for flag in ["web.listen\\-address", "collector.textfile.directory", "hooks.socket"] {
            assert!(man.contains(flag), "{flag}");
        }
        for (daemon, word) in [
            (agent::Flags::command(), "collectors"),
            (exporter_process::Flags::command(), "--config.path"),
            (exporter_slurm::Flags::command(), "rivosinc"),
        ] {
            let script = text(daemon, Page::Bash).unwrap();
            assert!(String::from_utf8(script).unwrap().contains(word), "{word}");
        }
    }
}
