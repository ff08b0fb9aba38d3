//! `edctl cancel`: the wish on disk first, then the order to the executor.

use std::time::{Duration, Instant};

use super::patience::Patience;
use super::{Desk, Place};
use crate::cli::RunArgs;
use crate::executor::{Executor, local, slurm};
use crate::problem::Problem;
use crate::run::{
    CancelRecord, JobRecord, RunDir, RunRecord, RunView, StartRecord, read_json, write_json,
};

/// How long we wait to see the run's end; it ends without us too.
const PATIENCE: Duration = Duration::from_secs(15);

/// Cancels a run; one that is over already stays as it is.
pub(crate) fn run(place: &Place, args: &RunArgs) -> Result<u8, Problem> {
    let desk = place.desk()?;
    let dir = desk.store.find(&args.run)?;
    let record = dir.read()?;
    let view = desk.observer().observe(&dir)?;
    if view.state.verdict().is_some() {
        return show(place, &view, "is over already");
    }
    write_json(
        &dir.cancel(),
        &CancelRecord {
            schema: "edctl.cancel/v1".to_owned(),
            user: std::env::var("USER").unwrap_or_default(),
            cancelled_unix_ms: crate::time::now_unix_ms(),
        },
    )?;
    order(&desk, &dir, &record)?;
    let view = await_end(place, &desk, &dir)?;
    let words = match view.state.verdict() {
        Some(_) => "has ended",
        None => "is being cancelled",
    };
    show(place, &view, words)
}

fn order(desk: &Desk, dir: &RunDir, record: &RunRecord) -> Result<(), Problem> {
    let stage = dir.stage(record.flow);
    let job: Option<JobRecord> = read_json(&stage.job())?;
    let start: Option<StartRecord> = read_json(&stage.start())?;
    match record.executor {
        Executor::Slurm => {
            let submitted = job.and_then(|job| job.job_id);
            let id = submitted.or_else(|| start.and_then(|start| start.job_id));
            let id = id.ok_or_else(|| Problem::infra("its job id is not known yet; try again"))?;
            slurm::cancel(desk.config.slurm_bin_dir(), id)
        }
        Executor::Local => {
            let spawned = job.and_then(|job| job.process);
            match start.map(|start| start.process).or(spawned) {
                Some(process) => local::cancel(&process),
                None => Ok(()),
            }
        }
    }
}

fn await_end(place: &Place, desk: &Desk, dir: &RunDir) -> Result<RunView, Problem> {
    let mut patience = Patience::new(desk, dir)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = patience.look()?;
        if view.state.verdict().is_some() || Instant::now() > deadline {
            return Ok(view);
        }
        patience.pause(place.output)?;
    }
}

fn show(place: &Place, view: &RunView, words: &str) -> Result<u8, Problem> {
    if place.output.is_json() {
        place.output.json(view)?;
    } else {
        place.output.line(format!("run {} {words}: {}", view.id, view.state.word()))?;
    }
    Ok(0)
}
