//! What stops a command: told on stderr, and told apart by the exit code.

use std::io::{self, Write};

use anyhow::Error;
use serde::Serialize;

/// An error as `-o json` prints it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ErrorRecord {
    /// `edctl.error/v1`
    schema: &'static str,
    /// `usage` or `infrastructure`
    kind: &'static str,
    exit_code: u8,
    message: String,
}

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
        let Some(message) = self.message() else { return };
        // Where stderr is gone too there is nobody left to tell.
        let _ = writeln!(io::stderr(), "edctl: error: {message}");
    }

    /// Tells programs; an interrupt and a closed pipe are no errors.
    pub(crate) fn record(&self) -> Option<ErrorRecord> {
        let kind = match self {
            Self::Usage(_) => "usage",
            _ => "infrastructure",
        };
        let (schema, exit_code) = ("edctl.error/v1", self.exit_code());
        self.message().map(|message| ErrorRecord { schema, kind, exit_code, message })
    }

    /// The whole chain of causes; `None` where there is nothing to tell.
    pub(crate) fn message(&self) -> Option<String> {
        let (Self::Usage(error) | Self::Infra(error)) = self else { return None };
        Some(format!("{error:#}").trim_end().to_owned())
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
