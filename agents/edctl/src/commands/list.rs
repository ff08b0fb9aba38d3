//! `edctl list`: the runs, newest first.

use std::path::PathBuf;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use super::invocation::Invocation;
use crate::cli::ListArgs;
use crate::problem::{ErrorRecord, Problem};
use crate::run::{RunDir, RunView};
use crate::time::{now_unix_ms, span};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed {
    schema: &'static str,
    runs: Vec<RunView>,
    /// The runs that cannot be read.
    damaged: Vec<Damaged>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Damaged {
    dir: PathBuf,
    error: Option<ErrorRecord>,
}

/// Lists the runs; one that cannot be read is told of and does not hide the others.
pub(crate) fn run(invocation: &Invocation, args: &ListArgs) -> Result<u8, Problem> {
    let desk = invocation.desk()?;
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
    if invocation.output.is_json() {
        invocation.output.json(&Listed { schema: "edctl.list/v1", runs, damaged })?;
    } else if runs.is_empty() {
        invocation.output.progress("no runs yet; edctl submit --flow=sim makes one");
    } else {
        invocation.output.line(render(invocation, &runs))?;
    }
    Ok(code)
}

const HEAD: [&str; 9] =
    ["RUN", "FLOW", "DESIGN", "PROFILE", "STATE", "JOB", "NODE", "AGE", "SUMMARY"];
/// Columns of numbers.
const TO_THE_RIGHT: [usize; 2] = [5, 7];

fn render(invocation: &Invocation, runs: &[RunView]) -> String {
    let now = now_unix_ms();
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(HEAD);
    table.add_rows(runs.iter().map(|run| row(run, now)));
    for index in TO_THE_RIGHT {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    let at = lines.first().and_then(|head| head.find("STATE")).unwrap_or_default();
    for (line, run) in lines.iter_mut().skip(1).zip(runs) {
        // Names before it are ASCII, so that its place is the same in all lines.
        if line.get(at..).is_some_and(|rest| rest.starts_with(run.state.word())) {
            line.replace_range(
                at..at + run.state.word().len(),
                &invocation.output.state(run.state, 0),
            );
        }
    }
    lines.join("\n")
}

fn row(run: &RunView, now: u64) -> [String; 9] {
    let stage = run.stages.last();
    let job = stage.and_then(|stage| stage.job_id).map_or("-".to_owned(), |id| id.to_string());
    let node = stage.and_then(|stage| stage.node.as_deref()).unwrap_or("-");
    let summary = stage.map_or("", |stage| stage.summary.as_str());
    [
        run.id.clone(),
        run.flow.to_string(),
        run.design.clone(),
        run.profile.clone(),
        run.state.word().to_owned(),
        job,
        node.to_owned(),
        span(now.saturating_sub(run.created_unix_ms)),
        summary.to_owned(),
    ]
}
