//! The command line. Slurm gives none; tests and administrators may.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use edctl_hookmsg::{Hook, places};
use lexopt::{Arg, ValueExt};

/// Shown by `--help`.
pub(crate) const USAGE: &str = "\
usage: slurm-hook [HOOK] [--socket PATH] [--spool DIRECTORY] [--scratch DIRECTORY]
                  [--budget-ms N]

Slurm calls it as Prolog, Epilog, TaskProlog and so on; SLURM_SCRIPT_CONTEXT says as which.
HOOK overrides that: prolog, epilog, task_prolog, task_epilog, prolog_slurmctld,
epilog_slurmctld, health_check, unkillable_step. The exit code is 0, but for a
prolog on a node of which the agent says that it is unfit: 1.
";

const BUDGET: Duration = Duration::from_millis(100);
const LONGEST_BUDGET: Duration = Duration::from_secs(5);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Run(Args),
    Version,
    Help,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// Which hook, if the caller says so.
    pub(crate) hook: Option<Hook>,
    /// The agent's socket.
    pub(crate) socket: PathBuf,
    /// Where events wait for the agent.
    pub(crate) spool: PathBuf,
    /// Below this each job gets a directory of its own, where it exists.
    pub(crate) scratch: PathBuf,
    /// How long the agent may take, from the first attempt to the whole reply.
    pub(crate) budget: Duration,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            hook: None,
            socket: places::SOCKET.into(),
            spool: places::SPOOL.into(),
            scratch: places::SCRATCH.into(),
            budget: BUDGET,
        }
    }
}

/// Reads the words after the program's name.
pub(crate) fn parse(
    words: impl Iterator<Item = OsString> + 'static,
) -> Result<Command, lexopt::Error> {
    let mut args = Args::default();
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            Arg::Long("version") | Arg::Short('V') => return Ok(Command::Version),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("socket") => args.socket = parser.value()?.into(),
            Arg::Long("spool") => args.spool = parser.value()?.into(),
            Arg::Long("scratch") => args.scratch = parser.value()?.into(),
            Arg::Long("budget-ms") => args.budget = parser.value()?.parse_with(milliseconds)?,
            Arg::Value(word) => args.hook = Some(word.parse_with(hook)?),
            Arg::Long(_) | Arg::Short(_) => return Err(word.unexpected()),
        }
    }
    Ok(Command::Run(args))
}

fn hook(word: &str) -> Result<Hook, &'static str> {
    Hook::from_word(word).ok_or("there is no such hook")
}

fn milliseconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(millis) if millis > 0 => Ok(Duration::from_millis(millis).min(LONGEST_BUDGET)),
        _ => Err("a whole number of milliseconds above 0 is expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Option<Command> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        parse(words.into_iter()).ok()
    }

    #[test]
    fn slurm_gives_no_arguments() {
        assert_eq!(parse_words(&[]), Some(Command::Run(Args::default())));
    }

    #[test]
    fn everything_can_be_said() {
        let all =
            ["epilog", "--socket", "/s", "--spool", "/d", "--scratch", "/x", "--budget-ms", "7"];
        let expected = Args {
            hook: Some(Hook::Epilog),
            socket: "/s".into(),
            spool: "/d".into(),
            scratch: "/x".into(),
            budget: Duration::from_millis(7),
        };
        assert_eq!(parse_words(&all), Some(Command::Run(expected)));
        assert_eq!(parse_words(&["--version"]), Some(Command::Version));
        assert_eq!(parse_words(&["-h", "nonsense"]), Some(Command::Help));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &["teleport"][..],
            &["--socket"],
            &["--budget-ms", "0"],
            &["--budget-ms", "x"],
            &["-x"],
        ] {
            assert_eq!(parse_words(words), None, "{words:?}");
        }
    }

    #[test]
    fn a_budget_has_an_end() {
        let Some(Command::Run(args)) = parse_words(&["--budget-ms", "999999999"]) else { panic!() };
        assert_eq!(args.budget, LONGEST_BUDGET);
    }
}
