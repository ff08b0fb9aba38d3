//! What can go wrong with a spool.

use std::io;

use thiserror::Error;

/// Why a spool could not do something.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// The operating system refused.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or directory.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The spool holds as much as it may.
    #[error("the spool is full: {records} records, {bytes} bytes")]
    Full {
        /// Records in it now.
        records: usize,
        /// Bytes in it now.
        bytes: u64,
    },
    /// The record is larger than a record may be.
    #[error("a record of {bytes} bytes is too large for the spool")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The path is a file where a directory or regular file is needed.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// The path.
        path: String,
    },
}

impl SpoolError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<String>,
        source: impl Into<io::Error>,
    ) -> Self {
        Self::Io { doing, path: path.into(), source: source.into() }
    }
}
