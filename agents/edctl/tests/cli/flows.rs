//! The makefiles of `eda-flows/` as a designer calls them, with tools that a test plays.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use edctl_testkit::put_program;
use tempfile::TempDir;

use crate::bench::Said;

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../eda-flows");

/// Leaves what Yosys leaves; the netlist holds the period that it was mapped for.
const YOSYS: &str = r#"
echo "$PERIOD_NS" >>$HERE/mapped
echo "$PERIOD_NS" >netlist.v
echo 'Found and reported 0 problems.' >check.txt
printf '   "num_cells":  2,\n' >stat.json
printf '   Chip area for module x: 7.5\n' >stat.txt"#;

/// Prints what OpenSTA prints.
const STA: &str = r#"
echo "EDCTL sta period $PERIOD_NS"
echo "EDCTL sta setup_ws $(cat $HERE/slack)"
echo "EDCTL sta setup_tns 0.0"
echo "EDCTL sta end finish""#;

/// Sources, a library and tools of a test's own.
struct Desk {
    temp: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { temp: tempfile::tempdir().unwrap() };
        for dir in ["bin", "src", "old"] {
            fs::create_dir(desk.path(dir)).unwrap();
        }
        for file in ["src/picorv32.v", "src/testbench.v", "old/picorv32.v", "cells.lib"] {
            fs::write(desk.path(file), "").unwrap();
        }
        fs::write(desk.path("slack"), "1.5").unwrap();
        desk
    }

    fn with_tools() -> Self {
        let desk = Self::new();
        desk.play("yosys", YOSYS);
        desk.play("sta", STA);
        desk
    }

    fn path(&self, below: &str) -> PathBuf {
        self.temp.path().join(below)
    }

    fn play(&self, tool: &str, script: &str) {
        let path = self.path(&format!("bin/{tool}"));
        let here = self.temp.path().display();
        put_program(&path, &format!("#!/bin/sh\nHERE={here}\n{script}\n"));
    }

    fn make(&self, path: &str, arguments: &[&str]) -> Said {
        let set = |name: &str, below: &str| format!("{name}={}", self.path(below).display());
        let mut make = Command::new("make");
        make.args(["-C", FLOWS, "DESIGN=picorv32"])
            .args([set("BUILD", "build"), set("SRC", "src"), set("LIB", "cells.lib")])
            .args(arguments)
            .env("PATH", path);
        for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"] {
            make.env_remove(name);
        }
        Said::of(make.output().unwrap())
    }

    fn synth(&self, arguments: &[&str]) -> Said {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        self.make(&path, &[&["synth"], arguments].concat())
    }

    /// The periods that Yosys was called for, in their order.
    fn mapped(&self) -> String {
        fs::read_to_string(self.path("mapped")).unwrap().replace('\n', " ")
    }
}

#[test]
fn a_missing_tool_is_told_with_its_package() {
    let desk = Desk::new();
    for tool in ["sh", "make", "cat", "mkdir"] {
        let real = ["/usr/bin", "/bin"].map(|dir| PathBuf::from(dir).join(tool));
        let real = real.into_iter().find(|path| path.exists()).unwrap();
        symlink(real, desk.path("bin").join(tool)).unwrap();
    }
    for (step, words) in [
        ("sim", "sim: not on PATH: verilator g++ python3 riscv64-unknown-elf-gcc (Debian: apt-get"),
        ("synth", "apt-get install yosys opensta)"),
        ("pnr", "pnr: neither openroad nor qflow is installed"),
    ] {
        let said = desk.make(desk.path("bin").to_str().unwrap(), &[step]);
        assert_ne!(said.code, 0, "{step}: {said:?}");
        assert!(said.stderr.contains(words), "{step}: {said:?}");
    }
}

#[test]
fn another_period_or_source_is_never_served_from_an_earlier_build() {
    let desk = Desk::with_tools();
    let said = desk.synth(&["PERIOD_NS=20"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("synth: passed: 2 cells"), "{said:?}");
    assert_eq!(desk.synth(&["PERIOD_NS=20"]).code, 0);
    assert_eq!(desk.mapped(), "20 ", "the same netlist is not mapped twice");

    assert!(desk.synth(&["PERIOD_NS=5"]).stdout.contains("at 5 ns"));
    let old = format!("SRC={}", desk.path("old").display());
    assert_eq!(desk.synth(&["PERIOD_NS=5", &old]).code, 0);
    assert_eq!(desk.mapped(), "20 5 5 ");
}

#[test]
fn a_timing_that_failed_is_done_again() {
    let desk = Desk::with_tools();
    desk.play("sta", "echo 'Error: no licence for this joke'; exit 0");
    let said = desk.synth(&[]);
    assert!(said.code != 0 && said.stdout.contains("OpenSTA reports an error"), "{said:?}");
    desk.play("sta", STA);
    assert_eq!(desk.synth(&[]).code, 0);
    for (slack, words) in [("-0.25", "setup slack -0.25 ns"), ("1e+39", "constrains no path")] {
        fs::write(desk.path("slack"), slack).unwrap();
        let said = desk.synth(&[]);
        assert!(said.code != 0 && said.stdout.contains(words), "{slack}: {said:?}");
    }
}

/// A folder of what a synthesis left, which `synth/check` and `edctl_flow` are both to judge.
struct Left {
    temp: TempDir,
}

const SYNTH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../lib/flow/tests/fixtures");

impl Left {
    fn by(yosys: &str) -> Self {
        let left = Self { temp: tempfile::tempdir().unwrap() };
        for file in ["stat.json", "stat.txt", "check.txt"] {
            fs::copy(format!("{SYNTH}/{yosys}/{file}"), left.path(file)).unwrap();
        }
        fs::copy(format!("{SYNTH}/synth/sta.txt"), left.path("sta.txt")).unwrap();
        left
    }

    fn path(&self, file: &str) -> PathBuf {
        self.temp.path().join(file)
    }

    fn edit(&self, file: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(self.path(file), text.replace(from, to)).unwrap();
        self
    }

    /// What the shell script says, which works without edctl.
    fn check(&self) -> Said {
        let check = format!("{FLOWS}/picorv32/synth/check");
        Said::of(Command::new(check).arg(self.temp.path()).output().unwrap())
    }

    fn judge(&self, top: &str) -> edctl_flow::Verdict {
        let read = |file: &str| fs::read(self.path(file)).ok();
        edctl_flow::synth::judge(&edctl_flow::synth::Evidence {
            outcome: edctl_flow::Outcome::Exited(0),
            top,
            stat_json: read("stat.json").as_deref(),
            stat_text: read("stat.txt").as_deref(),
            flip_flops: None,
            check: read("check.txt").as_deref(),
            sta: read("sta.txt").as_deref(),
            yosys_exit: None,
            stage_log: b"",
        })
        .verdict
    }
}

#[test]
fn the_script_without_edctl_passes_what_each_yosys_reports() {
    for (yosys, top, words) in [
        ("synth", "picorv32", "synth: passed: 12407 cells, area 1734124.000000"),
        ("yosys-0.70", "core", "synth: passed: 26 cells, area 4064.000000"),
    ] {
        let left = Left::by(yosys);
        let said = left.check();
        assert!(said.code == 0 && said.stdout.contains(words), "{yosys}: {said:?}");
        assert_eq!(left.judge(top), edctl_flow::Verdict::Passed, "{yosys}");
    }
}

#[test]
fn the_script_and_edctl_agree_on_what_is_no_pass() {
    for (file, from, to) in [
        ("check.txt", "type $print.", "type $_DFF_P_."),
        ("check.txt", "reported 1 problems", "reported some problems"),
        ("stat.json", "\"num_cells\":         26", "\"num_cells\":         nan"),
        ("stat.json", "\"num_cells\":         26", "\"num_cells\":         0"),
        ("sta.txt", "setup_ws 11.6", "setup_ws -11.6"),
        ("sta.txt", "setup_ws 11.661434814530022", "setup_ws INF"),
        ("sta.txt", "setup_ws 11.661434814530022", "setup_ws 1e+39"),
        ("sta.txt", "setup_ws 11.6", "setup_ws nan"),
        ("sta.txt", "EDCTL sta setup_tns 0.0\n", ""),
        ("sta.txt", "end finish", "end error"),
        ("sta.txt", "EDCTL sta period", "Error 100: x.lib line 4\nEDCTL sta period"),
    ] {
        let left = Left::by("yosys-0.70");
        left.edit(file, from, to);
        let said = left.check();
        assert_eq!(said.code, 1, "{to}: {said:?}");
        assert!(said.stdout.contains("synth: FAILED: "), "{to}: {said:?}");
        assert_ne!(left.judge("core"), edctl_flow::Verdict::Passed, "{to}");
    }
}

/// A folder in which a simulator that a test plays has been built.
fn simulate(simulator: &str) -> Said {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("model")).unwrap();
    put_program(&temp.path().join("model/Vpicorv32_wrapper"), &format!("#!/bin/sh\n{simulator}\n"));
    fs::write(temp.path().join("subtests.txt"), "lui\nsra\n").unwrap();
    let mut run = Command::new(format!("{FLOWS}/picorv32/sim/run"));
    run.arg(temp.path()).arg("100").arg(temp.path().join("subtests.txt"));
    Said::of(run.output().unwrap())
}

#[test]
fn the_simulation_is_judged_by_what_the_design_cannot_print() {
    let ok = "printf 'lui..OK\\nsra..OK\\n'";
    let passed = "echo 'ALL TESTS PASSED.'; echo end=finish cycles=9 >sim.end";
    for (simulator, words) in [
        (format!("{ok}; {passed}"), "sim: passed 2/2"),
        (
            format!(
                "echo 'TIMEOUT = 3'; echo '%Error: x'; echo EDCTL sim end=stop; {ok}; {passed}"
            ),
            "sim: passed 2/2",
        ),
        (
            format!("{ok}; echo 'ALL TESTS PASSED.'; echo 'EDCTL sim end=finish cycles=9'"),
            "did not say how it ended",
        ),
        (
            format!("{ok}; echo end=watchdog cycles=100 >sim.end; exit 3"),
            "no trap within 100 cycles",
        ),
        (
            format!(
                "{ok}; echo '%Error: x.v:3: Verilog $stop'; echo end=stop cycles=4 >sim.end; exit 1"
            ),
            "x.v:3: Verilog $stop",
        ),
        (
            format!("{ok}; {passed}; echo 'xOUT-OF-BOUNDS MEMORY READ FROM b1257c20'"),
            "READ FROM b1257c20",
        ),
        (format!("{ok}; {passed}; kill -9 $$"), "exited with status 137"),
        (format!("echo lui..OK; {passed}"), "sub-test sra gave no result"),
        (format!("{ok}; echo lui..ERROR; {passed}"), "sub-test lui reports ERROR"),
    ] {
        let said = simulate(&simulator);
        assert_eq!(said.code == 0, words.contains("passed"), "{simulator}: {said:?}");
        assert!(said.stdout.contains(words), "{simulator}: {said:?}");
    }
}
