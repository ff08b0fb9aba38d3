//! `edctl submit`: the record first, then the job, then nothing that a closed terminal could end.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context;
use edctl_flow::Flow;
use edctl_tracectx::{SpanId, TraceId, TraceParent};
use serde::Serialize;

use super::invocation::{Desk, Invocation};
use super::patience::{Interrupt, Patience};
use super::{logs, status};
use crate::cli::SubmitArgs;
use crate::config::{Design, Resources};
use crate::executor::{Choice, Executor, local, machine, process, slurm};
use crate::problem::{OrProblem, Problem};
use crate::run::{JobRecord, RunDir, RunRecord, Source, write_json, write_text};
use crate::shell::quoted;

/// Submits a run.
pub(crate) fn run(invocation: &Invocation, args: &SubmitArgs) -> Result<u8, Problem> {
    let desk = invocation.desk()?;
    let record = plan(&desk, args)?;
    if record.executor == Executor::Local {
        for lack in machine::lacks(&record.resources) {
            invocation.output.progress(format!(
                "warning: {lack}; it runs all the same, slower or until memory ends"
            ));
        }
    }
    let interrupt = Interrupt::listen()?;
    let (dir, record) = write_record(&desk, record)?;
    let job = match record.executor {
        Executor::Slurm => slurm::submit(desk.config.slurm_bin_dir(), &dir, &record)?,
        Executor::Local => local::start(&dir, &record)?,
    };
    tell(invocation, &dir, &record, &job, args)?;
    if !args.follow && !args.wait {
        return interrupt.heed(invocation.output).map(|()| 0);
    }
    let mut patience = Patience::new(&desk, &dir, interrupt);
    if args.follow {
        logs::follow(invocation, &mut patience, &dir, &record)?;
    }
    status::show_end(invocation, &mut patience)
}

/// Everything that can be wrong is found here, before anything is written.
fn plan(desk: &Desk, args: &SubmitArgs) -> Result<RunRecord, Problem> {
    let (name, design) = desk.config.design(args.design.as_deref())?;
    let design_dir = desk.flow_dir.root().join(&design.dir);
    let trace = trace()?;
    Ok(RunRecord {
        schema: "edctl.run/v1".to_owned(),
        id: String::new(),
        flow: args.flow,
        design: name.to_owned(),
        top: design.top.clone().unwrap_or_else(|| name.to_owned()),
        profile: args.profile.clone(),
        resources: desk.config.resources(&args.profile)?,
        executor: choose(desk, args.executor)?,
        traceparent: TraceParent::root(trace).to_string(),
        plan: sub_tests(args.flow, &design_dir, design)?,
        source: source(&design_dir, design)?,
        flow_dir: desk.flow_dir.root().to_owned(),
        user: user(),
        host: process::host(),
        created_unix_ms: crate::time::now_unix_ms(),
        edctl_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// The trace that we are part of already, such as a CI job's, else a new one.
fn trace() -> Result<TraceId, Problem> {
    let outer = std::env::var("TRACEPARENT").ok().and_then(|text| TraceParent::parse(&text).ok());
    match outer {
        Some(outer) => Ok(outer.trace),
        None => TraceId::random().context("cannot make a trace id").or_infra(),
    }
}

fn choose(desk: &Desk, asked: Option<Choice>) -> Result<Executor, Problem> {
    let bin_dir = desk.config.slurm_bin_dir();
    let installed = slurm::is_installed(bin_dir);
    match asked.or_else(|| desk.config.executor()).unwrap_or(Choice::Auto) {
        Choice::Local => Ok(Executor::Local),
        Choice::Auto if !installed => Ok(Executor::Local),
        Choice::Slurm if !installed => Err(Problem::usage(format!(
            "there is no sbatch in {}: use --executor local, or set slurm.bin_dir",
            bin_dir.display()
        ))),
        Choice::Auto | Choice::Slurm => Ok(Executor::Slurm),
    }
}

/// The sub-tests that must report: a test that vanishes is not a test that passed.
fn sub_tests(flow: Flow, design_dir: &Path, design: &Design) -> Result<Vec<String>, Problem> {
    if flow != Flow::Sim {
        return Ok(Vec::new());
    }
    let Some(list) = &design.subtests else {
        return Err(Problem::usage("the design does not say its subtests, so no sim could pass"));
    };
    let path = design_dir.join(list);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string()).or_usage()?;
    let names: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(Problem::usage(format!("{} names no sub-test", path.display())));
    }
    Ok(names)
}

fn source(design_dir: &Path, design: &Design) -> Result<Source, Problem> {
    let path = design_dir.join(&design.sources);
    let read = Source::read(path.clone());
    let absent = matches!(&read, Err(error) if error.kind() == io::ErrorKind::NotFound);
    let words = || match design.fetch.as_deref().unwrap_or("make fetch") {
        fetch if absent => format!(
            "the design's sources are not here: bring them with `{fetch}` ({})",
            path.display()
        ),
        _ => format!("cannot read the design's source {}", path.display()),
    };
    read.with_context(words).or_usage()
}

fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| {
        // No name in the environment, as under a bare service: the number serves.
        rustix::process::getuid().as_raw().to_string()
    })
}

/// The directory and its files, on disk before any job exists.
fn write_record(desk: &Desk, plan: RunRecord) -> Result<(RunDir, RunRecord), Problem> {
    let (id, dir) = desk.store.create()?;
    let root = TraceParent::parse(&plan.traceparent).or_infra()?;
    let span = SpanId::derive(&root.trace, 0, 0, &id);
    let run = RunRecord { id, traceparent: root.child(span).to_string(), ..plan };
    if let Err(problem) = fill(desk, &dir, &run) {
        // Half a record would stand in the way of every later @last; no job knows of it yet.
        let _ = fs::remove_dir_all(dir.path());
        return Err(problem);
    }
    Ok((dir, run))
}

fn fill(desk: &Desk, dir: &RunDir, run: &RunRecord) -> Result<(), Problem> {
    let stage = dir.stage(run.flow);
    fs::create_dir_all(stage.path())
        .with_context(|| format!("cannot make {}", stage.path().display()))
        .or_infra()?;
    write_text(&stage.command(), &command(desk, dir, run)?)?;
    write_json(&dir.record(), run)
}

/// The stage's command, which a person can repeat by hand: `sh cmd.sh`.
fn command(desk: &Desk, dir: &RunDir, run: &RunRecord) -> Result<String, Problem> {
    let (_, design) = desk.config.design(Some(&run.design))?;
    Ok(format!(
        "#!/bin/sh\n# Stage {flow} of run {id}.\n\
         cd {dir} || exit 1\nexec make {flow} BUILD={build} JOBS={jobs}\n",
        flow = run.flow,
        id = run.id,
        dir = quoted(&run.flow_dir.join(&design.dir)),
        build = quoted(&dir.stage(run.flow).work()),
        jobs = run.resources.cpus,
    ))
}

fn tell(
    invocation: &Invocation,
    dir: &RunDir,
    run: &RunRecord,
    job: &JobRecord,
    args: &SubmitArgs,
) -> Result<(), Problem> {
    let stays = args.wait || args.follow;
    if invocation.output.is_json() {
        // With --wait the one object is the end's.
        return if stays { Ok(()) } else { invocation.output.json(&submitted(dir, run, job)) };
    }
    let limits = limits(&run.resources);
    let lines = [
        format!(
            "run {}  {} of {}, profile {} ({limits})",
            run.id, run.flow, run.design, run.profile
        ),
        match (job.job_id, &job.process) {
            (Some(id), _) => format!("job {id}"),
            (None, Some(process)) => format!("process {} on {}", process.pid, process.host),
            (None, None) => "process over already".to_owned(),
        },
        format!("dir {}", dir.path().display()),
    ];
    if stays {
        lines.iter().for_each(|line| invocation.output.progress(line));
        return Ok(());
    }
    invocation.output.line(lines.join("\n"))?;
    invocation
        .output
        .line(format!("next: edctl logs -f {0} | edctl status {0} | edctl cancel {0}", run.id))
}

fn limits(resources: &Resources) -> String {
    let partition = resources.partition.as_deref().unwrap_or("default partition");
    let time = crate::time::span(resources.time_limit_secs * 1000);
    format!("{partition}, {} CPUs, {} MiB, {time}", resources.cpus, resources.memory_mib)
}

/// What `-o json` prints of a submission.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Submitted<'a> {
    /// `edctl.submit/v1`
    schema: &'static str,
    id: &'a str,
    flow: Flow,
    design: &'a str,
    profile: &'a str,
    executor: Executor,
    dir: &'a Path,
    job_id: Option<u32>,
    traceparent: &'a str,
}

fn submitted<'a>(dir: &'a RunDir, run: &'a RunRecord, job: &JobRecord) -> Submitted<'a> {
    Submitted {
        schema: "edctl.submit/v1",
        id: &run.id,
        flow: run.flow,
        design: &run.design,
        profile: &run.profile,
        executor: run.executor,
        dir: dir.path(),
        job_id: job.job_id,
        traceparent: &run.traceparent,
    }
}
