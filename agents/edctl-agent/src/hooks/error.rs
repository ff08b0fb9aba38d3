//! Why hooks cannot be served.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum HooksError {
    #[error("cannot start the {thread} thread")]
    Thread { thread: &'static str, source: io::Error },
    #[error("the writing thread has ended")]
    WriterEnded,
    #[error("cannot listen on {}", socket.display())]
    Listen { socket: PathBuf, source: io::Error },
    #[error("cannot read {}", path.display())]
    BootId { path: PathBuf, source: io::Error },
}
