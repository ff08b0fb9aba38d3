//! What the tests of several crates share; a dev-dependency only.

#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a panic is how a test reports")]

mod daemon;
mod golden;
mod kernel_headers;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

pub use daemon::{Daemon, PATIENCE, get};
pub use golden::{assert_golden, assert_schema};
pub use kernel_headers::{c_output, c_values, offsets};

const PUT: &str = r#"cat >"$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0""#;

/// Puts an executable file in place in one step: who runs it meanwhile gets the old or the new one.
///
/// A child writes it. Were it this process, a thread that forks at that moment would hand its child
/// the open file, and whoever runs the file before that child has called exec is told "text file
/// busy".
///
/// # Panics
/// Where the file cannot be written.
pub fn put_program(path: &Path, text: &str) {
    let mut shell = Command::new("/bin/sh")
        .args(["-c", PUT])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("starting /bin/sh");
    let mut stdin = shell.stdin.take().expect("a pipe to /bin/sh");
    stdin.write_all(text.as_bytes()).expect("writing to /bin/sh");
    drop(stdin);
    let status = shell.wait().expect("waiting for /bin/sh");
    assert!(status.success(), "cannot write {}: {status}", path.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_threads_put_and_run_programs() {
        let dir = std::env::temp_dir().join(format!("edctl-testkit-{}", std::process::id()));
        std::fs::create_dir(&dir).expect("a directory");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let path = dir.join(format!("program-{thread}"));
                scope.spawn(move || {
                    for _ in 0..20 {
                        put_program(&path, "#!/bin/sh\nexit 7\n");
                        let status = Command::new(&path).status().expect("a program that runs");
                        assert_eq!(status.code(), Some(7));
                    }
                });
            }
        });
        std::fs::remove_dir_all(&dir).expect("an emptied directory");
    }
}
