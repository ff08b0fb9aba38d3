//! The local executor: the stage as a process of its own session on this machine.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

use super::answer::Answer;
use super::process;
use crate::problem::{OrProblem, Problem};
use crate::run::{JobRecord, ProcessId, RunDir, RunRecord, write_json};

/// How long a stage may take to say that it started.
const START: Duration = Duration::from_secs(30);

/// How often we look whether it did.
const LOOK: Duration = Duration::from_millis(10);

/// Starts the run's stage and returns once it has left this terminal's session.
pub(crate) fn start(dir: &RunDir, run: &RunRecord) -> Result<JobRecord, Problem> {
    let stage = dir.stage(run.flow);
    let executor_log = File::create(stage.executor_log())
        .with_context(|| format!("cannot write {}", stage.executor_log().display()))
        .or_infra()?;
    let child = Command::new(std::env::current_exe().or_infra()?)
        .arg("run-stage")
        .arg("--new-session")
        .arg("--run-dir")
        .arg(dir.path())
        .args(["--stage", run.flow.name()])
        .current_dir(&run.flow_dir)
        .env("TRACEPARENT", &run.traceparent)
        .stdin(Stdio::null())
        .stdout(executor_log.try_clone().or_infra()?)
        .stderr(executor_log)
        .spawn()
        .context("cannot start the stage")
        .or_infra()?;
    let job = JobRecord {
        schema: "edctl.job/v1".to_owned(),
        job_id: None,
        // A stage that is over already needs no process to ask.
        process: process::identify(child.id()).ok(),
        submitted_unix_ms: crate::time::now_unix_ms(),
    };
    write_json(&stage.job(), &job)?;
    await_start(child, &stage.executor_log(), || {
        stage.start().exists() || stage.result().exists()
    })?;
    Ok(job)
}

/// Waits until the stage has written a record; until then ^C would reach it too.
fn await_start(mut child: Child, log: &Path, started: impl Fn() -> bool) -> Result<(), Problem> {
    let deadline = Instant::now() + START;
    while !started() {
        if let Some(status) = child.try_wait().or_infra()? {
            if started() {
                return Ok(());
            }
            return Err(Problem::infra(format!(
                "the stage ended at once ({status}): {} may say more",
                log.display()
            )));
        }
        if Instant::now() > deadline {
            return Err(Problem::infra(format!(
                "the stage did not start within {START:?}: edctl status says whether it does later"
            )));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// What the process table says of a stage without a result.
pub(crate) fn ask(process: Option<&ProcessId>, started: bool) -> Answer {
    let Some(process) = process else { return Answer::Gone };
    match process::is_alive(process) {
        Some(true) if started => Answer::Running { node: None },
        Some(true) => Answer::Pending { reason: "starting".to_owned() },
        Some(false) => Answer::Gone,
        None => Answer::Unknown { reason: format!("it runs on {}: ask there", process.host) },
    }
}

/// Asks the stage to stop; it then kills what it started and writes its result.
pub(crate) fn cancel(process: &ProcessId) -> Result<(), Problem> {
    match process::is_alive(process) {
        Some(false) => return Ok(()),
        Some(true) => {}
        None => {
            return Err(Problem::usage(format!("it runs on {}: cancel it there", process.host)));
        }
    }
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Problem::infra(format!("{} is no process id", process.pid)))?;
    match kill_process(pid, Signal::TERM) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        killed => killed.with_context(|| format!("cannot stop process {}", process.pid)).or_infra(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_table_is_believed() {
        let me = process::identify(std::process::id()).unwrap();
        assert_eq!(ask(Some(&me), true), Answer::Running { node: None });
        assert!(matches!(ask(Some(&me), false), Answer::Pending { .. }));
        let gone = ProcessId { start_ticks: 0, ..me.clone() };
        assert_eq!(ask(Some(&gone), true), Answer::Gone);
        let elsewhere = ProcessId { host: "elsewhere.invalid".to_owned(), ..me };
        assert!(matches!(ask(Some(&elsewhere), true), Answer::Unknown { .. }));
        assert!(matches!(cancel(&elsewhere), Err(Problem::Usage(_))));
        assert_eq!(ask(None, false), Answer::Gone);
    }
}
