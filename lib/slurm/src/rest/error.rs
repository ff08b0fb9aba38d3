//! Why slurmrestd gave nothing.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why slurmrestd gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// Nobody could be reached at the socket.
    #[error("cannot connect to {}: {source}", socket.display())]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The answer was not there in time.
    #[error("slurmrestd did not answer {path} within {:.1} s", after.as_secs_f64())]
    Timeout {
        /// What was asked for.
        path: String,
        /// The deadline.
        after: Duration,
    },
    /// The answer is larger than it may be.
    #[error("slurmrestd answered {path} with more than {limit_bytes} bytes")]
    TooLarge {
        /// What was asked for.
        path: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// The caller did not want to wait any longer.
    #[error("the request for {path} was stopped")]
    Cancelled {
        /// What was asked for.
        path: String,
    },
    /// The connection failed, or could not be followed.
    #[error("cannot read slurmrestd's answer to {path}: {message}")]
    Io {
        /// What was asked for.
        path: String,
        /// What the kernel or the HTTP reader said.
        message: String,
    },
    /// The answer is no HTTP.
    #[error("what answered {path} is no HTTP server: {message}")]
    Http {
        /// What was asked for.
        path: String,
        /// What the HTTP reader said.
        message: String,
    },
    /// The answer ended before its end.
    #[error("slurmrestd's answer to {path} ended in its middle")]
    Truncated {
        /// What was asked for.
        path: String,
    },
    /// The answer's status is not 200.
    #[error("slurmrestd answered {path} with status {status}: {message}")]
    Status {
        /// What was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of what came with it.
        message: String,
    },
    /// No version that is known here has it, or not the one that was agreed on.
    #[error(
        "this slurmrestd does not offer {name} in a version from v0.0.{oldest} to v0.0.{newest}"
    )]
    NotOffered {
        /// The last part of its path.
        name: &'static str,
        /// The oldest version that was asked for.
        oldest: u32,
        /// The newest version that was asked for.
        newest: u32,
    },
    /// Slurm itself gave an error.
    #[error("Slurm's error in slurmrestd's answer to {path}: {message}")]
    Refused {
        /// What was asked for.
        path: String,
        /// The beginning of the first error.
        message: String,
    },
    /// The answer is not the JSON that Slurm documents.
    #[error("slurmrestd's answer to {path} cannot be read: {message}")]
    Json {
        /// What was asked for.
        path: String,
        /// What is wrong with it, and where.
        message: String,
    },
}

impl RestError {
    /// A short fixed word for a metric's `reason` label; where a command can fail in the same way, it is
    /// the word of [`RunError::reason`](crate::RunError::reason).
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Cancelled { .. } => "cancelled",
            Self::Io { .. } => "io",
            Self::Http { .. } => "http",
            Self::Truncated { .. } => "truncated",
            Self::Status { .. } => "http_status",
            Self::NotOffered { .. } => "not_offered",
            Self::Refused { .. } => "refused",
            Self::Json { .. } => "json",
        }
    }
}
