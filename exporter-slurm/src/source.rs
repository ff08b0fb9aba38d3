//! The questions that are asked of Slurm.

use edctl_slurm::http::HttpError;
use edctl_slurm::{Rejected, RestError, RunError};
use serde::Deserialize;

/// A question, by the word in the label `source` and in the configuration. A new one gets a variant
/// here, a slot on the [`Board`](crate::board::Board), a method of [`Backend`](crate::backend::Backend)
/// and a function in [`page`](crate::page).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// What the others may leave out; it is asked whatever the configuration chooses.
    #[serde(skip)]
    Access,
    Diag,
    Nodes,
    Jobs,
    Licenses,
    Reservations,
    Shares,
}

impl Source {
    /// All sources that can be chosen, in the order in which they are asked first.
    pub(crate) const ALL: [Source; 6] = [
        Source::Diag,
        Source::Nodes,
        Source::Jobs,
        Source::Licenses,
        Source::Reservations,
        Source::Shares,
    ];

    /// Whether what it tells changes so slowly that it is asked less than the others.
    pub(crate) fn is_slow(self) -> bool {
        matches!(self, Self::Access | Self::Licenses | Self::Reservations | Self::Shares)
    }

    /// The words of slurm.conf's `PrivateData` that keep some or all of what it tells from ordinary
    /// users, as Slurm 22.05 was seen to do: sinfo is refused, the others leave out what is not the
    /// user's own. No other word changes what any of them tells.
    pub(crate) fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Access | Self::Diag | Self::Licenses => &[],
            Self::Nodes => &["nodes", "partitions"],
            Self::Jobs => &["jobs"],
            Self::Reservations => &["reservations"],
            Self::Shares => &["usage"],
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Diag => "diag",
            Self::Nodes => "nodes",
            Self::Jobs => "jobs",
            Self::Licenses => "licenses",
            Self::Reservations => "reservations",
            Self::Shares => "shares",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollError {
    /// The command gave none.
    #[error(transparent)]
    Run(RunError),
    /// slurmrestd gave none.
    #[error(transparent)]
    Rest(RestError),
    /// slurmctld's own page could not be had.
    #[error(transparent)]
    Http(HttpError),
    /// This backend does not tell it.
    #[error("this backend does not tell it")]
    NotOffered,
    /// The command ended well, but within a row: there was more.
    #[error("the output ended within a row")]
    Truncated,
    /// There were rows, but none that could be read.
    #[error("none of the {} rows could be read", .0.total())]
    BadRows(Rejected),
    /// There was no row where there must be one.
    #[error("the output had no row")]
    NoRows,
}

impl PollError {
    /// All reasons that the label `reason` can show.
    pub(crate) const REASONS: [&str; 18] = [
        "start",
        "connect",
        "timeout",
        "unreachable",
        "authentication",
        "denied",
        "too_large",
        "exit_status",
        "http_status",
        "not_offered",
        "refused",
        "cancelled",
        "io",
        "http",
        "json",
        "truncated",
        "bad_rows",
        "no_rows",
    ];

    /// Why nothing was read, of an answer of which so much was not.
    pub(crate) fn of_nothing(rejected: Rejected) -> Self {
        if rejected.total() > 0 { Self::BadRows(rejected) } else { Self::NoRows }
    }

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Run(error) => error.reason(),
            Self::Rest(error) => error.reason(),
            Self::Http(error) => error.reason(),
            Self::NotOffered => "not_offered",
            Self::Truncated => "truncated",
            Self::BadRows(_) => "bad_rows",
            Self::NoRows => "no_rows",
        }
    }
}

/// What was read, and what of it could not be.
pub(crate) struct Answer<T> {
    pub(crate) counts: T,
    pub(crate) rejected: Rejected,
}
