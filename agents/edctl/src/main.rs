//! `edctl`: submits EDA flows, follows them, and says how they ended.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod config;
mod executor;
mod flow_dir;
mod output;
mod problem;
mod run;
mod shell;
mod stage;
mod time;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use output::Output;
use problem::Problem;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.output);
    match dispatch(cli, output) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            output.problem(&problem);
            ExitCode::from(problem.exit_code())
        }
    }
}

/// Runs one command; its `Ok` is the exit code.
fn dispatch(cli: Cli, output: Output) -> Result<u8, Problem> {
    let place = commands::Place { dir: cli.directory, output };
    match cli.command {
        Command::Submit(args) => commands::submit::run(&place, &args),
        Command::Status(args) => commands::status::run(&place, &args),
        Command::List(args) => commands::list::run(&place, &args),
        Command::Logs(args) => commands::logs::run(&place, &args),
        Command::Cancel(args) => commands::cancel::run(&place, &args),
        Command::Completion(args) => commands::generate::completion(&place, &args),
        Command::Man => commands::generate::man(&place),
        Command::RunStage(args) => stage::run(&args),
    }
}
