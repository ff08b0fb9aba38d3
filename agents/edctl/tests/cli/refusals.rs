//! Bad input is refused before anything is written, and damage hides nothing else.

use std::fs;

use crate::bench::Bench;

const SUBMIT: [&str; 4] = ["submit", "--flow=sim", "--executor", "local"];

#[test]
fn wrong_calls_are_told_what_is_right() {
    for (arguments, words) in [
        (vec!["submit", "--flow=gds"], "flows are: sim, synth"),
        (vec!["submit", "--flow=sim", "--profile=huge"], "profiles are: latency, short"),
        (vec!["submit", "--flow=sim", "--design=z80"], "designs are: toy"),
        (vec!["submit", "--flow=sim", "--executor=slurm"], "there is no sbatch"),
        (vec!["status"], "edctl submit makes one"),
        (vec!["status", "01ABC"], "there is no run '01ABC'"),
        (vec!["logs", "@last"], "edctl submit makes one"),
        (vec!["cancel", "x"], "there is no run 'x'"),
        (vec!["-C", "/", "list"], "no edctl.toml"),
        (vec!["-C", "/no/such", "list"], "/no/such"),
    ] {
        let bench = Bench::passing();
        let said = bench.edctl(&arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {said:?}");
        assert!(said.stderr.contains(words), "{arguments:?}: {said:?}");
        assert!(!bench.path("flow/.edctl").exists(), "{arguments:?} wrote something");
    }
}

#[test]
fn absent_sources_are_told_with_the_command_that_brings_them() {
    let bench = Bench::passing();
    fs::remove_file(bench.path("flow/toy/toy.v")).unwrap();
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stderr.contains("make -C toy fetch"), "{said:?}");

    // Something else than a file stands for one that cannot be read, also by root.
    fs::create_dir(bench.path("flow/toy/toy.v")).unwrap();
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stderr.contains("cannot read the design's source"), "{said:?}");
    assert!(!said.stderr.contains("fetch"), "{said:?}");
}

#[test]
fn an_unknown_key_stops_with_file_line_and_key() {
    let bench = Bench::passing();
    let text = fs::read_to_string(bench.path("flow/edctl.toml")).unwrap();
    bench.write("flow/edctl.toml", &format!("{text}partitoin = 'x'\n"));
    let said = bench.edctl(&["list"]);
    assert_eq!(said.code, 2, "{said:?}");
    let line = format!("line {}", text.lines().count() + 1);
    for word in ["flow/edctl.toml", &line, "partitoin", "partition"] {
        assert!(said.stderr.contains(word), "no {word}: {said:?}");
    }
}

#[test]
fn the_users_file_lies_under_the_flows() {
    let bench = Bench::passing();
    fs::create_dir_all(bench.path(".config/edctl")).unwrap();
    bench.write(".config/edctl/config.toml", "[profile.mine]\nmemory = '1G'\ntime = '1m'\n");
    let said = bench.edctl(&[&SUBMIT[..], &["--profile=mine", "--wait"]].concat());
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_damaged_record_hides_no_other_run() {
    let bench = Bench::passing();
    let wait = [&SUBMIT[..], &["--wait"]].concat();
    assert_eq!(bench.edctl(&wait).code, 0);
    let damaged = bench.run_dir().join("run.json");
    assert_eq!(bench.edctl(&wait).code, 0);
    fs::write(&damaged, "{").unwrap();
    let said = bench.edctl(&["list", "-o", "json"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("is damaged"), "{said:?}");
    let listed: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(listed["runs"].as_array().unwrap().len(), 1);
    assert!(listed["damaged"][0]["error"]["message"].as_str().unwrap().contains("run.json"));
}

#[test]
fn programs_read_errors_as_objects_on_stdout() {
    let bench = Bench::passing();
    for (arguments, kind, code, words) in [
        (vec!["status", "01ABC"], "usage", 2, "there is no run '01ABC'"),
        (vec!["submit", "--flow=sim", "--profile=huge"], "usage", 2, "profiles are"),
        (vec!["-C", "/", "list"], "usage", 2, "no edctl.toml"),
    ] {
        let error = bench.json(&arguments);
        assert_eq!(error["schema"], "edctl.error/v1", "{arguments:?}");
        assert_eq!((&error["kind"], &error["exit_code"]), (&kind.into(), &code.into()));
        assert!(error["message"].as_str().unwrap().contains(words), "{arguments:?}: {error}");
    }
    bench.play("sbatch", "echo 'sbatch: error: no such partition' >&2; exit 1");
    let error = bench.json(&["submit", "--flow=sim"]);
    assert_eq!((&error["kind"], &error["exit_code"]), (&"infrastructure".into(), &3.into()));
    assert!(error["message"].as_str().unwrap().contains("no such partition"), "{error}");
}

#[test]
fn a_place_that_cannot_be_written_is_told_by_its_name() {
    let bench = Bench::passing();
    // A file where the directory should be: refused to every user, root included.
    bench.write("flow/.edctl", "");
    let said = bench.edctl(&SUBMIT);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains(".edctl/runs"), "{said:?}");
}

/// The limit on a file's size stands for a full disk: it stops every user, root included.
#[test]
fn a_full_disk_leaves_no_half_a_run() {
    let bench = Bench::passing();
    let edctl = assert_cmd::cargo::cargo_bin!("edctl").display().to_string();
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {edctl} {}", SUBMIT.join(" "));
    let mut limited = std::process::Command::new("/bin/sh");
    limited.args(["-c", &script]).current_dir(bench.path("flow"));
    let output = limited.env("HOME", bench.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(fs::read_dir(bench.path("flow/.edctl/runs")).unwrap().count(), 0);
    assert_eq!(bench.edctl(&["list"]).code, 0);
}

#[test]
fn pages_for_packages_are_made() {
    let bench = Bench::passing();
    let man = bench.edctl(&["man"]);
    assert!(man.stdout.starts_with(".ie") && man.stdout.contains("edctl submit"), "{man:?}");
    for shell in ["bash", "zsh", "fish"] {
        let said = bench.edctl(&["completion", shell]);
        assert_eq!(said.code, 0);
        assert!(said.stdout.contains("submit"), "{shell}");
    }
}
