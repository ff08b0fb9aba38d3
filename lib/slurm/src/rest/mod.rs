//! slurmrestd at its unix socket: what the commands tell, as JSON.
//!
//! Its answers have a version of their own, and a slurmrestd offers three or so: Slurm 22.05 brought v0.0.38,
//! each later release one more, 26.05 v0.0.45. All are read alike: [`value`] takes each way in which a
//! release writes a number or a list of words, and what is not known is passed over. [`mended`] puts right what is
//! no JSON, such as `Infinity`. Whoever may ask is
//! slurmrestd's own affair: with `rest_auth/local`, the one that needs no token, its own user.

mod answer;
mod bounds;
mod diag;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod jobs;
mod licenses;
mod mended;
mod nodes;
mod reservations;
mod shares;
mod value;

use std::collections::BTreeSet;
use std::io::{BufReader, PipeReader, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::de::{DeserializeOwned, DeserializeSeed};

pub use self::error::RestError;

use self::answer::Elements;
use self::bounds::Bounded;
use self::mended::Mended;
use self::value::Value;
use crate::diag::Diag;
use crate::http::{Body, Client, Endpoint, HttpError, Response};
use crate::jobs::JobRow;
use crate::licenses::LicenseRow;
use crate::lost::{LeftOut, Rejected, RowError};
use crate::nodes::NodeRow;
use crate::reservations::ReservationRow;
use crate::shares::ShareRow;

/// Where Debian's unit has slurmrestd listen.
pub const DEFAULT_SOCKET: &str = "/run/slurmrestd.socket";

/// The versions that are asked for, `v0.0.N`.
const NEWEST: u32 = 45;
const OLDEST: u32 = 38;

/// The media type that is asked for.
const JSON: &str = "application/json";

/// More figures, types and users of requests than any slurmctld has.
const MAX_DIAG_BYTES: u64 = 16 << 20;

/// How much of a text of slurmrestd's an error shows.
const MAX_MESSAGE_CHARS: usize = 200;
const MAX_MESSAGE_BYTES: u64 = 4096;

/// One slurmrestd. It is asked for its newest version that is known here, which holds for all questions
/// until it is not there any more, or until another slurmrestd has made the socket anew.
#[derive(Debug)]
pub struct Slurmrestd {
    socket: PathBuf,
    client: Client,
    agreed: Option<Agreed>,
}

#[derive(Debug)]
struct Agreed {
    version: u32,
    socket: SocketId,
    /// What it has in no version.
    missing: BTreeSet<&'static str>,
}

/// Tells a socket from another at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SocketId {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl Slurmrestd {
    /// The one at `socket`, which gets `deadline` for each answer, and at most `max_body_bytes` of it are read.
    /// When the other end of `cancel` closes, nothing is waited for any more.
    pub fn new(
        socket: impl Into<PathBuf>,
        deadline: Duration,
        max_body_bytes: u64,
        cancel: Option<Arc<PipeReader>>,
    ) -> Self {
        let socket = socket.into();
        let endpoint = Endpoint::Socket(socket.clone());
        let client = Client { endpoint, deadline, max_body_bytes, cancel };
        Self { socket, client, agreed: None }
    }

    /// The version that was agreed on last.
    pub fn version(&self) -> Option<String> {
        self.agreed.as_ref().map(|agreed| format!("v0.0.{}", agreed.version))
    }

    /// Whether there is a socket.
    pub fn is_there(&self) -> bool {
        self.socket.metadata().is_ok_and(|file| file.file_type().is_socket())
    }

    /// Whether it has shares, as far as that is known: those before Slurm 23.11 have none.
    pub fn has_shares(&self) -> bool {
        self.agreed.as_ref().is_none_or(|agreed| !agreed.missing.contains("shares"))
    }

    /// Reads slurmctld's figures into `diag`.
    pub fn diag(&mut self, diag: &mut Diag) -> Result<Rejected, RestError> {
        let mut rejected = Rejected::default();
        let mut body = self.open("diag")?;
        body.limit_bytes = body.limit_bytes.min(MAX_DIAG_BYTES);
        read(body, diag::KEY, diag::Statistics { diag, rejected: &mut rejected })?;
        Ok(rejected)
    }

    /// Hands on one row for each node and partition, as [`commands::NODES`](crate::commands::NODES) has them.
    pub fn nodes(&mut self, mut on_row: impl FnMut(&NodeRow<'_>)) -> Result<Rejected, RestError> {
        self.list("nodes", |node: &nodes::Node| (node.rows(&mut on_row), &node.name))
    }

    /// Hands on one row for each job, arrays not expanded, as [`commands::JOBS`](crate::commands::JOBS) has
    /// them. A reason is always Slurm's word, never the text that squeue may show in its endpoint.
    pub fn jobs(&mut self, mut on_row: impl FnMut(&JobRow<'_>)) -> Result<Rejected, RestError> {
        self.list("jobs", |job: &jobs::Job| {
            let outcome = job.row().map(|row| {
                on_row(&row);
                row.left_out
            });
            (outcome, &job.job_id)
        })
    }

    /// Hands on one row for each licence.
    pub fn licenses(
        &mut self,
        mut on_row: impl FnMut(&LicenseRow<'_>),
    ) -> Result<Rejected, RestError> {
        self.list("licenses", |license: &licenses::License| {
            let outcome = license.row().map(|row| {
                on_row(&row);
                row.left_out
            });
            (outcome, &license.license_name)
        })
    }

    /// Hands on one row for each reservation.
    pub fn reservations(
        &mut self,
        mut on_row: impl FnMut(&ReservationRow<'_>),
    ) -> Result<Rejected, RestError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        self.list("reservations", |one: &reservations::Reservation| {
            (one.row(now, &mut on_row), &one.name)
        })
    }

    /// Hands on one row for each account, and one for each user of it.
    pub fn shares(&mut self, mut on_row: impl FnMut(&ShareRow<'_>)) -> Result<Rejected, RestError> {
        let mut rejected = Rejected::default();
        let each = counting(&mut rejected, |share: &shares::Share| {
            let outcome = share.row().map(|row| {
                on_row(&row);
                row.left_out
            });
            (outcome, &share.name)
        });
        read(self.open("shares")?, shares::KEY, shares::Shares(each))?;
        Ok(rejected)
    }

    /// Reads the list that stands under its own name.
    fn list<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        on_element: impl FnMut(&T) -> (Outcome, &Value),
    ) -> Result<Rejected, RestError> {
        let mut rejected = Rejected::default();
        let each = counting(&mut rejected, on_element);
        read(self.open(name)?, name, Elements::new(each))?;
        Ok(rejected)
    }

    /// Asks for `name`, in the agreed version or else in the newest that there is.
    fn open(&mut self, name: &'static str) -> Result<Body, RestError> {
        let begun = Instant::now();
        let socket = self.socket_id()?;
        self.agreed = self.agreed.take().filter(|agreed| agreed.socket == socket);
        let agreed = self.agreed.as_ref().map(|agreed| agreed.version);
        let is_missing = self.agreed.as_ref().is_some_and(|one| one.missing.contains(name));
        let versions = agreed.into_iter().chain((OLDEST..=NEWEST).rev());
        for version in versions.filter(|_| !is_missing) {
            let path = format!("/slurm/v0.0.{version}/{name}");
            let Response { status, body, .. } = self.client.get(&path, JSON, begun)?;
            match status {
                200 => {
                    if agreed != Some(version) {
                        self.agreed = Some(Agreed { version, socket, missing: BTreeSet::new() });
                    }
                    return Ok(body);
                }
                404 => {}
                status => return Err(refusal(status, body)),
            }
        }
        if let Some(agreed) = &mut self.agreed {
            agreed.missing.insert(name);
        }
        Err(RestError::NotOffered { name, oldest: OLDEST, newest: NEWEST })
    }

    fn socket_id(&self) -> Result<SocketId, RestError> {
        let endpoint = || self.client.endpoint.to_string();
        let metadata = self.socket.metadata();
        let file =
            metadata.map_err(|source| HttpError::Connect { endpoint: endpoint(), source })?;
        let changed = (file.ctime(), file.ctime_nsec());
        Ok(SocketId { device: file.dev(), inode: file.ino(), changed })
    }
}

/// What of an element was left out, or why it is no row.
type Outcome = Result<LeftOut, RowError>;

/// What takes in an element, which says what became of it and which it is, and counts what was lost.
fn counting<T>(
    rejected: &mut Rejected,
    mut on_element: impl FnMut(&T) -> (Outcome, &Value),
) -> impl FnMut(Option<T>) {
    move |element| match &element {
        Some(element) => {
            let (outcome, name) = on_element(element);
            if outcome.is_err() || outcome.is_ok_and(|left_out| left_out.total() > 0) {
                rejected.note(&outcome, &name.shown());
            }
        }
        None => rejected.note(&Err(RowError::Fields), ""),
    }
}

fn read<'de>(
    body: Body,
    key: &'static str,
    content: impl DeserializeSeed<'de, Value = ()>,
) -> Result<(), RestError> {
    let path = body.asked().to_owned();
    let mut text = Bounded::new(Mended::new(body));
    let outcome = answer::read(BufReader::new(&mut text), key, content);
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(message)) => Err(RestError::Refused { path, message: clip(&message) }),
        Err(error) => Err(match text.source.source.failure() {
            Some(failure) => failure.into(),
            None if error.is_eof() => HttpError::Truncated { asked: path }.into(),
            None => RestError::Json { path, message: clip(&error.to_string()) },
        }),
    }
}

/// What came with a status other than 200: an answer with an error, or a text.
fn refusal(status: u16, body: Body) -> RestError {
    let path = body.asked().to_owned();
    let mut text = Vec::new();
    // What has come until then is shown.
    let _cut = body.take(MAX_MESSAGE_BYTES).read_to_end(&mut text);
    let message =
        answer::first_error(&text).unwrap_or_else(|| String::from_utf8_lossy(&text).into_owned());
    RestError::Status { path, status, message: clip(&message) }
}

/// The beginning of a text of somebody else's, safe to show.
fn clip(text: &str) -> String {
    text.trim().chars().take(MAX_MESSAGE_CHARS).flat_map(char::escape_debug).collect()
}
