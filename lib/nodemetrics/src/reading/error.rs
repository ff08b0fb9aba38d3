//! Why a collector has nothing to show.

use edctl_daemon::Lost;
use std::io;
use std::path::{Path, PathBuf};

use edctl_netlink::DumpError;

/// How a collector's run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It had something, and nothing was left out.
    Ok,
    /// It had something, and some values that it could not take were left out.
    Partly,
    /// This node does not have what it reads; nothing is wrong.
    Absent,
    /// It could not read or understand what is there.
    Error,
    /// It has not answered yet.
    Timeout,
}

impl State {
    /// The word on the page and in `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Partly => "partly",
            State::Absent => "absent",
            State::Error => "error",
            State::Timeout => "timeout",
        }
    }
}

/// What a collector met instead of data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    /// A file of the kernel is not there.
    #[error("{} does not exist", path.display())]
    Absent { path: PathBuf },
    /// It is there, but not for this user.
    #[error("{} may not be read", path.display())]
    Denied { path: PathBuf },
    /// The system refused.
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The file does not have the form that it should have.
    #[error("{}, line {line}: {expected}", path.display())]
    Parse { path: PathBuf, line: usize, expected: &'static str },
    /// The kernel was asked, and did not tell.
    #[error("cannot get {what}")]
    Netlink { what: &'static str, source: DumpError },
    /// Something else, told as it is.
    #[error("{message}")]
    Other { reason: &'static str, message: String },
    /// Its thread has nothing to give.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl CollectError {
    /// Tells a file that is not there from one that cannot be read.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Absent { path },
            _ => Self::Io { path, source },
        }
    }

    /// A kernel that has a feature switched off says so when it is read.
    pub(crate) fn or_switched_off(self) -> Self {
        match self {
            Self::Io { path, source } if source.kind() == io::ErrorKind::Unsupported => {
                Self::Absent { path }
            }
            other => other,
        }
    }

    /// A file that is for root only is absent for others.
    pub(crate) fn or_denied(self) -> Self {
        match self {
            Self::Io { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                Self::Denied { path }
            }
            other => other,
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Absent { .. } | Self::Denied { .. } => State::Absent,
            Self::Netlink { source, .. } if source.is_unsupported() => State::Absent,
            Self::Netlink { .. }
            | Self::Io { .. }
            | Self::Parse { .. }
            | Self::Other { .. }
            | Self::Lost(Lost::Ended) => State::Error,
            Self::Lost(Lost::Stuck { .. }) => State::Timeout,
        }
    }

    /// The word in `..._errors_total{reason}`.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Absent { .. } => "absent",
            Self::Denied { .. } => "denied",
            Self::Io { .. } => "io",
            Self::Parse { .. } => "parse",
            Self::Netlink { .. } => "netlink",
            Self::Lost(Lost::Stuck { .. }) => "timeout",
            Self::Other { reason, .. } => reason,
            Self::Lost(Lost::Ended) => "thread",
        }
    }
}
