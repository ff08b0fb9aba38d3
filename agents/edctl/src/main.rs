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
#[cfg(test)]
mod schemas;
mod shell;
mod stage;
mod time;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.output);
    match commands::run(cli, output) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            output.problem(&problem);
            ExitCode::from(problem.exit_code())
        }
    }
}
