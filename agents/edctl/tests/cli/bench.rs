//! A flow's directory of a test's own, with a design whose makefile plays the simulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use edctl_testkit::put_program;
use serde_json::Value;
use tempfile::TempDir;

/// What Verilator really printed, for a design that passes and for one that fails.
pub(crate) const PASSED_LOG: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../lib/flow/tests/fixtures/sim-passed.log");
pub(crate) const FAILED_LOG: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../lib/flow/tests/fixtures/sim-failed.log");

/// No wait of a test lasts longer; each ends as soon as what it waits for is there.
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIG: &str = r#"
default_design = "toy"
[slurm]
bin_dir = "@BIN@"
[design.toy]
dir = "toy"
sources = "toy.v"
fetch = "make -C toy fetch"
subtests = "subtests.txt"
[profile.latency]
partition = "fast"
cpus = 2
memory = "100M"
time = "50s"
[profile.short]
memory = "100M"
time = "1s"
"#;

pub(crate) struct Bench {
    temp: TempDir,
}

/// What a command left: its exit code and its words.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    /// A toy design whose `make sim` runs `recipe`, one shell line each.
    pub(crate) fn new(recipe: &[&str]) -> Self {
        let bench = Self { temp: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bench.path("flow/toy")).unwrap();
        fs::create_dir_all(bench.path("bin")).unwrap();
        bench.write(
            "flow/edctl.toml",
            &CONFIG.replace("@BIN@", bench.path("bin").to_str().unwrap()),
        );
        bench.write("flow/toy/toy.v", "module toy; endmodule\n");
        let log = fs::read_to_string(PASSED_LOG).unwrap();
        let names = log.lines().filter_map(|line| line.strip_suffix("..OK"));
        bench.write("flow/toy/subtests.txt", &names.collect::<Vec<_>>().join("\n"));
        let recipe: String = recipe.iter().map(|line| format!("\t@{line}\n")).collect();
        bench.write("flow/toy/Makefile", &format!("sim:\n{recipe}"));
        bench
    }

    /// A design that passes.
    pub(crate) fn passing() -> Self {
        Self::new(&[
            &format!("cp {PASSED_LOG} $(BUILD)/sim.log"),
            "echo 0 >$(BUILD)/sim.exit",
            "cat $(BUILD)/sim.log",
        ])
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.temp.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, text: &str) {
        fs::write(self.path(below), text).unwrap();
    }

    /// A command of Slurm, played by a shell script; `$HERE` is the bench.
    pub(crate) fn play(&self, program: &str, script: &str) {
        let here = self.temp.path().display();
        let path = self.path(&format!("bin/{program}"));
        put_program(&path, &format!("#!/bin/sh\nHERE={here}\n{script}\n"));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edctl"));
        command
            .args(arguments)
            .current_dir(self.path("flow"))
            .env("HOME", self.temp.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("TRACEPARENT")
            .env_remove("SLURM_JOB_ID");
        command
    }

    pub(crate) fn edctl(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let said = self.edctl(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// The state of the newest run.
    pub(crate) fn state(&self) -> String {
        self.json(&["status"])["state"].as_str().unwrap().to_owned()
    }

    /// The newest run's directory.
    pub(crate) fn run_dir(&self) -> PathBuf {
        PathBuf::from(self.json(&["status"])["dir"].as_str().unwrap())
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
