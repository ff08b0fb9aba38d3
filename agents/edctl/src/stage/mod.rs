//! `edctl run-stage`: what a job runs. It is the source of truth about its stage: it starts the
//! command, stops it when it must, judges what it left, and writes the result as its last act.

mod child;
mod evidence;
mod guard;
mod memory;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use edctl_flow::{Judgement, Outcome, Verdict};
use edctl_tracectx::{SpanId, TraceParent};

use crate::cli::RunStageArgs;
use crate::executor::process;
use crate::problem::{OrProblem, Problem};
use crate::run::{
    MetricsRecord, ResultRecord, RunDir, RunRecord, StageDir, StartRecord, write_json,
};
use crate::time::now_unix_ms;

/// What a make above us would tell a make below us, in vain.
const MAKES_OWN: [&str; 4] = ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"];

/// Slurm's word about this job, where Slurm runs it.
struct Job {
    id: Option<u32>,
    restart: u32,
    node: String,
}

/// Runs the stage; its exit code is the verdict's.
pub(crate) fn run(args: &RunStageArgs) -> Result<u8, Problem> {
    if args.new_session {
        rustix::process::setsid().context("cannot leave the terminal's session").or_infra()?;
    }
    let dir = RunDir(args.run_dir.clone());
    let run = dir.read()?;
    if run.flow != args.stage {
        return Err(Problem::usage(format!("run {} has no stage {}", run.id, args.stage)));
    }
    let stage = dir.stage(run.flow);
    let judgement = match attempt(&dir, &stage, &run) {
        Ok(judgement) => judgement,
        // The user learns it from the result; the executor's log is for administrators.
        Err(Problem::Infra(error)) => Judgement::bare(Verdict::Error, format!("{error:#}")),
        Err(other) => return Err(other),
    };
    write_json(&stage.metrics(), &MetricsRecord::of(&judgement))?;
    write_json(&stage.result(), &ResultRecord::of(&run, &judgement))?;
    Ok(judgement.verdict.exit_code())
}

fn attempt(dir: &RunDir, stage: &StageDir, run: &RunRecord) -> Result<Judgement, Problem> {
    // From here on a signal is an order to stop, and no longer our death.
    let stop = child::StopSignals::listen().context("cannot listen for signals").or_infra()?;
    clear_earlier_attempt(stage)?;
    let job = Job::of_environment();
    let traceparent = traceparent(run, &job)?;
    write_json(&stage.start(), &start_record(&job, &traceparent)?)?;
    if dir.cancel().exists() {
        return Ok(Judgement::bare(Verdict::Cancelled, "cancelled before it started"));
    }
    if let Some(reason) = run.source.drift() {
        return Ok(Judgement::bare(Verdict::Error, reason));
    }
    let kills_before = memory::oom_kills();
    let limit = Duration::from_secs(run.resources.time_limit_secs);
    let mut outcome = child::run(command(stage, run, &traceparent)?, limit, &stop)
        .with_context(|| format!("cannot run {}", stage.command().display()))
        .or_infra()?;
    let killed_for_memory = memory::oom_kills() > kills_before;
    if dir.cancel().exists() && outcome != Outcome::Exited(0) {
        outcome = Outcome::Cancelled;
    } else if killed_for_memory && matches!(outcome, Outcome::Exited(_) | Outcome::Signaled(_)) {
        outcome = Outcome::OutOfMemory;
    }
    let judgement = evidence::judge(stage, run, outcome)?;
    Ok(unless_drifted(judgement, run.source.drift()))
}

/// Facts about a design need the design that was submitted, until the command has read it.
fn unless_drifted(judgement: Judgement, drift: Option<String>) -> Judgement {
    let stopped = matches!(judgement.verdict, Verdict::Cancelled | Verdict::Timeout | Verdict::Oom);
    match drift {
        Some(reason) if !stopped => Judgement::bare(Verdict::Error, reason),
        _ => judgement,
    }
}

/// Slurm may run a job again, after a lost node: only the last attempt counts.
fn clear_earlier_attempt(stage: &StageDir) -> Result<(), Problem> {
    for gone in [
        remove(&stage.result(), |path| fs::remove_file(path)),
        remove(&stage.metrics(), |path| fs::remove_file(path)),
        remove(&stage.work(), |path| fs::remove_dir_all(path)),
    ] {
        gone?;
    }
    fs::create_dir_all(stage.work())
        .with_context(|| format!("cannot make {}", stage.work().display()))
        .or_infra()
}

fn remove(path: &Path, remove: impl Fn(&Path) -> io::Result<()>) -> Result<(), Problem> {
    match remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display())).or_infra()
        }
        _ => Ok(()),
    }
}

fn command(stage: &StageDir, run: &RunRecord, trace: &TraceParent) -> Result<Command, Problem> {
    let log = new_log(&stage.log())
        .with_context(|| format!("cannot write {}", stage.log().display()))
        .or_infra()?;
    let mut command = Command::new("/bin/sh");
    command
        .arg(stage.command())
        .current_dir(&run.flow_dir)
        .env("TRACEPARENT", trace.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone().or_infra()?)
        .stderr(log);
    for name in MAKES_OWN {
        command.env_remove(name);
    }
    Ok(command)
}

/// A new file in place of an earlier attempt's: whoever follows that one sees that it was replaced.
fn new_log(path: &Path) -> io::Result<File> {
    let part = path.with_extension("log.part");
    let log = File::create(&part)?;
    fs::rename(&part, path)?;
    Ok(log)
}

/// The context of what the command does: a child of the run's own, by a span id that hooks derive too.
fn traceparent(run: &RunRecord, job: &Job) -> Result<TraceParent, Problem> {
    let root = TraceParent::parse(&run.traceparent).context("the run's traceparent").or_infra()?;
    let id = job.id.unwrap_or_default();
    Ok(root.child(SpanId::derive(&root.trace, id, job.restart, "execute")))
}

fn start_record(job: &Job, traceparent: &TraceParent) -> Result<StartRecord, Problem> {
    Ok(StartRecord {
        schema: "edctl.start/v1".to_owned(),
        process: process::identify(std::process::id()).context("cannot read /proc").or_infra()?,
        node: job.node.clone(),
        job_id: job.id,
        restart: job.restart,
        traceparent: traceparent.to_string(),
        started_unix_ms: now_unix_ms(),
    })
}

impl Job {
    fn of_environment() -> Self {
        let number = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
        Self {
            id: number("SLURM_JOB_ID"),
            restart: number("SLURM_RESTART_COUNT").unwrap_or_default(),
            node: std::env::var("SLURMD_NODENAME").unwrap_or_else(|_| process::host()),
        }
    }
}
