//! Logs that grow, start anew, or hold what no terminal wants.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::bench::{Bench, wait_until};

/// A run under Slurm that its queue shows as running, with a log that the test writes itself.
fn running() -> (Bench, PathBuf) {
    let bench = Bench::passing();
    bench.play("sbatch", r#"printf '%s\n' "$@" >$HERE/args; echo 42"#);
    bench.play("squeue", r#"echo "42|RUNNING|0|w1|None|$(sed -n 's/^--comment=//p' $HERE/args)""#);
    assert_eq!(bench.edctl(&["submit", "--flow=sim"]).code, 0);
    let log = bench.run_dir().join("stages/sim/out.log");
    (bench, log)
}

fn follow(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = bench.command(&[&["logs", "-f"], arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn interrupt(follower: &Child) {
    let pid = follower.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

#[test]
fn a_log_that_starts_anew_is_read_from_its_beginning() {
    let (bench, log) = running();
    fs::write(&log, "first attempt\n").unwrap();
    let mut follower = follow(&bench, &[]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "first attempt");

    // Shorter: truncated in place. Longer and another file: replaced.
    fs::write(&log, "second\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "second");
    let other = log.with_extension("new");
    fs::write(&other, "third, and longer than both before\n").unwrap();
    fs::rename(&other, &log).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "third, and longer than both before");

    interrupt(&follower);
    assert_eq!(follower.wait().unwrap().code(), Some(130));
}

#[test]
fn an_interrupt_ends_the_following_of_a_log_that_nobody_reads() {
    let (bench, log) = running();
    // More than a pipe holds: the follower stands still in its write.
    fs::write(&log, "x".repeat(4 << 20)).unwrap();
    let mut follower = follow(&bench, &[]);
    let mut first = [0; 1];
    follower.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    interrupt(&follower);
    let mut ended = None;
    wait_until("the end", || {
        // The first one asks; another one ends what cannot listen.
        interrupt(&follower);
        ended = follower.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.unwrap().code(), Some(130));
}

#[test]
fn json_shows_any_bytes_and_huge_lines_in_pieces() {
    let (bench, log) = running();
    let mut text = b"\xff\x00\x1b[31m\n".to_vec();
    text.extend(vec![b'y'; 3 << 20]);
    fs::write(&log, text).unwrap();
    let said = bench.edctl(&["logs", "-o", "json"]);
    assert_eq!(said.code, 0);
    let line = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["line"].as_str().unwrap().to_owned()
    };
    let lines: Vec<String> = said.stdout.lines().map(line).collect();
    assert_eq!(lines[0], "\u{fffd}\0\u{1b}[31m");
    assert!(lines.len() > 2 && lines.iter().all(|line| line.len() < 2 << 20), "{}", lines.len());
    assert_eq!(lines[1..].concat(), "y".repeat(3 << 20));
}
