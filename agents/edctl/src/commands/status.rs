//! `edctl status`: how a run stands.

use edctl_flow::Verdict;

use super::invocation::Invocation;
use super::patience::Patience;
use crate::cli::RunArgs;
use crate::problem::Problem;
use crate::run::{RunView, StageView, State};
use crate::time::{now_unix_ms, span};

/// The figures that people ask for first, with their words.
const FIGURES: [(&str, &str); 6] = [
    ("synth__design__instance__count__stdcell", "cells"),
    ("synth__design__instance__area__stdcell", "area"),
    ("synth__timing__setup__ws", "setup slack (ns)"),
    ("synth__timing__setup__tns", "setup TNS (ns)"),
    ("sim__design__cycles", "cycles"),
    ("sim__design__cpi", "cycles per instruction"),
];

/// Shows a run; the exit code is its verdict's once it has one.
pub(crate) fn run(invocation: &Invocation, args: &RunArgs) -> Result<u8, Problem> {
    let desk = invocation.desk()?;
    let dir = desk.store.find(&args.run)?;
    let view = desk.observer().observe(&dir)?;
    show(invocation, &view)
}

/// Waits for the run's end and shows it.
pub(crate) fn show_end(invocation: &Invocation, patience: &mut Patience) -> Result<u8, Problem> {
    let view = patience.wait(invocation.output)?;
    show(invocation, &view)
}

fn show(invocation: &Invocation, view: &RunView) -> Result<u8, Problem> {
    if invocation.output.is_json() {
        invocation.output.json(view)?;
    } else {
        invocation.output.line(render(invocation, view))?;
    }
    Ok(match view.state {
        State::Ended(verdict) => verdict.exit_code(),
        State::Unknown => 3,
        State::Pending | State::Running => 0,
    })
}

fn render(invocation: &Invocation, view: &RunView) -> String {
    let now = now_unix_ms();
    let mut lines = vec![format!(
        "run   {}  {} of {}, profile {}, {}",
        view.id,
        view.flow,
        view.design,
        view.profile,
        view.executor.word()
    )];
    for stage in &view.stages {
        lines.push(stage_line(invocation, stage, now));
        lines.extend(
            stage.first_failure.iter().map(|name| format!("      first failing sub-test: {name}")),
        );
        lines.extend(figures(stage));
        lines.extend(
            stage.left_out.iter().map(|(name, text)| format!("      left out: {name} ('{text}')")),
        );
        if stage.state.verdict().is_some_and(|verdict| verdict.exit_code() != 0) {
            lines.push(format!("log   {}", stage.log.display()));
        }
    }
    lines.push(format!("dir   {}", view.dir.display()));
    lines.push(format!("trace {}", view.traceparent));
    lines.join("\n")
}

fn stage_line(invocation: &Invocation, stage: &StageView, now: u64) -> String {
    let mut parts = vec![format!("{:5} {}", stage.name, invocation.output.state(stage.state, 0))];
    parts.extend(stage.score());
    // The figures of a pass stand on a line of their own.
    let told_by_figures = stage.state == State::Ended(Verdict::Passed) && figures(stage).is_some();
    if !stage.summary.is_empty() && !told_by_figures && stage.summary != stage.state.word() {
        parts.push(stage.summary.clone());
    }
    let mut line = parts.join(" ");
    line.extend(stage.job_id.map(|id| format!("   job {id}")));
    line.extend(stage.node.as_ref().map(|node| format!("   on {node}")));
    line.extend(stage.duration_ms(now).map(|ms| format!("   {}", span(ms))));
    line
}

fn figures(stage: &StageView) -> Option<String> {
    let known = FIGURES
        .iter()
        .filter_map(|(name, words)| Some((words, stage.metrics.get(*name)?)))
        .map(|(words, value)| format!("{words} {}", number(*value)))
        .collect::<Vec<_>>();
    (!known.is_empty()).then(|| format!("      {}", known.join(", ")))
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
