//! Runs on the local executor, from the record to the verdict.

use std::fs;
use std::process::Stdio;

use crate::bench::{Bench, FAILED_LOG, PASSED_LOG, Said, read_json, wait_until};

const SUBMIT: [&str; 4] = ["submit", "--flow=sim", "--executor", "local"];

fn submit_and_wait(bench: &Bench) -> Said {
    bench.edctl(&[&SUBMIT[..], &["--wait"]].concat())
}

/// A simulation that says where it is and then never ends.
fn hanging() -> Bench {
    Bench::new(&["echo lui..OK | tee $(BUILD)/sim.log", "echo $$$$ >$(BUILD)/pid; sleep 600"])
}

fn kill(pid: &str, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, pid]).status().unwrap();
    assert!(sent.success());
}

/// Whether a process is gone, or only waits for its parent to see that.
fn is_over(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.map_or(true, |stat| stat.contains(") Z"))
}

#[test]
fn a_passing_run_leaves_its_records() {
    let bench = Bench::passing();
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("passed 45/45"), "{said:?}");

    let dir = bench.run_dir();
    let run = read_json(&dir.join("run.json"));
    assert_eq!(run["schema"], "edctl.run/v1");
    assert_eq!(run["plan"].as_array().unwrap().len(), 45);
    let result = read_json(&dir.join("stages/sim/result.json"));
    assert_eq!(
        (result["verdict"].as_str(), result["run"].as_str()),
        (Some("passed"), run["id"].as_str())
    );
    let metrics = read_json(&dir.join("stages/sim/metrics.json"));
    assert_eq!(metrics["metrics"]["sim__design__cycles"], 421_202.0);
    let start = read_json(&dir.join("stages/sim/start.json"));
    let trace =
        |record: &serde_json::Value| record["traceparent"].as_str().unwrap()[..35].to_owned();
    assert_eq!(trace(&run), trace(&start), "one trace");
    assert_ne!(run["traceparent"], start["traceparent"], "a span of its own");
}

#[test]
fn every_reader_of_a_run_agrees() {
    let bench = Bench::passing();
    let id = bench.json(&SUBMIT)["id"].as_str().unwrap().to_owned();
    let followed = bench.edctl(&["logs", "-f"]);
    assert_eq!(followed.code, 0, "{followed:?}");
    assert!(followed.stdout.ends_with("EDCTL sim end=finish cycles=461388\n"), "{followed:?}");
    assert_eq!(bench.edctl(&["logs", &id.to_lowercase()]).stdout, followed.stdout);

    let listed = bench.json(&["list"]);
    assert_eq!(listed["runs"][0]["id"], id.as_str());
    assert_eq!(listed["runs"][0]["state"], "passed");
    let first = bench.edctl(&["logs", "-o", "json"]);
    let line: serde_json::Value =
        serde_json::from_str(first.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((line["stage"].as_str(), line["line"].as_str()), (Some("sim"), Some("hello world")));
}

#[test]
fn a_broken_design_fails_and_names_the_sub_test() {
    let bench = Bench::new(&[
        &format!("cp {FAILED_LOG} $(BUILD)/sim.log; echo 1 >$(BUILD)/sim.exit"),
        "exit 1",
    ]);
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stdout.contains("first failing sub-test: auipc"), "{said:?}");
    assert_eq!(bench.edctl(&["status"]).code, 1);
}

#[test]
fn the_designs_own_words_decide_nothing() {
    let words =
        "printf 'TIMEOUT counter = 3\\nERROR: miss\\n%%Error: x\\nEDCTL sim end=stop cycles=1\\n'";
    let bench = Bench::new(&[
        &format!("{words} | cat - {PASSED_LOG} >$(BUILD)/sim.log"),
        "echo end=finish cycles=461388 >$(BUILD)/sim.end; echo 0 >$(BUILD)/sim.exit",
    ]);
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 0, "{said:?}");

    // It says that it ended, and hangs.
    let bench = Bench::new(&[
        &format!("cp {PASSED_LOG} $(BUILD)/sim.log"),
        "echo end=watchdog cycles=2000000 >$(BUILD)/sim.end; echo 3 >$(BUILD)/sim.exit",
    ]);
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stdout.contains("did not end within 2000000 cycles"), "{said:?}");
}

#[test]
fn a_figure_that_cannot_be_read_costs_itself_alone() {
    let bench = Bench::new(&[
        &format!("sed 's/421202/4212x2/' {PASSED_LOG} >$(BUILD)/sim.log"),
        "echo 0 >$(BUILD)/sim.exit",
    ]);
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("left out: sim__design__cycles ('4212x2')"), "{said:?}");
    let metrics = bench.run_dir().join("stages/sim/metrics.json");
    let record = read_json(&metrics);
    assert_eq!(record["metrics"]["sim__design__instructions"], 88_487.0);
    assert_eq!(record["left_out"]["sim__design__cycles"], "4212x2");

    let text = fs::read_to_string(&metrics).unwrap().replace("88487.0", "null");
    fs::write(&metrics, &text).unwrap();
    let said = bench.edctl(&["status"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("left out: sim__design__instructions ('null')"), "{said:?}");
    assert_eq!(bench.json(&["status"])["stages"][0]["metrics"]["sim__run__cycles"], 461_388.0);

    fs::write(&metrics, "{").unwrap();
    let said = bench.edctl(&["status"]);
    assert_eq!(said.code, 0, "the verdict stands beside it: {said:?}");
    assert!(said.stdout.contains("left out: metrics.json ("), "{said:?}");
}

#[test]
fn exit_code_zero_is_not_a_pass() {
    let said = submit_and_wait(&Bench::new(&["true"]));
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stdout.contains("error"), "{said:?}");
}

#[test]
fn a_killed_simulator_is_an_error() {
    let bench = Bench::new(&["echo lui..OK >$(BUILD)/sim.log; kill -9 $$$$"]);
    let said = submit_and_wait(&bench);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(bench.state(), "error");
}

#[test]
fn a_killed_wrapper_is_an_error_too() {
    let bench = hanging();
    assert_eq!(bench.edctl(&SUBMIT).code, 0);
    let stage = bench.run_dir().join("stages/sim");
    wait_until("the simulator", || {
        fs::read(stage.join("work/pid")).is_ok_and(|pid| !pid.is_empty())
    });
    let simulator = fs::read_to_string(stage.join("work/pid")).unwrap();
    let wrapper = read_json(&stage.join("start.json"))["process"]["pid"].to_string();
    kill(&wrapper, "-KILL");
    wait_until("the end", || bench.state() != "running");
    assert_eq!(bench.state(), "error");
    wait_until("the simulator's end", || is_over(simulator.trim()));
}

#[test]
fn another_source_than_the_submitted_one_is_never_judged() {
    let changes = "echo 'module other; endmodule' >toy.v";
    let during = Bench::new(&[
        changes,
        &format!("cp {PASSED_LOG} $(BUILD)/sim.log"),
        "echo 0 >$(BUILD)/sim.exit",
    ]);
    let said = submit_and_wait(&during);
    assert_eq!(said.code, 3, "{said:?}");
    for word in ["error", "toy/toy.v is not what was submitted", "submit again"] {
        assert!(said.stdout.contains(word), "no {word}: {said:?}");
    }
}

#[test]
fn a_run_past_its_time_limit_is_a_timeout() {
    let said = hanging().edctl(&[&SUBMIT[..], &["--profile=short", "--wait"]].concat());
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.stdout.contains("timeout"), "{said:?}");
}

#[test]
fn cancel_ends_everything_and_a_second_cancel_changes_nothing() {
    let bench = hanging();
    assert_eq!(bench.edctl(&SUBMIT).code, 0);
    let pid = bench.run_dir().join("stages/sim/work/pid");
    wait_until("the simulator", || fs::read(&pid).is_ok_and(|pid| !pid.is_empty()));
    let cancelled = bench.edctl(&["cancel"]);
    assert_eq!((cancelled.code, bench.state().as_str()), (0, "cancelled"), "{cancelled:?}");
    assert_eq!(bench.edctl(&["status"]).code, 130);
    let simulator = fs::read_to_string(&pid).unwrap();
    wait_until("the simulator's end", || is_over(simulator.trim()));
    let again = bench.edctl(&["cancel"]);
    assert!(again.stdout.contains("over already: cancelled"), "{again:?}");
}

#[test]
fn interrupting_the_wait_leaves_the_run_alone() {
    let bench = hanging();
    let mut command = bench.command(&[&SUBMIT[..], &["--wait"]].concat());
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the run", || bench.edctl(&["status"]).stdout.contains("running"));
    kill(&waiting.id().to_string(), "-INT");
    let said = Said::of(waiting.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(bench.state(), "running");
    assert_eq!(bench.edctl(&["cancel"]).code, 0);
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let bench = Bench::passing();
    assert_eq!(bench.edctl(&SUBMIT).code, 0);
    assert_eq!(bench.edctl(&SUBMIT).code, 0);
    wait_until("both passes", || {
        let listed = bench.json(&["list"]);
        let runs = listed["runs"].as_array().unwrap();
        runs.len() == 2 && runs.iter().all(|run| run["state"] == "passed")
    });
}
