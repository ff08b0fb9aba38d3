//! The whole exporter against the real proc.
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use edctl_testkit::{Daemon, PATIENCE};

const BINARY: &str = env!("CARGO_BIN_EXE_edctl-exporter-process");

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[test]
fn a_busy_process_is_seen_while_it_runs_and_counted_after_it() {
    let config = tempfile::NamedTempFile::new().unwrap();
    let exporter = Daemon::start(
        Command::new(BINARY)
            .args(["--web.listen-address", "127.0.0.1:0", "--log.format", "text", "--config"])
            .arg(config.path()),
    );

    // A name of its own, which no other process here has.
    let name = "edctl-test-busy";
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/sh", dir.path().join(name)).unwrap();
    let busy = Running(
        Command::new(dir.path().join(name)).args(["-c", "while :; do :; done"]).spawn().unwrap(),
    );
    let processes = format!("namedprocess_namegroup_num_procs{{groupname=\"{name}\"}}");
    let cpu =
        format!("namedprocess_namegroup_cpu_seconds_total{{groupname=\"{name}\",mode=\"user\"}}");
    let until = Instant::now() + PATIENCE;
    let seen = loop {
        let page = exporter.get("/metrics");
        match value(&page, &cpu) {
            Some(seconds) if seconds >= 0.1 => {
                assert_eq!(value(&page, &processes), Some(1.0));
                break seconds;
            }
            _ => assert!(Instant::now() < until, "{page}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(busy);
    let page = exporter.get("/metrics");
    assert_eq!(value(&page, &processes), Some(0.0));
    assert!(value(&page, &cpu).unwrap() >= seen);
    assert!(exporter.get("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_proc_that_is_not_there_is_named() {
    let output =
        Command::new(BINARY).args(["--once", "--path.procfs", "/does/not/exist"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot open /does/not/exist"), "{error}");
}
