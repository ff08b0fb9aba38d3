//! What the server answers: `/metrics`, `/healthz` (alive), `/readyz` (first collection done) and `/`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::{Method, Request, Response, StatusCode};

use crate::collecting::{Collecting, NoPage};
use crate::format::Format;
use crate::packing::Packer;
use crate::page::Page;
use crate::query::{BadQuery, Query};
use crate::render::render;
use crate::selfmetrics::SelfMetrics;

/// Where Prometheus asks unless told otherwise.
const METRICS_PATH: &str = "/metrics";
/// How long a scrape may take that does not say how long it waits.
const DEFAULT_DEADLINE: Duration = Duration::from_millis(9_500);
/// Share of the client's own timeout that is kept for the way.
const DEADLINE_RESERVE: Duration = Duration::from_millis(250);
/// Pages smaller than this are sent as they are.
const GZIP_FROM_BYTES: usize = 1024;

/// A page of a daemon's own, beside those that all have.
#[derive(Clone)]
pub struct OwnPage {
    /// Where it is, with its slash.
    pub path: &'static str,
    /// What it is, in a few words for the index.
    pub about: &'static str,
    /// Makes the page, which is JSON, from what is in memory: it may wait for nothing.
    pub json: Arc<Answer>,
}

/// What answers a query.
pub type Answer = dyn Fn(&Query) -> Vec<u8> + Send + Sync;

/// The pages, and who counts their requests.
pub(crate) struct Site {
    collecting: Collecting,
    metrics: Arc<SelfMetrics>,
    metrics_path: String,
    own_pages: Vec<OwnPage>,
    packer: Packer,
}

impl Site {
    /// With the metrics at their usual path unless there is another.
    pub(crate) fn new(
        collecting: Collecting,
        metrics: Arc<SelfMetrics>,
        metrics_path: Option<String>,
        own_pages: Vec<OwnPage>,
    ) -> Self {
        let metrics_path = metrics_path.unwrap_or_else(|| METRICS_PATH.to_owned());
        Self { collecting, metrics, metrics_path, own_pages, packer: Packer::default() }
    }

    fn own_page(&self, path: &str) -> Option<&OwnPage> {
        self.own_pages.iter().find(|page| page.path == path)
    }

    pub(crate) async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let asked = Instant::now();
        let (handler, response) = self.route(request).await;
        self.metrics.count_latency(handler, asked.elapsed());
        self.metrics.count_request(handler, response.status().as_u16());
        response
    }

    async fn route(&self, request: &Request<Incoming>) -> (&'static str, Response<Full<Bytes>>) {
        let handler = match request.uri().path() {
            path if path == self.metrics_path => "metrics",
            "/healthz" => "healthz",
            "/readyz" => "readyz",
            "/" => "index",
            path if let Some(page) = self.own_page(path) => page.path.trim_start_matches('/'),
            _ => return ("other", plain(StatusCode::NOT_FOUND, "no such page; see /\n")),
        };
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            refused.headers_mut().insert(ALLOW, header("GET, HEAD"));
            return (handler, refused);
        }
        let response = match handler {
            "metrics" => self.metrics_page(request).await,
            "healthz" => plain(StatusCode::OK, "ok\n"),
            "readyz" if self.metrics.is_ready() => plain(StatusCode::OK, "ready\n"),
            "readyz" => {
                plain(StatusCode::SERVICE_UNAVAILABLE, "the first collection is not done\n")
            }
            "index" => self.index(),
            _ => self.own_answer(request),
        };
        (handler, response)
    }

    fn own_answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let Some(page) = self.own_page(request.uri().path()) else {
            return plain(StatusCode::NOT_FOUND, "no such page; see /\n");
        };
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let mut response = Response::new(Full::new(Bytes::from((page.json)(&query))));
        response.headers_mut().insert(CONTENT_TYPE, header("application/json"));
        response
    }

    async fn metrics_page(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let headers = request.headers();
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let page = match self.collecting.page(query, deadline(headers)).await {
            Ok(page) => page,
            Err(NoPage::BadQuery(error)) => return bad_request(&error),
            Err(NoPage::Late) => {
                let mut page = Page::default();
                self.metrics.collect(&mut page);
                Arc::new(page)
            }
        };
        let format = Format::negotiate(text(headers, ACCEPT.as_str()));
        let Ok(body) = render(&page, format) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be rendered\n");
        };
        self.page_response(body.into_bytes(), format, accepts_gzip(headers))
    }

    fn page_response(
        &self,
        body: Vec<u8>,
        format: Format,
        is_packed: bool,
    ) -> Response<Full<Bytes>> {
        let packed = if is_packed && body.len() >= GZIP_FROM_BYTES {
            self.packer.pack(&body).ok()
        } else {
            None
        };
        let is_packed = packed.is_some();
        let mut response = Response::new(Full::new(Bytes::from(packed.unwrap_or(body))));
        response.headers_mut().insert(CONTENT_TYPE, header(format.content_type()));
        if is_packed {
            response.headers_mut().insert(CONTENT_ENCODING, header("gzip"));
        }
        response
    }

    fn index(&self) -> Response<Full<Bytes>> {
        let about = self.metrics.about();
        let item = |page: &OwnPage| {
            format!("<li><a href=\"{path}\">{path}</a>: {}</li>", page.about, path = page.path)
        };
        let own_pages: String = self.own_pages.iter().map(item).collect();
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>edctl {component}</title></head><body>\n\
             <h1>edctl {component}</h1>\n<p>{about} Version {version}.</p>\n\
             <ul><li><a href=\"{path}\">{path}</a></li>{own_pages}\
             <li><a href=\"/healthz\">/healthz</a>: alive</li>\
             <li><a href=\"/readyz\">/readyz</a>: first collection done</li></ul>\n\
             </body></html>\n",
            component = about.component,
            about = about.about,
            version = about.version,
            path = self.metrics_path,
        );
        let mut response = Response::new(Full::new(Bytes::from(body)));
        response.headers_mut().insert(CONTENT_TYPE, header("text/html; charset=utf-8"));
        response
    }
}

fn bad_request(error: &BadQuery) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::BAD_REQUEST, "");
    *response.body_mut() = Full::new(Bytes::from(format!("{error}\n")));
    response
}

pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
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
    fn gzip_only_where_it_is_wanted() {
        for (value, expected) in
            [("gzip", true), ("deflate, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            assert_eq!(accepts_gzip(&headers("accept-encoding", value)), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
