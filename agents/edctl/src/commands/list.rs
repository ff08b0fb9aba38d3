//! `edctl list`: the runs, newest first.

use std::path::PathBuf;

use serde::Serialize;

use super::Place;
use crate::cli::ListArgs;
use crate::problem::{ErrorRecord, Problem};
use crate::run::{RunDir, RunView};
use crate::time::{now_unix_ms, span};

#[derive(Serialize)]
struct Listed {
    schema: &'static str,
    runs: Vec<RunView>,
    /// The runs that cannot be read.
    damaged: Vec<Damaged>,
}

#[derive(Serialize)]
struct Damaged {
    dir: PathBuf,
    error: Option<ErrorRecord>,
}

/// Lists the runs; one that cannot be read is told of and does not hide the others.
pub(crate) fn run(place: &Place, args: &ListArgs) -> Result<u8, Problem> {
    let desk = place.desk()?;
    let mut dirs = desk.store.all()?;
    if args.limit > 0 {
        dirs.truncate(args.limit);
    }
    let mut observer = desk.observer();
    let mut damaged = Vec::new();
    let mut observe = |dir: &RunDir| match observer.observe(dir) {
        Ok(view) => Some(view),
        Err(problem) => {
            problem.report();
            damaged.push(Damaged { dir: dir.path().to_owned(), error: problem.record() });
            None
        }
    };
    let runs: Vec<RunView> = dirs.iter().filter_map(&mut observe).collect();
    let code = if damaged.is_empty() { 0 } else { 3 };
    if place.output.is_json() {
        place.output.json(&Listed { schema: "edctl.list/v1", runs, damaged })?;
    } else if runs.is_empty() {
        place.output.progress("no runs yet; edctl submit --flow=sim makes one");
    } else {
        place.output.line(render(place, &runs))?;
    }
    Ok(code)
}

fn render(place: &Place, runs: &[RunView]) -> String {
    let now = now_unix_ms();
    let mut lines = vec![format!(
        "{:26}  {:5}  {:10}  {:10}  {:9}  {:>7}  {:8}  {:>8}  {}",
        "RUN", "FLOW", "DESIGN", "PROFILE", "STATE", "JOB", "NODE", "AGE", "SUMMARY"
    )];
    lines.extend(runs.iter().map(|run| row(place, run, now)));
    lines.join("\n")
}

fn row(place: &Place, run: &RunView, now: u64) -> String {
    let stage = run.stages.last();
    let job = stage.and_then(|stage| stage.job_id).map_or("-".to_owned(), |id| id.to_string());
    let node = stage.and_then(|stage| stage.node.as_deref()).unwrap_or("-");
    let summary = stage.map_or("", |stage| stage.summary.as_str());
    format!(
        "{:26}  {:5}  {:10}  {:10}  {}  {:>7}  {:8}  {:>8}  {}",
        run.id,
        run.flow,
        run.design,
        run.profile,
        place.output.state(run.state, 9),
        job,
        node,
        span(now.saturating_sub(run.created_unix_ms)),
        summary
    )
}
