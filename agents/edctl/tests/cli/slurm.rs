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

/// squeue's one row, from a file, with the comment that sbatch got.
const SHOWS: &str = r#"
echo "$@" >$HERE/squeue.args
sed "s|COMMENT|$(sed -n 's/^--comment=//p' $HERE/sbatch.args)|" $HERE/row"#;

fn row(state: &str, node: &str, reason: &str) -> String {
    format!("42|{state}|0|{node}|{reason}|COMMENT\n")
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
        format!("--comment=edctl/1 run={id} flow=sim stage=sim profile=latency tp={tp}"),
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
fn an_edit_while_the_job_waits_is_told_and_not_judged() {
    let bench = submitted();
    bench.write("flow/toy/toy.v", "module toy; wire edited; endmodule\n");
    let mut job = std::process::Command::new("/bin/sh");
    assert_eq!(job.arg(bench.path("sbatch.script")).status().unwrap().code(), Some(3));
    let status = bench.json(&["status"]);
    assert_eq!(status["state"], "error");
    let words = status["stages"][0]["summary"].as_str().unwrap();
    assert!(words.contains("toy.v is not what was submitted"), "{words}");
    assert!(!bench.run_dir().join("stages/sim/out.log").exists(), "nothing ran");
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
        "echo 'squeue: retrying' >&2
        echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1",
    );
    let said = bench.edctl(&["status"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stdout.contains("unknown")
            && said.stdout.contains("retrying; slurm_load_jobs error: Unable to contact"),
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

/// What a submission leaves that was cut off after sbatch took the job.
fn cut_off() -> Bench {
    let bench = submitted();
    fs::remove_file(bench.run_dir().join("stages/sim/job.json")).unwrap();
    bench
}

/// Makes the run as old as a submission can never be.
fn make_old(bench: &Bench) {
    let path = bench.run_dir().join("run.json");
    let mut record = crate::bench::read_json(&path);
    record["created_unix_ms"] = 1_700_000_000_000_u64.into();
    fs::write(path, record.to_string()).unwrap();
}

#[test]
fn an_interrupted_submission_is_whole_all_the_same() {
    let bench = Bench::passing();
    bench.play("sbatch", &format!("kill -INT $PPID; {TAKES}"));
    bench.play("squeue", SHOWS);
    bench.write("row", &row("PENDING", "", "Resources"));
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 130, "{said:?}");
    assert!(said.stdout.contains("job 42") && said.stderr.contains("the run goes on"), "{said:?}");
    assert!(bench.run_dir().join("stages/sim/job.json").exists());
    assert_eq!(bench.state(), "pending");
}

#[test]
fn a_job_whose_id_was_never_written_is_found_and_cancelled() {
    let bench = cut_off();
    let status = bench.json(&["status"]);
    assert_eq!(
        (status["state"].as_str(), &status["stages"][0]["job_id"]),
        (Some("pending"), &42.into())
    );
    let asked = fs::read_to_string(bench.path("squeue.args")).unwrap();
    assert!(asked.contains("--name=edctl-toy-sim"), "{asked}");

    bench.play("scancel", r#"echo "$@" >$HERE/scancel.args; : >$HERE/row"#);
    let said = bench.edctl(&["cancel"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(fs::read_to_string(bench.path("scancel.args")).unwrap(), "42\n");
    assert_eq!(bench.state(), "cancelled");
}

#[test]
fn a_submission_that_never_came_to_a_job_is_over_once_it_is_old() {
    let bench = cut_off();
    bench.write("row", "");
    let said = bench.edctl(&["status"]);
    assert!(said.stdout.contains("pending being submitted"), "{said:?}");
    make_old(&bench);
    let said = bench.edctl(&["status"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stdout.contains("submit it again"), "{said:?}");
}

#[test]
fn another_job_with_our_jobs_number_is_not_ours() {
    let bench = submitted();
    let others = row("RUNNING", "w1", "None");
    bench.write(
        "row",
        &others.replace("COMMENT", "edctl/1 run=01K00000000000000000000000 stage=sim"),
    );
    let said = bench.edctl(&["status"]);
    assert!(said.stdout.contains("Slurm no longer knows job 42"), "{said:?}");

    let bench = submitted();
    bench.write("row", &others.replace("COMMENT", "(null)"));
    assert_eq!(bench.state(), "unknown");
    bench.play("scancel", "echo called >$HERE/scancel.args");
    let words = fs::File::create(bench.path("words")).unwrap();
    let mut cancel = bench.command(&["cancel"]).stderr(words).spawn().unwrap();
    wait_until("the order", || {
        fs::read_to_string(bench.path("words")).unwrap().contains("shows no job of this run")
    });
    // It would go on to wait for an end that nobody can see.
    cancel.kill().unwrap();
    cancel.wait().unwrap();
    assert!(!bench.path("scancel.args").exists());
}

#[test]
fn a_slurm_that_hangs_is_asked_once_for_the_whole_list() {
    let bench = submitted();
    assert_eq!(bench.edctl(&SUBMIT).code, 0);
    bench.play("squeue", "echo asked >>$HERE/asked; echo 'Unable to contact' >&2; exit 1");
    let listed = bench.json(&["list"]);
    let states = listed["runs"].as_array().unwrap().iter().map(|run| run["state"].as_str());
    assert_eq!(states.collect::<Vec<_>>(), [Some("unknown"); 2]);
    assert_eq!(fs::read_to_string(bench.path("asked")).unwrap(), "asked\n");
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

/// A site's sbatch that prints notices, on stdout and stderr, before and after what it answers.
fn with_notices(answer: &str) -> String {
    let takes = TAKES.replace("echo 42", answer);
    format!(
        "echo '-----'; echo '  Notice: quota 12 % used of 500'; echo 'maintenance on 2026-12-24' >&2
        {takes}
        echo 'check of the project: fine'; echo 'have a nice day' >&2"
    )
}

#[test]
fn a_sites_notices_do_not_hide_the_job() {
    for answer in ["echo 42", "echo '42;edctl'", "echo 'Submitted batch job 42'"] {
        let bench = Bench::passing();
        bench.play("sbatch", &with_notices(answer));
        let said = bench.edctl(&SUBMIT);
        assert_eq!(said.code, 0, "{answer}: {said:?}");
        assert!(said.stdout.contains("job 42\n"), "{answer}: {said:?}");
    }
}

/// Plays a Slurm that takes the job and gives no clear answer.
fn unclear(answer: &str) -> Bench {
    let bench = Bench::passing();
    bench.play("sbatch", &with_notices(answer));
    bench.play("squeue", SHOWS);
    bench.write("row", &row("RUNNING", "w1", "None"));
    bench
}

#[test]
fn a_job_whose_id_was_not_understood_is_found_by_its_comment() {
    for answer in [
        "echo 2026; echo 42",
        "echo 'job forty-two taken'",
        "true",
        "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
        exit 1",
        "echo 'mail: cannot tell you' >&2; exit 75",
    ] {
        let bench = unclear(answer);
        let said = bench.edctl(&SUBMIT);
        assert_eq!(said.code, 0, "{answer}: {said:?}");
        assert!(said.stdout.contains("job 42\n"), "{answer}: {said:?}");
        let asked = fs::read_to_string(bench.path("squeue.args")).unwrap();
        assert!(asked.contains("--name=edctl-toy-sim"), "{asked}");
        assert_eq!(bench.state(), "running");
    }
}

#[test]
fn a_job_that_nobody_can_tell_of_may_be_running() {
    let bench = unclear("echo 'job forty-two taken'");
    let doubtful = "echo 'Unable to contact slurm controller' >&2; exit 1";
    bench.play("squeue", doubtful);
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 3, "{said:?}");
    let id = bench.run_dir().file_name().unwrap().to_str().unwrap().to_owned();
    for words in [
        "may have a job or not",
        "job forty-two taken",
        "Before you submit again",
        &format!("edctl status {id}"),
        "squeue --me --name=edctl-toy-sim",
        &format!("run={id}"),
    ] {
        assert!(said.stderr.contains(words), "no {words}: {said:?}");
    }
    assert_eq!(bench.state(), "unknown");
    assert!(!bench.run_dir().join("stages/sim/result.json").exists(), "no verdict while in doubt");

    bench.play("squeue", SHOWS);
    assert_eq!(bench.state(), "running", "status finds it later");
}

#[test]
fn a_submission_that_failed_without_a_job_has_failed() {
    let bench = unclear("echo 'sbatch: error: Invalid --time specification' >&2; exit 1");
    bench.write("row", "");
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("Slurm refused: ") && said.stderr.contains("Invalid --time"));
    assert_eq!(bench.state(), "error");
}

#[test]
fn a_job_that_slurmctld_may_still_take_is_in_doubt() {
    let lost =
        "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation";
    let bench = unclear(&format!("echo '{lost}' >&2; exit 1"));
    bench.write("row", "");
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.stderr.contains("may have a job or not") && said.stderr.contains(lost),
        "{said:?}"
    );
    assert_eq!(bench.state(), "pending", "being submitted");
}

#[test]
fn notices_around_squeues_rows_do_not_hide_the_job() {
    let bench = submitted();
    let rows = row("RUNNING", "w1", "None");
    bench.write("row", &format!("-----\n  Notice: quota 12 %\n{rows}have a nice day\n"));
    assert_eq!(bench.state(), "running");
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
