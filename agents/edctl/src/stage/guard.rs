//! Ends the command when we are killed: what dies of SIGKILL cannot tidy up, only another process can.

use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

/// The pipe's other end closes with our death, however it comes; `$1` is the group to end then.
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "-$1""#;

/// A process that ends a process group if we die before we dismiss it, by dropping it.
pub(super) struct Guard {
    process: Child,
    _lifeline: PipeWriter,
}

impl Guard {
    /// Guards the group. No child inherits the pipe's write end: it is ours alone.
    pub(super) fn of(group: Pid) -> io::Result<Self> {
        let (reader, lifeline) = io::pipe()?;
        let process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "edctl-guard", &group.to_string()])
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { process, _lifeline: lifeline })
    }
}

impl Drop for Guard {
    /// The group is over, and its number may soon be another's.
    fn drop(&mut self) {
        // The only failure that can be is that it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That our death ends the group stands in `tests/cli/local.rs`, which can kill us.
    #[test]
    fn a_dismissed_guard_leaves_the_group_alone() {
        let mut group = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        drop(Guard::of(Pid::from_child(&group)).unwrap());
        assert!(group.try_wait().unwrap().is_none(), "it lives");
        group.kill().unwrap();
        group.wait().unwrap();
    }
}
