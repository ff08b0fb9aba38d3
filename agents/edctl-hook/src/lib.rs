//! What Slurm calls before and after jobs and tasks, as one call: [`call`]. The program is `main.rs`;
//! the agent's tests play a node with this.
//!
//! Slurm drains the node when a prolog or an epilog fails, so nothing here fails by its own trouble: what goes
//! wrong is said. Only the agent's explicit word that the node is unfit ends a prolog otherwise. The caller may be root in a world of strangers: a hook opens no path that a user named, runs
//! nothing, and waits for nobody longer than its budget.
#![forbid(unsafe_code)]

mod args;
mod client;
mod environment;
mod exports;
mod keep;

use std::ffi::OsString;
use std::io::Write;

use args::{Args, Command};
use client::{Answer, NoAnswer};
use edctl_fault::Chain;
use edctl_hookmsg::{Event, Hook, Outcome, Request};

/// The surroundings of a call: its environment, and where its words go.
pub struct World<'a> {
    /// The variables of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Standard output, which is a protocol in a task's prolog.
    pub out: &'a mut dyn Write,
    /// Standard error, which slurmd logs.
    pub err: &'a mut dyn Write,
}

/// What slurmd is told by the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All may go on: 0.
    Well,
    /// The agent's explicit word that the node is unfit for the job that a prolog is for: the job goes elsewhere.
    Unfit,
}

/// One call of the hook with the arguments `words`.
pub fn call(words: impl Iterator<Item = OsString> + 'static, world: &mut World<'_>) -> Ending {
    match args::parse(words) {
        Ok(Command::Version) => world.say(concat!("slurm-hook ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Help) => world.say(args::USAGE),
        Ok(Command::Run(args)) => return run(&args, world),
        Err(reason) => world.complain(&reason.to_string()),
    }
    Ending::Well
}

fn run(args: &Args, world: &mut World<'_>) -> Ending {
    let variable = world.variable;
    let Some(hook) = args.hook.or_else(|| environment::hook(variable)) else {
        world.complain("neither SLURM_SCRIPT_CONTEXT nor the argument says which hook this is");
        return Ending::Well;
    };
    let event = match environment::event(hook, environment::Moment::now(), variable) {
        Ok(event) => event,
        Err(reason) => {
            world.complain(&format!("{hook}: {reason}"));
            return Ending::Well;
        }
    };
    let answer = tell(args, &event);
    // A task's stderr is its user's, whom the agent's absence does not concern.
    if !hook.runs_as_user() && !matches!(answer, Answer::Reply(_)) {
        world.complain(&format!("{hook}: {answer}"));
    }
    if event.hook == Hook::TaskProlog {
        let known = answer.traceparent();
        let inherited = environment::text(variable, "TRACEPARENT");
        if let Some(lines) = exports::lines(&event, [known, inherited.as_deref()]) {
            world.say(&lines);
        }
    }
    if should_keep(hook, &answer)
        && let Err(reason) = keep::keep(&args.spool, event)
    {
        world.complain(&format!("{hook}: the event is lost: {}", Chain(&reason)));
    }
    match answer.unfit() {
        Some(reason) if hook == Hook::Prolog => {
            world.complain(&format!("the node is unfit, so the job goes elsewhere: {reason}"));
            Ending::Unfit
        }
        Some(reason) => {
            world.complain(&format!("{hook}: the node is unfit: {reason}"));
            Ending::Well
        }
        None => Ending::Well,
    }
}

fn tell(args: &Args, event: &Event) -> Answer {
    match Request::Event(Box::new(event.clone())).encode() {
        Ok(line) => client::ask(&args.socket, &line, args.budget),
        Err(error) => Answer::None(NoAnswer::Message(error)),
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

impl World<'_> {
    /// Nobody may be listening; that is no error.
    fn say(&mut self, text: &str) {
        drop(self.out.write_all(text.as_bytes()));
        drop(self.out.flush());
    }

    fn complain(&mut self, reason: &str) {
        drop(writeln!(self.err, "slurm-hook: {reason}"));
    }
}
