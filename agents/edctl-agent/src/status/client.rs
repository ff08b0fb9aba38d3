//! Asking the agent.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use edctl_hookmsg::{DecodeError, Request};

use super::model::Status;

const PATIENCE: Duration = Duration::from_secs(5);
const MAX_REPLY_BYTES: u64 = 16 << 20;

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoStatus {
    #[error("it cannot be asked")]
    Request(#[from] DecodeError),
    #[error(transparent)]
    Connection(#[from] std::io::Error),
    #[error("it closed the connection without an answer")]
    Nothing,
    #[error("its answer is not understood")]
    Answer(#[from] serde_json::Error),
}

pub(crate) fn ask(socket: &Path) -> Result<Status, NoStatus> {
    let line = Request::Status.encode()?;
    let reply = exchange(socket, &line)?;
    if reply.is_empty() {
        return Err(NoStatus::Nothing);
    }
    Ok(serde_json::from_slice(&reply)?)
}

fn exchange(socket: &Path, line: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(line)?;
    let mut reply = Vec::new();
    stream.take(MAX_REPLY_BYTES).read_to_end(&mut reply)?;
    Ok(reply)
}
