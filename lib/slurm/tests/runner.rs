//! The runner against scripts that stand in for Slurm's commands.

#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use edctl_slurm::{Invocation, LeftOut, RowError, RunError, Runner, commands, query};
use edctl_testkit::put_program;
use tempfile::TempDir;

/// A commands' directory whose `squeue` is the shell script `body`.
fn squeue(body: &str) -> (TempDir, Runner) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("squeue");
    put_program(&path, &format!("#!/bin/sh\n{body}\n"));
    let runner = Runner::new(dir.path());
    (dir, runner)
}

fn jobs() -> Invocation {
    Invocation::new(&commands::JOBS).deadline(Duration::from_secs(20))
}

fn job() -> Invocation {
    Invocation::new(&commands::JOB).deadline(Duration::from_secs(20))
}

/// Whether a process of that id runs (a zombie that nobody has collected yet does not).
fn is_running(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).unwrap();
    match fs::read_to_string(format!("/proc/{}/stat", pid.trim())) {
        Ok(stat) => !stat.contains(") Z"),
        Err(_) => false,
    }
}

/// Waits for a killed process to be gone: the kernel ends it some time after the signal.
fn assert_ends(pid_file: &Path) {
    let until = Instant::now() + Duration::from_secs(10);
    while is_running(pid_file) {
        assert!(Instant::now() < until, "still running");
        std::thread::yield_now();
    }
}

#[test]
fn hands_out_both_streams_apart() {
    let (_dir, runner) = squeue("echo rows; echo warning >&2");
    let output = runner.run(&jobs()).unwrap();
    assert_eq!(output.stdout, b"rows\n");
    assert_eq!(output.stderr, "warning\n");
}

#[test]
fn gives_the_fixed_arguments_before_the_callers_and_no_shell_reads_them() {
    let (_dir, runner) = squeue(r#"printf '%s\n' "$@""#);
    let output = runner.run(&job().arg("--name=$(id) ; x")).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut wanted = commands::JOB.args.to_vec();
    wanted.push("--name=$(id) ; x");
    assert_eq!(printed.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn rows_have_a_word_that_differs_from_call_to_call() {
    let (_dir, runner) = squeue(
        "for a; do case $a in --Format=*) a=${a#*|}; echo \"row|${a%%|*}|\"; esac; done\n\
         echo 'forged|ROW|'",
    );
    let words: Vec<String> = [jobs(), jobs()]
        .map(|call| {
            let mut rows = Vec::new();
            let mut keep = |row: &str| {
                rows.push(row.to_owned());
                Ok(LeftOut::default())
            };
            let rejected = query(&runner, &call, &mut keep).unwrap();
            assert_eq!(rejected.iter().collect::<Vec<_>>(), [(RowError::Stray, 1)]);
            assert!(rows.iter().all(|row| row.starts_with("row|")) && rows.len() == 1);
            String::from_utf8(runner.run(&call).unwrap().stdout).unwrap()
        })
        .into();
    assert_ne!(words[0], words[1]);
}

#[test]
fn the_environment_is_ours_alone() {
    let (_dir, runner) = squeue("exec /usr/bin/env");
    let output = runner.run(&jobs().env("TRACEPARENT", "00-a-b-01")).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<_> = printed
        .lines()
        .filter_map(|line| line.split('=').next())
        // The shell that plays squeue adds these itself.
        .filter(|name| !["PWD", "SHLVL", "_", "OLDPWD", "SLURM_CONF"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["LC_ALL", "SLURM_BITSTR_LEN", "SLURM_TIME_FORMAT", "TRACEPARENT", "TZ"],
        "{printed}"
    );
}

#[test]
fn feeds_a_script_on_stdin_and_starts_where_it_is_told() {
    let (dir, runner) = squeue("pwd; cat");
    // More than a pipe holds.
    let script = "x".repeat(1 << 20);
    let output = runner.run(&jobs().stdin(script.as_str()).current_dir(dir.path())).unwrap();
    let wanted = format!("{}\n{script}", dir.path().display());
    assert!(output.stdout == wanted.as_bytes());
}

#[test]
fn without_a_script_stdin_is_empty() {
    let (_dir, runner) = squeue("cat");
    assert_eq!(runner.run(&jobs()).unwrap().stdout, b"");
}

#[test]
fn a_failure_keeps_the_commands_own_words() {
    let (_dir, runner) = squeue("echo half; echo 'slurm_load_jobs error: no' >&2; exit 3");
    let error = runner.run(&jobs()).unwrap_err();
    let RunError::Failed { status, stderr, .. } = &error else { panic!("{error}") };
    assert_eq!(status.code(), Some(3));
    assert_eq!(stderr, "slurm_load_jobs error: no\n");
    assert_eq!(error.reason(), "exit_status");
}

#[test]
fn a_command_killed_by_a_signal_has_failed() {
    let (_dir, runner) = squeue("echo half; kill -9 $$");
    assert!(matches!(runner.run(&jobs()), Err(RunError::Failed { .. })));
}

#[test]
fn a_missing_command_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let error = Runner::new(dir.path()).run(&jobs()).unwrap_err();
    assert!(matches!(error, RunError::Start { .. }), "{error}");
}

#[test]
fn at_the_deadline_the_whole_group_is_killed() {
    let (dir, runner) =
        squeue("cd \"${0%/*}\"; /bin/sleep 600 & echo $! > grandchild; echo $$ > child; wait");
    let begin = Instant::now();
    // Long enough for the script to have written its files on a busy machine.
    let error = runner.run(&jobs().deadline(Duration::from_secs(3))).unwrap_err();
    assert!(matches!(error, RunError::Timeout { .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert_ends(&dir.path().join("child"));
    assert_ends(&dir.path().join("grandchild"));
}

#[test]
fn endless_output_is_stopped_at_its_limit() {
    let (dir, runner) = squeue("echo $$ > \"${0%/*}/child\"; exec cat /dev/zero");
    let mut got = 0;
    let error = runner
        .stream(&jobs().max_stdout_bytes(100 << 20), &mut |chunk| got += chunk.len())
        .unwrap_err();
    assert!(matches!(error, RunError::TooLarge { limit_bytes, .. } if limit_bytes == 100 << 20));
    assert!(got <= 100 << 20);
    assert_ends(&dir.path().join("child"));
}

#[test]
fn endless_complaints_cost_no_memory_and_end_at_the_deadline() {
    let (_dir, runner) = squeue("exec cat /dev/zero >&2");
    let error = runner.run(&jobs().deadline(Duration::from_millis(300))).unwrap_err();
    assert!(matches!(error, RunError::Timeout { .. }), "{error}");
}

#[test]
fn a_grandchild_that_keeps_the_pipe_is_not_waited_for_and_not_left() {
    let (dir, runner) = squeue("/bin/sleep 600 & echo $! > \"${0%/*}/grandchild\"; echo done");
    let begin = Instant::now();
    assert_eq!(runner.run(&jobs()).unwrap().stdout, b"done\n");
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert_ends(&dir.path().join("grandchild"));
}

#[test]
fn a_caller_that_stops_does_not_wait() {
    let (dir, runner) = squeue("echo $$ > \"${0%/*}/child\"; echo started; exec /bin/sleep 600");
    let (reader, writer) = std::io::pipe().unwrap();
    let mut writer = Some(writer);
    let error = runner
        .stream(&jobs().cancel_on_close(reader.into()), &mut |_started| drop(writer.take()))
        .unwrap_err();
    assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
    assert_ends(&dir.path().join("child"));
}
