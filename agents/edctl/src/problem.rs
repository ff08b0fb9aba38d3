//! What stops a command: told on stderr, and told apart by the exit code.

use std::io::{self, Write};

use anyhow::Error;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The user or the configuration is wrong.
    Usage(Error),
    /// The machine, the file system or Slurm is in trouble.
    Infra(Error),
    /// The user pressed ^C; what runs goes on.
    Interrupted,
    /// Nobody reads our output any more.
    PipeClosed,
}

impl Problem {
    /// The exit code that tells programs which kind it is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Infra(_) => 3,
            Self::Interrupted => 130,
            Self::PipeClosed => 0,
        }
    }

    /// Tells people, with the whole chain of causes.
    pub(crate) fn report(&self) {
        let (Self::Usage(error) | Self::Infra(error)) = self else { return };
        // Where stderr is gone too there is nobody left to tell.
        let words = format!("{error:#}");
        let _ = writeln!(io::stderr(), "edctl: error: {}", words.trim_end());
    }

    /// A usage problem of a message alone.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::Usage(Error::msg(message.to_string()))
    }

    /// An infrastructure problem of a message alone.
    pub(crate) fn infra(message: impl std::fmt::Display) -> Self {
        Self::Infra(Error::msg(message.to_string()))
    }
}

/// Turns an error into a problem of one kind.
pub(crate) trait OrProblem<T> {
    /// The user or the configuration is at fault.
    fn or_usage(self) -> Result<T, Problem>;
    /// The machine is at fault.
    fn or_infra(self) -> Result<T, Problem>;
}

impl<T, E: Into<Error>> OrProblem<T> for Result<T, E> {
    fn or_usage(self) -> Result<T, Problem> {
        self.map_err(|error| Problem::Usage(error.into()))
    }

    fn or_infra(self) -> Result<T, Problem> {
        self.map_err(|error| Problem::Infra(error.into()))
    }
}
