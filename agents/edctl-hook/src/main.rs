//! `slurm-hook`: what Slurm calls before and after jobs and tasks.
//!
//! Slurm drains the node when a prolog or an epilog fails, so this program ends with 0 whatever
//! happens to it. It may be root in a world of strangers: it opens no path that a user named, runs
//! nothing, and waits for nobody longer than its budget.
#![forbid(unsafe_code)]

mod args;
mod client;
mod environment;
mod exports;
mod keep;

use std::io::Write;
use std::process::ExitCode;

use args::{Args, Command};
use client::Answer;
use edctl_hookmsg::{Event, Hook, Outcome, Request};

fn main() -> ExitCode {
    end_with_0_on_panic();
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Version) => say(concat!("slurm-hook ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Help) => say(args::USAGE),
        Ok(Command::Run(args)) => run(&args),
        Err(reason) => complain(&reason),
    }
    ExitCode::SUCCESS
}

fn run(args: &Args) {
    let variable = |name: &str| std::env::var_os(name);
    let Some(hook) = args.hook.or_else(|| environment::hook(variable)) else {
        return complain("neither SLURM_SCRIPT_CONTEXT nor the argument says which hook this is");
    };
    let event = match environment::event(hook, environment::Moment::now(), variable) {
        Ok(event) => event,
        Err(reason) => return complain(&format!("{hook}: {reason}")),
    };
    let answer = tell(args, &event);
    // A task's stderr is its user's, whom the agent's absence does not concern.
    if !hook.runs_as_user() && !matches!(answer, Answer::Reply(_)) {
        complain(&format!("{hook}: {answer}"));
    }
    if event.hook == Hook::TaskProlog {
        let known = answer.traceparent();
        let inherited = environment::text(variable, "TRACEPARENT");
        if let Some(lines) = exports::lines(&event, [known, inherited.as_deref()]) {
            say(&lines);
        }
    }
    if should_keep(hook, &answer)
        && let Err(reason) = keep::keep(&args.spool, event)
    {
        complain(&format!("{hook}: the event is lost: {reason}"));
    }
}

fn tell(args: &Args, event: &Event) -> Answer {
    match Request::Event(Box::new(event.clone())).encode() {
        Ok(line) => client::ask(&args.socket, &line, args.budget),
        Err(error) => Answer::None(format!("cannot make the message: {error}")),
    }
}

/// Whether the spool is to keep the event: not what the agent refused for good, not what comes
/// round again, and not a task's, whose user may not write there.
fn should_keep(hook: Hook, answer: &Answer) -> bool {
    if hook.runs_as_user() || hook == Hook::HealthCheck {
        return false;
    }
    match answer {
        Answer::Reply(reply) => reply.outcome == Outcome::Later,
        Answer::None(_) => true,
    }
}

/// A panic's hook runs before the unwinding or the abort, whichever the build chose.
fn end_with_0_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        complain(&format!("bug: {panic}"));
        std::process::exit(0);
    }));
}

/// Nobody may be listening, which is nobody's fault.
fn say(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
    drop(std::io::stdout().flush());
}

fn complain(reason: &str) {
    drop(writeln!(std::io::stderr(), "slurm-hook: {reason}"));
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    /// Runs in a process of its own; see the next test.
    #[test]
    #[ignore = "ends the process"]
    fn panics_as_a_bug_would() {
        super::end_with_0_on_panic();
        panic!("as the test wants it");
    }

    #[test]
    fn a_bug_ends_with_0_and_says_so() {
        let child = ["--exact", "tests::panics_as_a_bug_would", "--ignored", "--nocapture"];
        let output = Command::new(std::env::current_exe().unwrap())
            .args(child)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("slurm-hook: bug: ") && said.contains("as the test wants it"),
            "{said}"
        );
        let finished = String::from_utf8_lossy(&output.stdout).contains("test result");
        assert!(!finished, "the hook ended the process before the test's own end");
    }
}
