//! The HTTP server: `/metrics`, `/healthz` (alive), `/readyz` (first collection done) and `/`.

use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::collecting::{Collecting, Source};
use crate::guests::Guests;
use crate::model::Page;
use crate::render::{Format, render};
use crate::selfmetrics::SelfMetrics;

/// Connections served at a time; further ones wait in the kernel's queue. Each may hold a page.
const MAX_CONNECTIONS: usize = 128;
/// How long a client may take to send its request's head, and how long it may idle between two.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take nothing of a page that is sent to it.
const READ_PATIENCE: Duration = Duration::from_secs(30);
/// A connection takes no further request after this time, so that slow readers hold no place.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(600);
/// How long the request that is under way then may take to its end.
const LAST_PAGE: Duration = Duration::from_secs(60);
/// Largest request head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a scrape may take that does not say how long it waits.
const DEFAULT_DEADLINE: Duration = Duration::from_millis(9_500);
/// Share of the client's own timeout that is kept for the way.
const DEADLINE_RESERVE: Duration = Duration::from_millis(250);
/// Pages smaller than this are sent as they are.
const GZIP_FROM_BYTES: usize = 1024;

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; choose another with --web.listen-address")]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Sockets that listen, before anything is served.
pub struct Server {
    listeners: Vec<StdListener>,
}

impl Server {
    /// Listens on every address.
    ///
    /// # Errors
    /// Names the first address that cannot be had.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let listen = |address: &SocketAddr| {
            let listener = StdListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listeners = addresses
            .iter()
            .map(|address| {
                listen(address).map_err(|source| BindError { address: *address, source })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { listeners })
    }

    /// The addresses in use; tells the port where 0 was asked for.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves until `stop` is done. Requests in flight are given up then.
    ///
    /// # Errors
    /// When the runtime cannot take a socket over.
    pub async fn serve<S: Source>(
        self,
        collecting: Collecting<S>,
        metrics: Arc<SelfMetrics>,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let site = Arc::new(Site { collecting, metrics, guests: Guests::default() });
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut accepting = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let listener = TcpListener::from_std(listener)?;
            accepting.spawn(accept(listener, Arc::clone(&site), Arc::clone(&places)));
        }
        stop.await;
        Ok(())
    }
}

async fn accept<S: Source>(listener: TcpListener, site: Arc<Site<S>>, places: Arc<Semaphore>) {
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(guest) = site.guests.enter(peer.ip()) else { continue };
                let site = Arc::clone(&site);
                tokio::spawn(async move {
                    serve_connection(stream, site, tokio::time::sleep(CONNECTION_LIFETIME)).await;
                    drop((guest, place));
                });
            }
            Err(error) => {
                // Out of file descriptors, say: trying again at once would only burn CPU.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one connection until its client closes it or it is `too_old`.
async fn serve_connection<S: Source>(
    stream: TcpStream,
    site: Arc<Site<S>>,
    too_old: impl Future<Output = ()>,
) {
    let patience = READ_PATIENCE.as_millis() as u32;
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&stream, patience) {
        tracing::debug!(%error, "a client that does not read is kept longer");
    }
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(&request).await) }
    });
    let mut connection = pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = too_old => {
            // A scrape that is under way gets its page.
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_PAGE, connection).await
        }
    };
    if let Ok(Err(error)) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

struct Site<S> {
    collecting: Collecting<S>,
    metrics: Arc<SelfMetrics>,
    guests: Guests,
}

impl<S: Source> Site<S> {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let (handler, response) = self.route(request).await;
        self.metrics.count_request(handler, response.status().as_u16());
        response
    }

    async fn route(&self, request: &Request<Incoming>) -> (&'static str, Response<Full<Bytes>>) {
        let handler = match request.uri().path() {
            "/metrics" => "metrics",
            "/healthz" => "healthz",
            "/readyz" => "readyz",
            "/" => "index",
            _ => return ("other", plain(StatusCode::NOT_FOUND, "no such page; see /\n")),
        };
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            refused.headers_mut().insert(ALLOW, header("GET, HEAD"));
            return (handler, refused);
        }
        let response = match handler {
            "metrics" => self.metrics_page(request.headers()).await,
            "healthz" => plain(StatusCode::OK, "ok\n"),
            "readyz" if self.metrics.is_ready() => plain(StatusCode::OK, "ready\n"),
            "readyz" => {
                plain(StatusCode::SERVICE_UNAVAILABLE, "the first collection is not done\n")
            }
            _ => self.index(),
        };
        (handler, response)
    }

    async fn metrics_page(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let page = match self.collecting.page(deadline(headers)).await {
            Some(page) => page,
            None => {
                let mut page = Page::default();
                self.metrics.collect(&mut page);
                Arc::new(page)
            }
        };
        let format = Format::negotiate(text(headers, ACCEPT.as_str()));
        let Ok(body) = render(&page, format) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be rendered\n");
        };
        respond(body.into_bytes(), format, accepts_gzip(headers))
    }

    fn index(&self) -> Response<Full<Bytes>> {
        let about = self.metrics.about();
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>edctl {component}</title></head><body>\n\
             <h1>edctl {component}</h1>\n<p>{about} Version {version}.</p>\n\
             <ul><li><a href=\"/metrics\">/metrics</a></li>\
             <li><a href=\"/healthz\">/healthz</a>: alive</li>\
             <li><a href=\"/readyz\">/readyz</a>: first collection done</li></ul>\n\
             </body></html>\n",
            component = about.component,
            about = about.about,
            version = about.version,
        );
        let mut response = Response::new(Full::new(Bytes::from(body)));
        response.headers_mut().insert(CONTENT_TYPE, header("text/html; charset=utf-8"));
        response
    }
}

fn respond(body: Vec<u8>, format: Format, gzip: bool) -> Response<Full<Bytes>> {
    let packed = if gzip && body.len() >= GZIP_FROM_BYTES { pack(&body) } else { None };
    let encoded = packed.is_some();
    let mut response = Response::new(Full::new(Bytes::from(packed.unwrap_or(body))));
    response.headers_mut().insert(CONTENT_TYPE, header(format.content_type()));
    if encoded {
        response.headers_mut().insert(CONTENT_ENCODING, header("gzip"));
    }
    response
}

fn pack(body: &[u8]) -> Option<Vec<u8>> {
    // Level 6 would cost ten times the rendering for a sixth less on the wire.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 6), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, header("text/plain; charset=utf-8"));
    response
}

fn header(value: &'static str) -> hyper::header::HeaderValue {
    hyper::header::HeaderValue::from_static(value)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Prometheus says how long it waits; the page is there a little before that.
fn deadline(headers: &HeaderMap) -> Duration {
    text(headers, "x-prometheus-scrape-timeout-seconds")
        .and_then(|value| value.parse::<f64>().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(|timeout| timeout.saturating_sub(DEADLINE_RESERVE).max(timeout / 2))
        .unwrap_or(DEFAULT_DEADLINE)
        .min(Duration::from_secs(60))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT_ENCODING.as_str()).unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !parts.any(|q| matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, header(value));
        headers
    }

    #[test]
    fn the_page_is_there_before_the_scrape_times_out() {
        let name = "x-prometheus-scrape-timeout-seconds";
        let cases = [
            ("10", Duration::from_millis(9_750)),
            ("0.2", Duration::from_millis(100)),
            ("100000", Duration::from_secs(60)),
            ("-1", DEFAULT_DEADLINE),
            ("NaN", DEFAULT_DEADLINE),
            ("soon", DEFAULT_DEADLINE),
        ];
        for (value, expected) in cases {
            assert_eq!(deadline(&headers(name, value)), expected, "{value}");
        }
        assert_eq!(deadline(&HeaderMap::new()), DEFAULT_DEADLINE);
    }

    #[test]
    fn a_connection_that_is_too_old_ends_after_the_page_that_is_under_way() {
        struct Gated(mpsc::SyncSender<()>, mpsc::Receiver<()>);
        impl Source for Gated {
            fn collect(&mut self, _page: &mut Page) {
                self.0.send(()).unwrap();
                self.1.recv().unwrap();
            }
        }
        let ((begun, begins), (go_on, goes_on)) = (mpsc::sync_channel(1), mpsc::channel());
        let (grow_old, is_old) = tokio::sync::oneshot::channel::<()>();
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            begins.recv().unwrap();
            grow_old.send(()).unwrap();
            go_on.send(()).unwrap();
            // Returns because the server hangs up: the client itself would have kept the line.
            std::io::read_to_string(stream).unwrap()
        });
        let about = crate::About { component: "test", about: "A test.", version: "0" };
        let metrics = Arc::new(SelfMetrics::new(about));
        let collecting = Collecting::start(Gated(begun, goes_on), Arc::clone(&metrics)).unwrap();
        let site = Arc::new(Site { collecting, metrics, guests: Guests::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let (stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
            serve_connection(stream, site, async { is_old.await.unwrap() }).await;
        });
        let answer = client.join().unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("edctl_build_info"),
            "{answer}"
        );
    }

    #[test]
    fn gzip_only_where_it_is_wanted() {
        for (value, expected) in
            [("gzip", true), ("deflate, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            assert_eq!(accepts_gzip(&headers("accept-encoding", value)), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
