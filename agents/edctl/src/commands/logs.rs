//! `edctl logs`: what a stage's command prints, while it does or after.

use super::invocation::Invocation;
use super::patience::{Interrupt, Patience};
use super::tail::Tail;
use crate::cli::LogsArgs;
use crate::problem::Problem;
use crate::run::{RunDir, RunRecord};

/// Prints a run's log.
pub(crate) fn run(invocation: &Invocation, args: &LogsArgs) -> Result<u8, Problem> {
    let desk = invocation.desk()?;
    let dir = desk.store.find(&args.run)?;
    let record = dir.read()?;
    if args.follow {
        follow(invocation, &mut Patience::new(&desk, &dir, Interrupt::listen()?), &dir, &record)?;
        return Ok(0);
    }
    let mut tail = Tail::new(invocation, &dir, &record);
    while tail.print_some()? {}
    if !tail.has_printed() {
        let view = desk.observer().observe(&dir)?;
        explain_silence(invocation, &dir, &record, view.state.word())?;
    }
    tail.finish()?;
    Ok(0)
}

/// Prints the log while it grows, and returns when the stage has ended.
pub(crate) fn follow(
    invocation: &Invocation,
    patience: &mut Patience,
    dir: &RunDir,
    record: &RunRecord,
) -> Result<(), Problem> {
    let mut tail = Tail::new(invocation, dir, record);
    loop {
        // The end is looked at before the log, so that the log's last words are never missed.
        let view = patience.look()?;
        while tail.print_some()? {
            // A log may grow faster than a terminal shows it.
            patience.heed_interrupt(invocation.output)?;
        }
        if view.state.verdict().is_some() {
            tail.finish()?;
            if !tail.has_printed() {
                explain_silence(invocation, dir, record, view.state.word())?;
            }
            invocation.output.progress(format!("run {} {}", view.id, view.state.word()));
            return Ok(());
        }
        patience.tell(invocation.output, &view);
        patience.pause(invocation.output)?;
    }
}

/// A stage without a log: what the executor said is all there is.
fn explain_silence(
    invocation: &Invocation,
    dir: &RunDir,
    record: &RunRecord,
    state: &str,
) -> Result<(), Problem> {
    invocation.output.progress(format!("run {} is {state} and has printed nothing", record.id));
    let executor_log = dir.stage(record.flow).executor_log();
    match std::fs::read(&executor_log) {
        Ok(text) if !text.is_empty() => {
            invocation.output.progress(format!("its executor said ({}):", executor_log.display()));
            invocation.output.progress(String::from_utf8_lossy(&text).trim_end());
            Ok(())
        }
        _ => Ok(()),
    }
}
