//! A request, and its answer as it comes.

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::io::{self, PipeReader, Read};
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, HOST, LOCATION};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe::Receiver;
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Runtime;

use super::error::HttpError;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket.
    Socket(PathBuf),
    /// `HOST:PORT`.
    Host(String),
}

impl Endpoint {
    /// Reads `http://HOST:PORT`, behind which nothing but a slash may stand; nothing from any other text.
    pub fn of_url(url: &str) -> Option<Self> {
        let host = url.strip_prefix("http://")?;
        let host = host.strip_suffix('/').unwrap_or(host);
        let (name, port) = host.rsplit_once(':')?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        let is_name = match name.strip_prefix('[') {
            Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
            None => {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            }
        };
        (is_port && is_name).then(|| Self::Host(host.to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Host(host) => host.fmt(f),
        }
    }
}

/// Who is asked, and what an exchange may take.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where the server listens.
    pub endpoint: Endpoint,
    /// The time for all of an exchange.
    pub deadline: Duration,
    /// What is longer is refused.
    pub max_body_bytes: u64,
    /// Ends an exchange when its other end closes.
    pub cancel: Option<Arc<PipeReader>>,
}

impl Client {
    /// Asks for `path`, in the media type `accept`, and waits for the head of the answer; the deadline counts
    /// from `begun`.
    ///
    /// # Errors
    /// Says why there is no answer. An answer of any status is one.
    pub fn get(
        &self,
        path: &str,
        accept: &'static str,
        begun: Instant,
    ) -> Result<Response, HttpError> {
        let asked = format!("{}{path}", self.endpoint);
        let io_error =
            |error: io::Error| HttpError::Io { asked: asked.clone(), message: error.to_string() };
        // One of its own for each exchange: when it goes, the connection goes too.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io_error)?;
        let cancel = {
            let _in_runtime = runtime.enter();
            self.cancel.as_deref().map(watched).transpose().map_err(io_error)?
        };
        let (until, after) = (begun + self.deadline, self.deadline);
        let watch = Watch { asked: asked.clone(), until, after, cancel };
        let answer = runtime.block_on(watch.limit(ask(&self.endpoint, path, accept, &asked)));
        let runtime = Leaving(Some(runtime));
        let answer = answer?;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        Ok(Response {
            status: answer.status().as_u16(),
            location: location.map(str::to_owned),
            body: Body {
                incoming: answer.into_body(),
                watch,
                runtime,
                chunk: Bytes::new(),
                read_bytes: 0,
                limit_bytes: self.max_body_bytes,
                failure: None,
            },
        })
    }
}

/// Must be called within the runtime.
fn watched(pipe: &PipeReader) -> io::Result<Receiver> {
    Receiver::from_owned_fd(pipe.try_clone()?.into())
}

type Answer = hyper::Response<Incoming>;

async fn ask(
    endpoint: &Endpoint,
    path: &str,
    accept: &'static str,
    asked: &str,
) -> Result<Answer, HttpError> {
    let no_connection = |source| HttpError::Connect { endpoint: endpoint.to_string(), source };
    match endpoint {
        Endpoint::Socket(socket) => {
            let stream = UnixStream::connect(socket).await.map_err(no_connection)?;
            exchange(stream, "localhost", path, accept, asked).await
        }
        Endpoint::Host(host) => {
            let stream = TcpStream::connect(host).await.map_err(no_connection)?;
            exchange(stream, host, path, accept, asked).await
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    path: &str,
    accept: &'static str,
    asked: &str,
) -> Result<Answer, HttpError> {
    let failed = |error| http_error(asked, &error);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // What becomes of it shows where the answer is read.
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, host)
        .header(ACCEPT, accept)
        .body(Empty::<Bytes>::new())
        .map_err(|error| HttpError::Io { asked: asked.to_owned(), message: error.to_string() })?;
    sender.send_request(request).await.map_err(failed)
}

fn http_error(asked: &str, error: &hyper::Error) -> HttpError {
    let asked = asked.to_owned();
    // How the middle of a body ends shows only in the cause.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_cut = cause.is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof);
    if is_cut || error.is_incomplete_message() {
        return HttpError::Truncated { asked };
    }
    let message = cause.map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_parse() {
        HttpError::Http { asked, message }
    } else {
        HttpError::Io { asked, message }
    }
}

/// A runtime that waits for nobody when it goes, such as a resolver that does not answer.
struct Leaving(Option<Runtime>);

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What an exchange waits for besides the answer.
struct Watch {
    /// Who was asked for what.
    asked: String,
    until: Instant,
    after: Duration,
    cancel: Option<Receiver>,
}

impl Watch {
    /// Waits for `wanted`, but not beyond the deadline nor after the cancellation.
    async fn limit<T>(
        &self,
        wanted: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
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
            _ = cancelled => Err(HttpError::Cancelled { asked: self.asked.clone() }),
            () = tokio::time::sleep_until(self.until.into()) => {
                Err(HttpError::Timeout { asked: self.asked.clone(), after: self.after })
            }
            result = wanted => result,
        }
    }
}

/// The head of an answer, and its body to come.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Where a redirection points to, as the server wrote it.
    pub location: Option<String>,
    /// What follows the head.
    pub body: Body,
}

/// The body of an answer as it comes. A reader knows no error but [`io::Error`]: what went wrong here is
/// kept for [`failure`](Self::failure).
pub struct Body {
    incoming: Incoming,
    watch: Watch,
    /// After what lives in it.
    runtime: Leaving,
    chunk: Bytes,
    read_bytes: u64,
    /// More is not read.
    pub limit_bytes: u64,
    failure: Option<HttpError>,
}

impl Body {
    /// Who was asked for what.
    pub fn asked(&self) -> &str {
        &self.watch.asked
    }

    /// Why the last read failed.
    pub fn failure(&mut self) -> Option<HttpError> {
        self.failure.take()
    }

    /// Takes in more; nothing at the end.
    ///
    /// # Errors
    /// Says why the rest of it cannot be had.
    pub fn more(&mut self) -> Result<Option<Bytes>, HttpError> {
        let Self { incoming, watch, runtime: Leaving(Some(runtime)), .. } = self else {
            return Ok(None);
        };
        let frame = async {
            match incoming.frame().await {
                Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
                Some(Err(error)) => Err(http_error(&watch.asked, &error)),
                None => Ok(None),
            }
        };
        let Some(chunk) = runtime.block_on(watch.limit(frame))? else { return Ok(None) };
        self.read_bytes += chunk.len() as u64;
        if self.read_bytes > self.limit_bytes {
            let (asked, limit_bytes) = (self.watch.asked.clone(), self.limit_bytes);
            return Err(HttpError::TooLarge { asked, limit_bytes });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_host_and_a_port_and_nothing_else() {
        for (url, host) in [
            ("http://127.0.0.1:6817", Some("127.0.0.1:6817")),
            ("http://ctl-1.example:6817/", Some("ctl-1.example:6817")),
            ("http://[::1]:6817", Some("[::1]:6817")),
            ("https://ctl:6817", None),
            ("ctl:6817", None),
            ("http://ctl", None),
            ("http://ctl:", None),
            ("http://ctl:0", None),
            ("http://ctl:65536", None),
            ("http://:6817", None),
            ("http://::1:6817", None),
            ("http://[ctl]:6817", None),
            ("http://ada@ctl:6817", None),
            ("http://ctl:6817/metrics", None),
            ("http://ctl:6817?x", None),
            ("http://c tl:6817", None),
        ] {
            let endpoint = host.map(|host| Endpoint::Host(host.to_owned()));
            assert_eq!(Endpoint::of_url(url), endpoint, "{url}");
        }
    }
}
