//! Asking the agent.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use edctl_hookmsg::Request;

use super::model::Status;

const PATIENCE: Duration = Duration::from_secs(5);
const MAX_REPLY_BYTES: u64 = 16 << 20;

pub(super) fn ask(socket: &Path) -> Result<Status, String> {
    let line = Request::Status.encode().map_err(|e| e.to_string())?;
    let reply = exchange(socket, &line).map_err(|e| e.to_string())?;
    if reply.is_empty() {
        return Err("it closed the connection without an answer".to_owned());
    }
    serde_json::from_slice(&reply).map_err(|e| format!("its answer is not understood: {e}"))
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
