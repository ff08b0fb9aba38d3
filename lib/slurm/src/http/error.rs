//! Why an exchange gave nothing.

use std::io;
use std::time::Duration;

/// Why an exchange gave nothing. Each names who was asked for what.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nobody could be reached.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// The socket or the host.
        endpoint: String,
        /// What the kernel or the resolver said.
        source: io::Error,
    },
    /// The answer was not there in time.
    #[error("{asked} was not answered within {:.1} s", after.as_secs_f64())]
    Timeout {
        /// Who was asked for what.
        asked: String,
        /// The deadline.
        after: Duration,
    },
    /// The answer is larger than it may be.
    #[error("{asked} was answered with more than {limit_bytes} bytes")]
    TooLarge {
        /// Who was asked for what.
        asked: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// The caller did not want to wait any longer.
    #[error("the request for {asked} was stopped")]
    Cancelled {
        /// Who was asked for what.
        asked: String,
    },
    /// The connection failed, or could not be followed.
    #[error("cannot read the answer to {asked}: {message}")]
    Io {
        /// Who was asked for what.
        asked: String,
        /// What the kernel or the HTTP reader said.
        message: String,
    },
    /// The answer is no HTTP.
    #[error("what answered {asked} is no HTTP server: {message}")]
    Http {
        /// Who was asked for what.
        asked: String,
        /// What the HTTP reader said.
        message: String,
    },
    /// The answer ended before its end.
    #[error("the answer to {asked} ended in its middle")]
    Truncated {
        /// Who was asked for what.
        asked: String,
    },
    /// The answer's status is not the one of an answer.
    #[error("{asked} was answered with status {status}")]
    Status {
        /// Who was asked for what.
        asked: String,
        /// The HTTP status.
        status: u16,
    },
}

impl HttpError {
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
        }
    }
}
