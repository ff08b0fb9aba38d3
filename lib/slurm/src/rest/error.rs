//! Why slurmrestd gave nothing.

use crate::http::HttpError;

/// Why slurmrestd gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// There was no whole answer.
    #[error(transparent)]
    Http(#[from] HttpError),
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
            Self::Http(error) => error.reason(),
            Self::Status { .. } => "http_status",
            Self::NotOffered { .. } => "not_offered",
            Self::Refused { .. } => "refused",
            Self::Json { .. } => "json",
        }
    }
}
