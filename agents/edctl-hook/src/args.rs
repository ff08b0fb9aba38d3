//! The command line. Slurm gives none; tests and administrators may.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use edctl_hookmsg::Hook;

/// Shown by `--help`.
pub(crate) const USAGE: &str = "\
usage: slurm-hook [HOOK] [--socket PATH] [--spool DIRECTORY] [--budget-ms N]

Slurm calls it as Prolog, Epilog, TaskProlog and so on; SLURM_SCRIPT_CONTEXT says as which.
HOOK overrides that: prolog, epilog, task_prolog, task_epilog, prolog_slurmctld,
epilog_slurmctld, health_check, unkillable_step. The exit code is always 0.
";

const SOCKET: &str = "/run/edctl/agent.sock";
const SPOOL: &str = "/var/lib/edctl/agent/spool";
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
    /// How long the agent may take, from the first attempt to the whole reply.
    pub(crate) budget: Duration,
}

impl Default for Args {
    fn default() -> Self {
        Self { hook: None, socket: SOCKET.into(), spool: SPOOL.into(), budget: BUDGET }
    }
}

pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut args = Args::default();
    let mut words = words;
    while let Some(word) = words.next() {
        let word = word.to_string_lossy().into_owned();
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--version" | "-V" => return Ok(Command::Version),
            "--help" | "-h" => return Ok(Command::Help),
            "--socket" => args.socket = value()?.into(),
            "--spool" => args.spool = value()?.into(),
            "--budget-ms" => args.budget = milliseconds(&value()?.to_string_lossy())?,
            _ => match Hook::from_word(&word) {
                Some(hook) => args.hook = Some(hook),
                None => return Err(format!("{word:?} is neither a hook nor an option")),
            },
        }
    }
    Ok(Command::Run(args))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(millis) if millis > 0 => Ok(Duration::from_millis(millis).min(LONGEST_BUDGET)),
        _ => Err(format!("{text:?} is no number of milliseconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn slurm_gives_no_arguments() {
        assert_eq!(parse_words(&[]), Ok(Command::Run(Args::default())));
    }

    #[test]
    fn everything_can_be_said() {
        let all = ["epilog", "--socket", "/s", "--spool", "/d", "--budget-ms", "7"];
        let expected = Args {
            hook: Some(Hook::Epilog),
            socket: "/s".into(),
            spool: "/d".into(),
            budget: Duration::from_millis(7),
        };
        assert_eq!(parse_words(&all), Ok(Command::Run(expected)));
        assert_eq!(parse_words(&["--version"]), Ok(Command::Version));
        assert_eq!(parse_words(&["-h", "nonsense"]), Ok(Command::Help));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in
            [&["teleport"][..], &["--socket"], &["--budget-ms", "0"], &["--budget-ms", "x"]]
        {
            assert!(parse_words(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_budget_has_an_end() {
        let Ok(Command::Run(args)) = parse_words(&["--budget-ms", "999999999"]) else { panic!() };
        assert_eq!(args.budget, LONGEST_BUDGET);
    }
}
