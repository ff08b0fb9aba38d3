//! `edctl cancel`: the wish on disk first, then the order to the executor.

use std::time::{Duration, Instant};

use super::invocation::{Desk, Invocation};
use super::patience::{Interrupt, Patience};
use crate::cli::RunArgs;
use crate::executor::{Executor, local, slurm};
use crate::problem::Problem;
use crate::run::{CancelRecord, JobRecord, RunDir, RunView, StartRecord, read_json, write_json};

/// How long we wait to see the run's end; it ends without us too.
const PATIENCE: Duration = Duration::from_secs(15);

/// Cancels a run; one that is over already stays as it is.
pub(crate) fn run(invocation: &Invocation, args: &RunArgs) -> Result<u8, Problem> {
    let desk = invocation.desk()?;
    let dir = desk.store.find(&args.run)?;
    let view = desk.observer().observe(&dir)?;
    if view.state.verdict().is_some() {
        return show(invocation, &view, "is over already");
    }
    write_json(
        &dir.cancel(),
        &CancelRecord {
            schema: "edctl.cancel/v1".to_owned(),
            user: std::env::var("USER").unwrap_or_default(),
            cancelled_unix_ms: crate::time::now_unix_ms(),
        },
    )?;
    order(invocation, &desk, &dir, &view)?;
    let view = await_end(invocation, &desk, &dir)?;
    let words = match view.state.verdict() {
        Some(_) => "has ended",
        None => "is being cancelled",
    };
    show(invocation, &view, words)
}

fn order(
    invocation: &Invocation,
    desk: &Desk,
    dir: &RunDir,
    view: &RunView,
) -> Result<(), Problem> {
    match view.executor {
        Executor::Slurm => {
            let mut open = view.stages.iter().filter(|stage| stage.state.verdict().is_none());
            match open.find_map(|stage| stage.job_id) {
                Some(id) => slurm::cancel(desk.config.slurm_bin_dir(), id),
                None => {
                    // The wish is on disk: a job that we do not see yet obeys it when it starts.
                    let why = view.stages.first().map_or("", |stage| stage.summary.as_str());
                    invocation.output.progress(format!(
                        "Slurm shows no job of this run ({why}): if one starts, it ends by itself; \
                         one that runs ends by scancel and its number"
                    ));
                    Ok(())
                }
            }
        }
        Executor::Local => {
            let stage = dir.stage(view.flow);
            let spawned = read_json::<JobRecord>(&stage.job())?.and_then(|job| job.process);
            let started = read_json::<StartRecord>(&stage.start())?.map(|start| start.process);
            started.or(spawned).map_or(Ok(()), |process| local::cancel(&process))
        }
    }
}

fn await_end(invocation: &Invocation, desk: &Desk, dir: &RunDir) -> Result<RunView, Problem> {
    let mut patience = Patience::new(desk, dir, Interrupt::listen()?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = patience.look()?;
        if view.state.verdict().is_some() || Instant::now() > deadline {
            return Ok(view);
        }
        patience.pause(invocation.output)?;
    }
}

fn show(invocation: &Invocation, view: &RunView, words: &str) -> Result<u8, Problem> {
    if invocation.output.is_json() {
        invocation.output.json(view)?;
    } else {
        invocation.output.line(format!("run {} {words}: {}", view.id, view.state.word()))?;
    }
    Ok(0)
}
