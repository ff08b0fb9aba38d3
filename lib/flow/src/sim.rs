//! The verdict on a simulation of the firmware test.

use crate::firmware::{End, Log, Reported};
use crate::text::{self, Cause};
use crate::{Figure, Figures, Judgement, Outcome, SubResult, Verdict, verilator};

/// A shell's status of a program that aborted.
const SIGABRT: i32 = 128 + 6;

/// What a simulation left behind.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// How the stage's command ended.
    pub outcome: Outcome,
    /// The names of all sub-tests that must report, in their order.
    pub plan: &'a [String],
    /// What the simulator printed; `None` when it never started.
    pub sim_log: Option<&'a [u8]>,
    /// How the testbench says that it ended, in a file of its own; `None` where the makefile has no such
    /// file.
    pub sim_end: Option<&'a [u8]>,
    /// The simulator's own exit status as its shell saw it (128 + n for signal n).
    pub sim_exit: Option<i32>,
    /// What the whole stage printed, build included.
    pub stage_log: &'a [u8],
}

/// Judges a simulation: a pass needs every piece of evidence, anything else names its reason.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let Some(sim_log) = evidence.sim_log else {
        return evidence.outcome.decides().unwrap_or_else(|| judge_build(evidence));
    };
    let log = Log::parse(sim_log, evidence.sim_end);
    let subtests = subtests(evidence.plan, &log);
    let decided =
        evidence.outcome.decides().unwrap_or_else(|| judge_run(evidence, &log, &subtests));
    Judgement {
        first_failure: first_failure(decided.verdict, &subtests),
        subtests: subtests.clone(),
        ..decided.with(figures(&log, &subtests))
    }
}

/// The simulator never started: the design does not compile, or the machine is in trouble.
fn judge_build(evidence: &Evidence<'_>) -> Judgement {
    if let Some(line) = text::machine_trouble(evidence.stage_log) {
        return Judgement::bare(Verdict::Error, format!("build: {line}"));
    }
    match verilator::parse_cause(evidence.stage_log) {
        Some(Cause::Design(line)) => {
            return Judgement::bare(Verdict::Failed, format!("build: {line}"));
        }
        Some(Cause::Machine(line)) => {
            return Judgement::bare(Verdict::Error, format!("build: {line}"));
        }
        None => {}
    }
    let words = text::last_words(evidence.stage_log).unwrap_or_else(|| "no output".to_owned());
    Judgement::bare(Verdict::Error, format!("the simulator never started: {words}"))
}

fn judge_run(evidence: &Evidence<'_>, log: &Log, subtests: &[SubResult]) -> Judgement {
    if let Some(name) = log.order.iter().find(|name| log.subtests[*name] == Reported::Error) {
        return Judgement::bare(Verdict::Failed, format!("sub-test {name} failed"));
    }
    if let Some(line) = &log.fail_line {
        return Judgement::bare(Verdict::Failed, line.clone());
    }
    if let Some((verdict, reason)) = bad_end(log, evidence.sim_exit) {
        return Judgement::bare(verdict, reason);
    }
    if !log.says_passed {
        let reason = "the log does not say that all tests passed";
        return Judgement::bare(Verdict::Failed, reason);
    }
    if evidence.plan.is_empty() {
        let reason = "no sub-tests are planned: nothing can pass";
        return Judgement::bare(Verdict::Error, reason);
    }
    if let Some(missing) = subtests.iter().find(|s| s.verdict == Verdict::Missing) {
        let reason = format!("sub-test {} never reported", missing.name);
        return Judgement::bare(Verdict::Missing, reason);
    }
    if let Some(trouble) = evidence.outcome.trouble() {
        let reason = format!("the log is of a pass, but {trouble}");
        return Judgement::bare(Verdict::Error, reason);
    }
    Judgement::bare(Verdict::Passed, format!("{0}/{0} sub-tests", subtests.len()))
}

/// What the simulator's end says against a pass: its last line, and its exit status.
fn bad_end(log: &Log, exit: Option<i32>) -> Option<(Verdict, String)> {
    let failed = |reason: String| Some((Verdict::Failed, reason));
    let error = |reason: String| Some((Verdict::Error, reason));
    let error_line_or = |words: &str| log.error_line.clone().unwrap_or_else(|| words.to_owned());
    match (&log.end, exit) {
        (Some((End::Watchdog, Figure::Taken(cycles))), _) => {
            failed(format!("the design did not end within {cycles} cycles"))
        }
        (Some((End::Watchdog, _)), _) => {
            failed("the design did not end within its allowed cycles".to_owned())
        }
        (Some((End::Stop, _)), _) => failed(error_line_or("the design called $stop")),
        (Some((End::Fatal, _)), _) => failed(error_line_or("Verilator gave the design up")),
        // Verilator's own main says no end: after an error it aborts.
        (None, Some(SIGABRT)) if log.error_line.is_some() => failed(error_line_or("")),
        (None, Some(status)) if status > 128 => {
            error(format!("the simulator was killed by signal {}", status - 128))
        }
        (None, _) => error("the simulator ended without its last line".to_owned()),
        (Some((End::Finish, _)), Some(0)) => None,
        (Some((End::Finish, _)), Some(status)) => {
            error(format!("the simulator exited with {status}"))
        }
        (Some((End::Finish, _)), None) => {
            error("the simulator's exit status is unknown".to_owned())
        }
    }
}

/// The plan with what the log says of each; a sub-test outside the plan is added at the end.
fn subtests(plan: &[String], log: &Log) -> Vec<SubResult> {
    let verdict = |name: &String| match log.subtests.get(name) {
        Some(Reported::Ok) => Verdict::Passed,
        Some(Reported::Error) => Verdict::Failed,
        None => Verdict::Missing,
    };
    let unplanned = log.order.iter().filter(|name| !plan.contains(name));
    plan.iter()
        .chain(unplanned)
        .map(|name| SubResult { name: name.clone(), verdict: verdict(name) })
        .collect()
}

fn first_failure(verdict: Verdict, subtests: &[SubResult]) -> Option<String> {
    let first = |wanted| subtests.iter().find(|s| s.verdict == wanted).map(|s| s.name.clone());
    match verdict {
        Verdict::Passed => None,
        _ => first(Verdict::Failed).or_else(|| first(Verdict::Missing)),
    }
}

fn figures(log: &Log, subtests: &[SubResult]) -> Figures {
    let count = |count: usize| Figure::Taken(count as f64);
    let passed = subtests.iter().filter(|s| s.verdict == Verdict::Passed).count();
    let run_cycles = log.end.as_ref().map(|(_, cycles)| cycles.clone());
    let mut figures = Figures::default();
    figures.put("sim__test__count", &count(subtests.len()));
    figures.put("sim__test__count__passed", &count(passed));
    figures.put("sim__design__cycles", &log.cycles);
    figures.put("sim__design__instructions", &log.instructions);
    figures.put("sim__run__cycles", &run_cycles.unwrap_or_default());
    if let (Some(cycles), Some(instructions)) = (log.cycles.value(), log.instructions.value())
        && instructions > 0.0
    {
        figures.put("sim__design__cpi", &Figure::Taken(cycles / instructions));
    }
    figures
}

#[cfg(test)]
#[path = "sim_tests.rs"]
mod tests;
