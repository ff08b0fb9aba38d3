//! Why a command gave nothing.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a command gave nothing. Every variant names the program.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The program could not be started.
    #[error("cannot start {}", program.display())]
    Start {
        /// The absolute path that was tried.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The program ran past its deadline and was killed with its whole process group.
    #[error("{} did not finish within {:.1} s", program.display(), after.as_secs_f64())]
    Timeout {
        /// The program.
        program: PathBuf,
        /// The deadline.
        after: Duration,
    },
    /// The program printed more than it may and was killed.
    #[error("{} printed more than {limit_bytes} bytes", program.display())]
    TooLarge {
        /// The program.
        program: PathBuf,
        /// The limit.
        limit_bytes: usize,
    },
    /// The program ended with a failure; what it printed before counts for nothing.
    #[error("{} failed ({status}): {}", program.display(), stderr.trim_end())]
    Failed {
        /// The program.
        program: PathBuf,
        /// Its exit code or signal.
        status: ExitStatus,
        /// What it wrote on stderr, verbatim but for invalid UTF-8 and its length.
        stderr: String,
    },
    /// The caller did not want to wait any longer; the process group was killed.
    #[error("{} was stopped", program.display())]
    Cancelled {
        /// The program.
        program: PathBuf,
    },
    /// Its pipes or its end could not be read.
    #[error("cannot follow {}", program.display())]
    Io {
        /// The program.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl RunError {
    /// A short fixed word for a metric's `reason` label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Failed { stderr, .. } => complaint(stderr),
            Self::Cancelled { .. } => "cancelled",
            Self::Io { .. } => "io",
        }
    }
}

/// What Slurm's commands of every release from 20.11 on say of slurmctld, and the word for it. One that
/// did not answer within Slurm's own `MessageTimeout` is as late as one that met our deadline.
const COMPLAINTS: [(&str, &str); 4] = [
    ("Unable to contact slurm controller", "unreachable"),
    ("Socket timed out on send/recv operation", "timeout"),
    ("Protocol authentication error", "authentication"),
    ("Access/permission denied", "denied"),
];

fn complaint(stderr: &str) -> &'static str {
    let said = COMPLAINTS.iter().find(|(words, _)| stderr.contains(words));
    said.map_or("exit_status", |(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_says_of_slurmctld_is_its_reason() {
        for (stderr, reason) in [
            (
                "slurm_load_partitions: Unable to contact slurm controller (connect failure)\n",
                "unreachable",
            ),
            ("slurm_load_jobs error: Socket timed out on send/recv operation\n", "timeout"),
            (
                "sinfo: error: Munge encode failed: Failed to access \"/run/munge/munge.socket.2\"\n\
                 slurm_load_partitions: Protocol authentication error\n",
                "authentication",
            ),
            ("slurm_load_node: Access/permission denied\n", "denied"),
            ("sinfo: unrecognized option\n", "exit_status"),
            ("", "exit_status"),
        ] {
            assert_eq!(complaint(stderr), reason, "{stderr}");
        }
    }
}
