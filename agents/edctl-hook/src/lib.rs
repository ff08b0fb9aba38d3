//! What Slurm calls before and after jobs and tasks, as one call: [`call`]. The program is `main.rs`;
//! the agent's tests play a node with this.
//!
//! Slurm drains the node when a prolog or an epilog fails, so nothing here fails by its own trouble: what goes
//! wrong is said. Only the agent's explicit word that the node is unfit ends a prolog otherwise. The caller may be root in a world of strangers: a hook opens no path that a user named, runs
//! nothing, and waits for nobody longer than its budget.
#![forbid(unsafe_code)]

mod args;
mod bounded;
mod client;
mod environment;
mod exports;
mod keep;
mod scratch;

use std::ffi::OsString;
use std::io::Write;
use std::time::{Duration, Instant};

use args::{Args, Command};
use client::{Answer, NoAnswer};
use edctl_fault::Chain;
use edctl_hookmsg::{Event, Hook, Outcome, Request};
use scratch::ScratchError;

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
        if let Some(lines) = scratch_lines(args, &event, variable("TMPDIR").is_some()) {
            world.say(&lines);
        }
        let inherited = environment::text(variable, "TRACEPARENT");
        if let Some(lines) = exports::lines(&event, [known, inherited.as_deref()]) {
            world.say(&lines);
        }
    }
    let is_refused = hook == Hook::Prolog && answer.unfit().is_some();
    if !is_refused && let Some(Err(reason)) = tend_scratch(args, &event) {
        world.complain(&format!("{hook}: the scratch directory: {}", Chain(&reason)));
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

/// How long the scratch directory's disk may take to make one, and to remove one.
const MAKES_WITHIN: Duration = Duration::from_secs(2);
const REMOVES_WITHIN: Duration = Duration::from_secs(5);

/// Makes the job's scratch directory before it, and removes it after it; only root can.
fn tend_scratch(args: &Args, event: &Event) -> Option<Result<(), ScratchError>> {
    let (job_id, time_usec) = (event.job_id?, event.time_usec);
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let base = args.scratch.clone();
    match event.hook {
        Hook::Prolog => {
            let uid = event.uid?;
            bounded::within(MAKES_WITHIN, move || scratch::make(&base, job_id, uid, time_usec))
        }
        Hook::Epilog => {
            let until = Instant::now() + REMOVES_WITHIN;
            // The wait itself ends a little after the work should have.
            let patience = REMOVES_WITHIN + MAKES_WITHIN;
            bounded::within(patience, move || scratch::remove(&base, job_id, time_usec, until))
        }
        _ => None,
    }
}

/// What a task is told of its job's scratch directory; its own `TMPDIR` stays.
fn scratch_lines(args: &Args, event: &Event, has_tmpdir: bool) -> Option<String> {
    let path = scratch::find(&args.scratch, event.job_id?, event.uid?)?;
    let path = path.to_str().filter(|path| !path.contains(char::is_control))?;
    let tmpdir = if has_tmpdir { String::new() } else { format!("export TMPDIR={path}\n") };
    Some(format!("export EDCTL_SCRATCH={path}\n{tmpdir}"))
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
