//! One HTTP request at a time over a unix socket, with a deadline over the whole exchange.

use std::future::Future;
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::net::unix::pipe::Receiver;
use tokio::runtime::Runtime;

use super::bounds::Bounds;
use super::error::RestError;

/// Where slurmrestd is, and what an exchange may take.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) socket: PathBuf,
    pub(super) deadline: Duration,
    pub(super) max_body_bytes: u64,
    /// Ends an exchange when its other end closes.
    pub(super) cancel: Option<Arc<PipeReader>>,
}

impl Client {
    /// Asks for `path` and waits for the head of the answer; the deadline counts from `begun`.
    pub(super) fn get(&self, path: String, begun: Instant) -> Result<Response, RestError> {
        let failed =
            |error: io::Error| RestError::Io { path: path.clone(), message: error.to_string() };
        // One of its own for each exchange: when it goes, the connection goes too.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let cancel = {
            let _in_runtime = runtime.enter();
            self.cancel.as_deref().map(watched).transpose().map_err(failed)?
        };
        let after = self.deadline;
        let watch = Watch { path, until: begun + after, after, cancel };
        let (status, incoming) = runtime.block_on(watch.limit(ask(&self.socket, &watch.path)))?;
        Ok(Response {
            status,
            body: Body {
                incoming,
                watch,
                runtime,
                chunk: Bytes::new(),
                read_bytes: 0,
                limit_bytes: self.max_body_bytes,
                bounds: Bounds::default(),
                failure: None,
            },
        })
    }
}

/// Must be called within the runtime.
fn watched(pipe: &PipeReader) -> io::Result<Receiver> {
    Receiver::from_owned_fd(pipe.try_clone()?.into())
}

async fn ask(socket: &Path, path: &str) -> Result<(StatusCode, Incoming), RestError> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| RestError::Connect { socket: socket.to_owned(), source })?;
    let failed = |error| http_error(path, &error);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // What becomes of it shows where the answer is read.
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, "localhost")
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|error| RestError::Io { path: path.to_owned(), message: error.to_string() })?;
    let (head, incoming) = sender.send_request(request).await.map_err(failed)?.into_parts();
    Ok((head.status, incoming))
}

fn http_error(path: &str, error: &hyper::Error) -> RestError {
    let path = path.to_owned();
    if error.is_incomplete_message() || error.is_body_write_aborted() {
        return RestError::Truncated { path };
    }
    let message = error.to_string();
    if error.is_parse() {
        RestError::Http { path, message }
    } else {
        RestError::Io { path, message }
    }
}

/// What an exchange waits for besides the answer.
struct Watch {
    path: String,
    until: Instant,
    after: Duration,
    cancel: Option<Receiver>,
}

impl Watch {
    /// Waits for `wanted`, but not beyond the deadline nor after the cancellation.
    async fn limit<T>(
        &self,
        wanted: impl Future<Output = Result<T, RestError>>,
    ) -> Result<T, RestError> {
        let cancelled = async {
            match &self.cancel {
                // Nobody writes to it: that it can be read means that its other end is closed.
                Some(pipe) => pipe.readable().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // In this order, so that an answer without end has one.
            biased;
            _ = cancelled => Err(RestError::Cancelled { path: self.path.clone() }),
            () = tokio::time::sleep_until(self.until.into()) => {
                Err(RestError::Timeout { path: self.path.clone(), after: self.after })
            }
            result = wanted => result,
        }
    }
}

/// The head of an answer, and its body to come.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) body: Body,
}

/// The body of an answer as it comes. A reader knows no error but [`io::Error`]: what went wrong here is
/// kept for [`failure`](Self::failure).
pub(super) struct Body {
    incoming: Incoming,
    watch: Watch,
    /// After what lives in it.
    runtime: Runtime,
    chunk: Bytes,
    read_bytes: u64,
    /// More is not read.
    pub(super) limit_bytes: u64,
    bounds: Bounds,
    failure: Option<RestError>,
}

impl Body {
    /// What was asked for.
    pub(super) fn path(&self) -> &str {
        &self.watch.path
    }

    /// Why the last read failed.
    pub(super) fn failure(&mut self) -> Option<RestError> {
        self.failure.take()
    }

    /// Takes in more; nothing at the end.
    fn more(&mut self) -> Result<Option<Bytes>, RestError> {
        let Self { incoming, watch, runtime, .. } = self;
        let frame = async {
            match incoming.frame().await {
                Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
                Some(Err(error)) => Err(http_error(&watch.path, &error)),
                None => Ok(None),
            }
        };
        let Some(chunk) = runtime.block_on(watch.limit(frame))? else { return Ok(None) };
        self.read_bytes += chunk.len() as u64;
        let path = || self.watch.path.clone();
        if self.read_bytes > self.limit_bytes {
            return Err(RestError::TooLarge { path: path(), limit_bytes: self.limit_bytes });
        }
        self.bounds
            .follow(&chunk)
            .map_err(|what| RestError::Json { path: path(), message: what.to_owned() })?;
        Ok(Some(chunk))
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.more() {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => return Ok(0),
                Err(error) => {
                    let error = self.failure.insert(error);
                    return Err(io::Error::other(error.reason()));
                }
            }
        }
        let taken = self.chunk.split_to(buffer.len().min(self.chunk.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}
