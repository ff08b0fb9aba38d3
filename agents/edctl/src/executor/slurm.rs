//! The Slurm executor: one batch job for each stage, through the registry's commands alone.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use edctl_flow::{Judgement, Verdict};
use edctl_slurm::{Invocation, JobComment, RunError, Runner, commands};

use crate::problem::{OrProblem, Problem};
use crate::run::{JobRecord, ResultRecord, RunDir, RunRecord, write_json};

/// What a job sees of the submitter's environment.
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "LD_LIBRARY_PATH"];

/// The stage stops itself at its limit; Slurm's own limit lies a little behind, so that the stage
/// can still write how far it came.
const GRACE_SECS: u64 = 60;

/// How long Slurm has to answer: a controller that restarts takes some seconds.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Whether Slurm's commands are here.
pub(crate) fn is_installed(bin_dir: &Path) -> bool {
    bin_dir.join(commands::SUBMIT.program).is_file()
}

/// Submits the run's stage.
pub(crate) fn submit(bin_dir: &Path, dir: &RunDir, run: &RunRecord) -> Result<JobRecord, Problem> {
    let stage = dir.stage(run.flow);
    let script = job_script(dir, run)?;
    crate::run::write_text(&stage.job_script(), &script)?;
    let invocation = sbatch(dir, run).stdin(script);
    let output = match Runner::new(bin_dir).run(&invocation) {
        Ok(output) => output,
        // Only these two say that there is no job; after a timeout there may be one.
        Err(error @ (RunError::Failed { .. } | RunError::Start { .. })) => {
            let problem = in_slurms_words(error);
            record_refusal(dir, run, &problem)?;
            return Err(problem);
        }
        Err(error) => {
            let doubt = format!("run {} may have a job or not: edctl status looks for it", run.id);
            return Err(error).context(doubt).or_infra();
        }
    };
    let job_id = parse_job_id(&output.stdout)?;
    let job = JobRecord {
        schema: "edctl.job/v1".to_owned(),
        job_id: Some(job_id),
        process: None,
        submitted_unix_ms: crate::time::now_unix_ms(),
    };
    write_json(&stage.job(), &job)?;
    Ok(job)
}

/// Cancels a job; one that is over already is no error.
pub(crate) fn cancel(bin_dir: &Path, job_id: u32) -> Result<(), Problem> {
    let invocation = Invocation::new(&commands::CANCEL).arg(job_id.to_string()).deadline(DEADLINE);
    match Runner::new(bin_dir).run(&invocation) {
        Err(error) if !is_unknown_job(&error) => Err(in_slurms_words(error)),
        _ => Ok(()),
    }
}

/// No job came to be, so nobody else will write the stage's result.
fn record_refusal(dir: &RunDir, run: &RunRecord, problem: &Problem) -> Result<(), Problem> {
    let (Problem::Infra(reason) | Problem::Usage(reason)) = problem else { return Ok(()) };
    let judgement = Judgement::bare(Verdict::Error, one_line(&format!("{reason:#}")));
    write_json(&dir.stage(run.flow).result(), &ResultRecord::of(run, &judgement))
}

/// A summary is one line of a table.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

fn sbatch(dir: &RunDir, run: &RunRecord) -> Invocation {
    let stage = dir.stage(run.flow);
    let resources = &run.resources;
    let (id, stage_name) = (run.id.to_string(), run.flow.to_string());
    let comment = JobComment {
        run: Some(&id),
        flow: None,
        stage: Some(&stage_name),
        profile: Some(&run.profile),
        traceparent: Some(&run.traceparent),
    };
    let minutes = (resources.time_limit_secs + GRACE_SECS).div_ceil(60);
    let mut invocation = Invocation::new(&commands::SUBMIT)
        .arg(format!("--job-name={}", job_name(run)))
        .arg(format!("--comment={comment}"))
        .arg("--nodes=1")
        .arg("--ntasks=1")
        .arg(format!("--cpus-per-task={}", resources.cpus))
        .arg(format!("--mem={}M", resources.memory_mib))
        .arg(format!("--time={minutes}"))
        .arg(format!("--chdir={}", run.flow_dir.display()))
        .arg(format!("--output={}", stage.executor_log().display()))
        .arg("--open-mode=append")
        .env("TRACEPARENT", &run.traceparent)
        .deadline(DEADLINE);
    if let Some(partition) = &resources.partition {
        invocation = invocation.arg(format!("--partition={partition}"));
    }
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            invocation = invocation.env(name, value);
        }
    }
    invocation
}

/// The batch script. The task prolog may have set a `TRACEPARENT` of this very task: it stays.
fn job_script(dir: &RunDir, run: &RunRecord) -> Result<String, Problem> {
    let edctl = std::env::current_exe().map_err(Problem::infra)?;
    Ok(format!(
        "#!/bin/sh\n# Stage {stage} of run {id}; the command itself is in cmd.sh.\n\
         : \"${{TRACEPARENT:={tp}}}\"\nexport TRACEPARENT\n\
         exec {edctl} run-stage --run-dir {dir} --stage {stage}\n",
        stage = run.flow,
        id = run.id,
        tp = run.traceparent,
        edctl = crate::commands::quoted(&edctl),
        dir = crate::commands::quoted(dir.path()),
    ))
}

/// `--parsable` prints `id` or `id;cluster`.
fn parse_job_id(stdout: &[u8]) -> Result<u32, Problem> {
    let text = String::from_utf8_lossy(stdout);
    let id = text.trim().split(';').next().unwrap_or_default();
    id.parse().map_err(|_| Problem::infra(format!("sbatch gave no job id but '{}'", text.trim())))
}

/// What sbatch or scancel said, verbatim: it knows best.
fn in_slurms_words(error: RunError) -> Problem {
    match error {
        RunError::Failed { stderr, .. } if !stderr.trim().is_empty() => {
            Problem::infra(format!("Slurm refused: {}", stderr.trim()))
        }
        error => Problem::Infra(error.into()),
    }
}

/// What a run's job is called; runs of the same kind share it.
pub(super) fn job_name(run: &RunRecord) -> String {
    format!("edctl-{}-{}", run.design, run.flow)
}

pub(super) fn is_unknown_job(error: &RunError) -> bool {
    matches!(error, RunError::Failed { stderr, .. } if stderr.contains("Invalid job id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_with_and_without_cluster() {
        assert_eq!(parse_job_id(b"42\n").unwrap(), 42);
        assert_eq!(parse_job_id(b"42;edctl\n").unwrap(), 42);
        for text in ["", "sbatch: error", "42x", "-1"] {
            assert!(parse_job_id(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
