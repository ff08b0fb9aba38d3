//! One file for each command.

mod cancel;
mod generate;
mod invocation;
mod list;
mod logs;
mod patience;
mod status;
mod submit;
mod tail;

#[cfg(test)]
pub(crate) use list::Listed;
#[cfg(test)]
pub(crate) use submit::Submitted;

use crate::cli::{Cli, Command};
use crate::output::Output;
use crate::problem::Problem;
use crate::stage;
use invocation::Invocation;

/// Runs what the command line asks for; its `Ok` is the exit code.
pub(crate) fn run(cli: Cli, output: Output) -> Result<u8, Problem> {
    let invocation = Invocation { dir: cli.directory, output };
    match cli.command {
        Command::Submit(args) => submit::run(&invocation, &args),
        Command::Status(args) => status::run(&invocation, &args),
        Command::List(args) => list::run(&invocation, &args),
        Command::Logs(args) => logs::run(&invocation, &args),
        Command::Cancel(args) => cancel::run(&invocation, &args),
        Command::Completion(args) => generate::completion(&invocation, &args),
        Command::Man => generate::man(&invocation),
        Command::RunStage(args) => stage::run(&args),
    }
}
