//! The stage's command: followed to its end, or stopped with everything that it started.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use edctl_flow::Outcome;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::guard::Guard;

/// How long the command may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// Slurm signals every process of a job, one after the other: the command's death may reach us
/// before our own signal does.
const SETTLE: Duration = Duration::from_millis(500);

/// What happens while the command runs.
enum Event {
    /// Somebody wants us to stop.
    Stop,
    /// The command ended.
    Ended(io::Result<ExitStatus>),
}

/// Signals that ask us to stop, from the moment of its making.
pub(crate) struct StopSignals {
    events: Receiver<Event>,
    sender: Sender<Event>,
}

impl StopSignals {
    /// Listens for the signals by which a terminal, a user or Slurm ends a process.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        let stop = sender.clone();
        thread::spawn(move || {
            for _ in signals.forever() {
                if stop.send(Event::Stop).is_err() {
                    return;
                }
            }
        });
        Ok(Self { events, sender })
    }
}

/// Runs the command in a process group of its own. However it ends, or we do, nothing of the group
/// is left.
pub(crate) fn run(
    mut command: Command,
    limit: Duration,
    stop: &StopSignals,
) -> io::Result<Outcome> {
    let mut child = command.process_group(0).spawn()?;
    let group = Pid::from_child(&child);
    let guard = Guard::of(group);
    let ended = stop.sender.clone();
    thread::spawn(move || ended.send(Event::Ended(child.wait())));
    let outcome = match &guard {
        Ok(_) => watch(group, limit, &stop.events),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot guard it: {error}"))),
    };
    signal(group, Signal::KILL);
    outcome
}

fn watch(group: Pid, limit: Duration, events: &Receiver<Event>) -> io::Result<Outcome> {
    match events.recv_timeout(limit) {
        Ok(Event::Ended(status)) => Ok(ended(status?, events)),
        Ok(Event::Stop) => end(group, events).map(|()| Outcome::Cancelled),
        Err(RecvTimeoutError::Timeout) => {
            end(group, events).map(|()| Outcome::TimedOut { limit_secs: limit.as_secs() })
        }
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("nobody follows the command")),
    }
}

/// A command that did not end well may have died of the signal that is still on its way to us.
fn ended(status: ExitStatus, events: &Receiver<Event>) -> Outcome {
    if !status.success() && matches!(events.recv_timeout(SETTLE), Ok(Event::Stop)) {
        return Outcome::Cancelled;
    }
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exited(code),
        (None, signal) => Outcome::Signaled(signal.unwrap_or_default()),
    }
}

/// Asks the group to end, then makes it.
fn end(group: Pid, events: &Receiver<Event>) -> io::Result<()> {
    signal(group, Signal::TERM);
    if !await_end(events, GRACE) {
        signal(group, Signal::KILL);
        if !await_end(events, GRACE) {
            return Err(io::Error::other("the command does not die"));
        }
    }
    Ok(())
}

fn await_end(events: &Receiver<Event>, patience: Duration) -> bool {
    // A second signal does not make it quicker.
    loop {
        match events.recv_timeout(patience) {
            Ok(Event::Stop) => {}
            Ok(Event::Ended(_)) => return true,
            Err(_) => return false,
        }
    }
}

fn signal(group: Pid, signal: Signal) {
    // The only failure that can be is that nothing of the group is left.
    let _ = kill_process_group(group, signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    fn quiet() -> StopSignals {
        let (sender, events) = mpsc::channel();
        StopSignals { events, sender }
    }

    #[test]
    fn the_commands_own_end_is_told() {
        for (script, outcome) in [
            ("exit 0", Outcome::Exited(0)),
            ("exit 3", Outcome::Exited(3)),
            ("kill -9 $$", Outcome::Signaled(9)),
        ] {
            assert_eq!(run(shell(script), LONG, &quiet()).unwrap(), outcome, "{script}");
        }
    }

    #[test]
    fn a_command_past_its_limit_is_stopped_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        let script = format!("trap '' TERM; sleep 600 & echo $! > {}; wait", pid_file.display());
        // Both ignore TERM: only KILL, after the grace, ends them.
        let outcome = run(shell(&script), Duration::from_secs(1), &quiet()).unwrap();
        assert_eq!(outcome, Outcome::TimedOut { limit_secs: 1 });
        let pid: u32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
        // The signal is sent; the child, which has no parent any more, dies a moment later.
        let until = std::time::Instant::now() + LONG;
        while crate::executor::process::identify(pid).is_ok() {
            assert!(std::time::Instant::now() < until, "the child is still there");
            thread::yield_now();
        }
    }

    #[test]
    fn a_stop_cancels() {
        let stop = quiet();
        stop.sender.send(Event::Stop).unwrap();
        assert_eq!(run(shell("sleep 600"), LONG, &stop).unwrap(), Outcome::Cancelled);
    }

    #[test]
    fn a_stop_that_comes_late_cancels_all_the_same() {
        let (sender, events) = mpsc::channel();
        sender.send(Event::Stop).unwrap();
        assert_eq!(ended(ExitStatus::from_raw(15), &events), Outcome::Cancelled);
        assert_eq!(ended(ExitStatus::from_raw(0), &events), Outcome::Exited(0));
    }

    #[test]
    fn what_cannot_start_is_an_error() {
        assert!(run(Command::new("/no/such/program"), LONG, &quiet()).is_err());
    }
}
