//! Without the agent, the event waits in the spool.

use std::path::Path;
use std::time::Duration;

use edctl_hookmsg::{DecodeError, Event, Request};
use edctl_spool::{Limits, Name, Spool, SpoolError};

use crate::bounded;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// How long the spool's disk may take: longer than a busy disk needs for a sync, and with the wait for
/// the agent less than the 8 s after which Slurm tells users of a hung prolog.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the spool does not have the event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("cannot make the record")]
    Record(#[from] DecodeError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the spool's disk has not answered for {} s", PATIENCE.as_secs())]
    Late,
}

/// Writes the event durably, or gives up when the disk does not answer. The record says in which boot
/// it happened, since it may outlive it.
pub(crate) fn keep(spool: &Path, event: Event) -> Result<(), NotKept> {
    let name = Name {
        time_usec: event.time_usec,
        job_id: event.job_id.unwrap_or(0),
        kind: event.hook.as_str().to_owned(),
    };
    let boot_id = std::fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned());
    let record = Request::Event(Box::new(Event { boot_id, ..event })).encode()?;
    let spool = spool.to_owned();
    bounded::within(PATIENCE, move || write(&spool, &name, &record)).unwrap_or(Err(NotKept::Late))
}

fn write(spool: &Path, name: &Name, record: &[u8]) -> Result<(), NotKept> {
    Spool::open(spool, Limits::default())?.write(name, record)?;
    Ok(())
}
