//! Runs under Slurm, whose commands are scripts here: what edctl asks of them and makes of their
//! answers.

use std::fs;

use crate::bench::{Bench, wait_until};

const SUBMIT: [&str; 2] = ["submit", "--flow=sim"];

/// Notes how it was called, and takes the job.
const TAKES: &str = r#"
printf '%s\n' "$@" >$HERE/sbatch.args
env >$HERE/sbatch.env
cat >$HERE/sbatch.script
ls $HERE/flow/.edctl/runs/*/run.json >$HERE/sbatch.records
echo 42"#;

/// squeue's one row, from a file.
const SHOWS: &str = r#"cat $HERE/row"#;

fn row(state: &str, node: &str, reason: &str) -> String {
    format!("42|XX|{state}|0|{node}|N/A|N/A|{reason}\n")
}

fn submitted() -> Bench {
    let bench = Bench::passing();
    bench.play("sbatch", TAKES);
    bench.play("squeue", SHOWS);
    bench.play("scancel", r#"echo "$@" >$HERE/scancel.args"#);
    bench.write("row", &row("PENDING", "", "Resources"));
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("job 42"), "{said:?}");
    bench
}

#[test]
fn the_job_carries_run_stage_and_trace_and_finds_its_record() {
    let bench = submitted();
    let read = |name: &str| fs::read_to_string(bench.path(name)).unwrap();
    let status = bench.json(&["status"]);
    let (id, tp) = (status["id"].as_str().unwrap(), status["traceparent"].as_str().unwrap());
    let arguments = read("sbatch.args");
    for line in [
        "--parsable".to_owned(),
        format!("--comment=edctl/1 run={id} stage=sim tp={tp}"),
        "--partition=fast".to_owned(),
        "--cpus-per-task=2".to_owned(),
        "--mem=100M".to_owned(),
        "--time=2".to_owned(),
    ] {
        assert!(arguments.lines().any(|argument| argument == line), "no {line} in {arguments}");
    }
    assert!(read("sbatch.env").contains(&format!("TRACEPARENT={tp}")));
    assert!(read("sbatch.records").contains(id), "the record was there before the job");
}

#[test]
fn the_jobs_script_leads_to_the_verdict() {
    let bench = submitted();
    let mut job = std::process::Command::new("/bin/sh");
    job.arg(bench.path("sbatch.script")).env("SLURM_JOB_ID", "42").env("SLURMD_NODENAME", "w7");
    assert!(job.status().unwrap().success());
    let status = bench.json(&["status"]);
    assert_eq!(status["state"], "passed");
    assert_eq!(status["stages"][0]["job_id"], 42);
    assert_eq!(status["stages"][0]["node"], "w7");
    assert_eq!(status["stages"][0]["subtests_passed"], 45);
}

#[test]
fn slurms_states_become_ours_while_there_is_no_result() {
    let bench = submitted();
    for (row, state, code, words) in [
        (row("PENDING", "", "Resources"), "pending", 0, "waiting for free CPUs or memory"),
        (row("RUNNING", "w1", "None"), "running", 0, "w1"),
        (row("NODE_FAIL", "w1", "NodeDown"), "error", 3, "node_fail"),
        (row("TIMEOUT", "w1", "TimeLimit"), "timeout", 4, "time limit"),
        (row("OUT_OF_MEMORY", "w1", "OutOfMemory"), "oom", 4, "out of memory"),
        (row("CANCELLED", "", "None"), "cancelled", 130, ""),
        (row("COMPLETED", "w1", "None"), "error", 3, "left no result"),
        ("garbage\n".to_owned(), "unknown", 3, "not understood"),
    ] {
        bench.write("row", &row);
        let said = bench.edctl(&["status"]);
        assert_eq!(said.code, code, "{row}: {said:?}");
        assert!(said.stdout.contains(state) && said.stdout.contains(words), "{row}: {said:?}");
    }
}

#[test]
fn a_slurm_that_cannot_be_asked_is_unknown_and_not_a_failure_of_the_run() {
    let bench = submitted();
    bench.play(
        "squeue",
        "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1",
    );
    let said = bench.edctl(&["status"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stdout.contains("unknown") && said.stdout.contains("Unable to contact"),
        "{said:?}"
    );
}

#[test]
fn a_job_that_slurm_forgot_is_an_error_unless_it_was_cancelled() {
    let bench = submitted();
    bench.play("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    assert_eq!(bench.state(), "error");

    let bench = submitted();
    bench.play("scancel", "echo \"$@\" >$HERE/scancel.args; : >$HERE/row");
    let said = bench.edctl(&["cancel"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(fs::read_to_string(bench.path("scancel.args")).unwrap(), "42\n");
    wait_until("the verdict", || bench.state() == "cancelled");
}

#[test]
fn sbatchs_own_words_are_shown_and_kept() {
    let bench = Bench::passing();
    let words = "sbatch: error: Batch job submission failed: Invalid partition name specified";
    bench.play("sbatch", &format!("echo '{words}' >&2; exit 1"));
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 3);
    assert!(said.stderr.contains(words), "{said:?}");
    let status = bench.json(&["status"]);
    assert_eq!(status["state"], "error");
    assert!(status["stages"][0]["summary"].as_str().unwrap().contains(words));
}

#[test]
fn logs_wait_for_a_run_that_has_not_started() {
    let bench = submitted();
    let said = bench.edctl(&["logs"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{said:?}");
    assert!(said.stderr.contains("is pending and has printed nothing"), "{said:?}");

    let mut follower = bench.command(&["logs", "-f"]);
    let follower = follower.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut job = std::process::Command::new("/bin/sh");
    job.arg(bench.path("sbatch.script")).env("SLURM_JOB_ID", "42");
    assert!(job.status().unwrap().success());
    let output = follower.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("ALL TESTS PASSED."));
}
