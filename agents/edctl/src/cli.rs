//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use edctl_flow::Flow;

use crate::executor::Choice;
use crate::output::Format;

const EXIT_CODES: &str = "\
Exit codes: 0 passed; 1 the design failed; 2 usage or configuration; 3 infrastructure;
4 timeout or out of memory; 130 interrupted or cancelled.
stdout is data, stderr is progress; with -o json an error is an object on stdout too.
RUN is a run's id, a unique beginning of it, or @last.";

/// Submit EDA flows to Slurm or to this machine, follow them, and get a verdict.
#[derive(Debug, Parser)]
#[command(name = "edctl", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Work as if started in DIR.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,

    /// How results are printed.
    #[arg(short, long, value_enum, default_value_t = Format::Human, global = true)]
    pub(crate) output: Format,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Submit a flow of a design.
    Submit(SubmitArgs),
    /// Say how a run stands; exits with its verdict's code once it has ended.
    Status(RunArgs),
    /// List the runs of this flow directory, newest first.
    List(ListArgs),
    /// Print a run's log.
    Logs(LogsArgs),
    /// Cancel a run.
    Cancel(RunArgs),
    /// Print the completion script of a shell.
    Completion(CompletionArgs),
    /// Print the manual page.
    #[command(hide = true)]
    Man,
    /// Run one stage: what a job calls, not a person.
    #[command(hide = true)]
    RunStage(RunStageArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// What to do: sim or synth.
    #[arg(long)]
    pub(crate) flow: Flow,

    /// Resources to use: a [profile.NAME] of edctl.toml.
    #[arg(long, default_value = "latency")]
    pub(crate) profile: String,

    /// The design: a [design.NAME] of edctl.toml.
    #[arg(long)]
    pub(crate) design: Option<String>,

    /// Where to run.
    #[arg(long, value_enum)]
    pub(crate) executor: Option<Choice>,

    /// Wait for the end; the exit code is the verdict's.
    #[arg(long)]
    pub(crate) wait: bool,

    /// Print the log while it grows, then wait like --wait.
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The run.
    #[arg(default_value = "@last")]
    pub(crate) run: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// At most this many runs; 0 for all.
    #[arg(short = 'n', long, default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The run.
    #[arg(default_value = "@last")]
    pub(crate) run: String,

    /// Go on until the run ends; waits for a run that has not started.
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct RunStageArgs {
    /// The run's directory.
    #[arg(long)]
    pub(crate) run_dir: PathBuf,

    /// The stage's name.
    #[arg(long)]
    pub(crate) stage: Flow,

    /// Leave the terminal's session first.
    #[arg(long)]
    pub(crate) new_session: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
