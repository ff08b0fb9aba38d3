//! The Slurm executor: one batch job for each stage, through the registry's commands alone.

use std::path::Path;

use edctl_fault::Chain;
use edctl_flow::{Judgement, Verdict};
use edctl_slurm::{Invocation, JobComment, Output, RunError, Runner, commands};

use super::answer::{Answer, Sighting};
use super::queue::Queue;
use super::words::{DEADLINE, is_unknown_job, job_name, one_line};
use crate::problem::Problem;
use crate::run::{JobRecord, ResultRecord, RunDir, RunRecord, write_json};

/// What a job sees of the submitter's environment.
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "LD_LIBRARY_PATH"];

/// The stage stops itself at its limit; Slurm's own limit lies a little behind, so that the stage
/// can still write how far it came.
const GRACE_SECS: u64 = 60;

/// Slurm's errors after which slurmctld may have taken the job all the same: only its answer is lost.
const ANSWER_LOST: [&str; 4] = [
    "Socket timed out on send/recv operation",
    "Zero Bytes were transmitted or received",
    "Unexpected message received",
    "Transport endpoint is not connected",
];

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
    let job_id = match Runner::new(bin_dir).run(&invocation) {
        Ok(output) => match parse_job_id(&output.stdout) {
            Some(id) => id,
            None => find_job(bin_dir, run, &not_understood(&output))?,
        },
        Err(error) if is_refusal(&error) => return Err(refused(dir, run, error)?),
        // slurmctld may have taken the job and only its answer be lost, or a site's own sbatch may fail
        // in what it does afterwards.
        Err(error @ RunError::Failed { .. }) => match Queue::new(bin_dir).ask(run, None) {
            Sighting { job_id: Some(id), .. } => id,
            Sighting { answer: Answer::Gone, .. } if !is_answer_lost(&error) => {
                return Err(refused(dir, run, error)?);
            }
            _ => return Err(in_doubt(run, &Chain(&error).to_string())),
        },
        Err(error) => find_job(bin_dir, run, &Chain(&error).to_string())?,
    };
    let job = JobRecord {
        schema: "edctl.job/v1".to_owned(),
        job_id: Some(job_id),
        process: None,
        submitted_unix_ms: crate::time::now_unix_ms(),
    };
    write_json(&stage.job(), &job)?;
    Ok(job)
}

/// The job of a submission whose answer gave no id, by the run in its comment.
fn find_job(bin_dir: &Path, run: &RunRecord, answer: &str) -> Result<u32, Problem> {
    let sighting = Queue::new(bin_dir).ask(run, None);
    sighting.job_id.ok_or_else(|| in_doubt(run, answer))
}

fn in_doubt(run: &RunRecord, answer: &str) -> Problem {
    Problem::infra(format!(
        "run {id} may have a job or not: {answer}. Before you submit again, `edctl status {id}` looks \
         for it; so does `squeue --me --name={name} --Format=JobID,State,Comment:200`, where its comment \
         has run={id}",
        answer = one_line(answer),
        id = run.id,
        name = job_name(run),
    ))
}

/// Cancels a job; one that is over already is no error.
pub(crate) fn cancel(bin_dir: &Path, job_id: u32) -> Result<(), Problem> {
    let invocation = Invocation::new(&commands::CANCEL).arg(job_id.to_string()).deadline(DEADLINE);
    match Runner::new(bin_dir).run(&invocation) {
        Err(error) if !is_unknown_job(&error) => Err(in_slurms_words(error)),
        _ => Ok(()),
    }
}

/// Whether sbatch surely made no job: it never ran, or slurmctld answered and said no.
fn is_refusal(error: &RunError) -> bool {
    match error {
        RunError::Start { .. } => true,
        RunError::Failed { stderr, .. } => {
            stderr.contains("Batch job submission failed: ") && !is_answer_lost(error)
        }
        _ => false,
    }
}

/// slurmctld may still take such a job after we looked for it.
fn is_answer_lost(error: &RunError) -> bool {
    let RunError::Failed { stderr, .. } = error else { return false };
    ANSWER_LOST.iter().any(|words| stderr.contains(words))
}

/// No job came to be, so nobody else will write the stage's result.
fn refused(dir: &RunDir, run: &RunRecord, error: RunError) -> Result<Problem, Problem> {
    let problem = in_slurms_words(error);
    let reason = one_line(&problem.message().unwrap_or_default());
    let judgement = Judgement::bare(Verdict::Error, reason);
    write_json(&dir.stage(run.flow).result(), &ResultRecord::of(run, &judgement))?;
    Ok(problem)
}

fn sbatch(dir: &RunDir, run: &RunRecord) -> Invocation {
    let stage = dir.stage(run.flow);
    let resources = &run.resources;
    let (id, stage_name) = (run.id.to_string(), run.flow.to_string());
    let comment = JobComment {
        run: Some(&id),
        // Flows have one stage each, of the same name.
        flow: Some(&stage_name),
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
        edctl = crate::shell::quoted(&edctl),
        dir = crate::shell::quoted(dir.path()),
    ))
}

/// The one line that is an answer: `id` or `id;cluster`, as `--parsable` prints it, or sbatch's sentence
/// where a site's wrapper drops that option. Sites print notices before and after it; where two lines
/// could be the answer, neither is.
fn parse_job_id(stdout: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(stdout);
    let mut answers = text.lines().filter_map(|line| parse_answer(line.trim()));
    let first = answers.next()?;
    answers.all(|other| other == first).then_some(first)
}

fn parse_answer(line: &str) -> Option<u32> {
    let id = match line.strip_prefix("Submitted batch job ") {
        Some(rest) => rest.split_once(" on cluster ").map_or(rest, |(id, _)| id),
        None => {
            line.split_once(';').filter(|(_, name)| is_cluster(name)).map_or(line, |(id, _)| id)
        }
    };
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| id.parse().ok().filter(|id| *id > 0)).flatten()
}

fn is_cluster(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn not_understood(output: &Output) -> String {
    let said = [String::from_utf8_lossy(&output.stdout).into_owned(), output.stderr.clone()];
    format!("sbatch gave no job id but '{}'", one_line(said.join("\n").trim()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_with_and_without_cluster() {
        for text in ["42\n", "42;edctl\n", "Submitted batch job 42\n", " 42\r\n"] {
            assert_eq!(parse_job_id(text.as_bytes()), Some(42), "{text:?}");
        }
        assert_eq!(parse_job_id(b"Submitted batch job 42 on cluster edctl\n"), Some(42));
        for text in ["", "sbatch: error", "42x", "-1", "+42", "0", "42;no cluster", "42 jobs"] {
            assert_eq!(parse_job_id(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_sites_notices_around_the_id_do_not_matter() {
        let notices = "-----\n  Quota: 12 % used of 500\nproject 7 is fine\n42\nGood luck!\n";
        assert_eq!(parse_job_id(notices.as_bytes()), Some(42));
        assert_eq!(parse_job_id(b"\xe9t\xe9\n42\n"), Some(42), "in Latin-1");
        assert_eq!(parse_job_id(b"42\nSubmitted batch job 42\n"), Some(42));
        assert_eq!(parse_job_id(b"2026\n42\n"), None, "which of them?");
    }
}
