//! Without the agent, the event waits in the spool.

use std::path::Path;

use edctl_hookmsg::{Event, Request};
use edctl_spool::{Limits, Name, Spool};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Writes the event durably. The record says in which boot it happened, since it may outlive it.
pub(crate) fn keep(spool: &Path, event: Event) -> Result<(), String> {
    let name = Name {
        time_usec: event.time_usec,
        job_id: event.job_id.unwrap_or(0),
        kind: event.hook.as_str().to_owned(),
    };
    let boot_id = std::fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned());
    let record =
        Request::Event(Box::new(Event { boot_id, ..event })).encode().map_err(|e| e.to_string())?;
    Spool::open(spool, Limits::default())
        .and_then(|spool| spool.write(&name, &record))
        .map(drop)
        .map_err(|e| with_source(&e))
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
