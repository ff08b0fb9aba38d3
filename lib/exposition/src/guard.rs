//! What stands before the site where there is a web configuration file: the rate limit, users and
//! their passwords, and the headers of every answer. `/healthz` and `/readyz` are no exception, as
//! with exporter-toolkit nothing is.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};
use tokio_rustls::TlsAcceptor;

use crate::guests::Client;
use crate::selfmetrics::SelfMetrics;
use crate::site::{Site, plain};
use crate::web::{Credentials, Login, Logins, Settings, WebConfig};

/// The site behind its guard.
pub(crate) struct Guard {
    site: Site,
    web: Option<Arc<WebConfig>>,
    logins: Logins,
    metrics: Arc<SelfMetrics>,
}

/// Why a request does not reach the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    TooMany,
    Unauthorized,
    Busy,
}

impl Guard {
    /// Without a web configuration everybody may ask everything.
    pub(crate) fn new(site: Site, web: Option<Arc<WebConfig>>, metrics: Arc<SelfMetrics>) -> Self {
        if web.is_some() {
            metrics.note_web_config(true);
        }
        Self { site, web, logins: Logins::default(), metrics }
    }

    /// Whether connections begin with a handshake.
    pub(crate) fn has_tls(&self) -> bool {
        self.web.as_ref().is_some_and(|web| web.has_tls())
    }

    /// What a connection has to begin with, if with anything.
    pub(crate) async fn tls(&self) -> Option<TlsAcceptor> {
        self.web.as_ref()?.current(&self.metrics).await.tls.clone()
    }

    pub(crate) async fn answer(
        &self,
        request: &Request<Incoming>,
        client: Client,
    ) -> Response<Full<Bytes>> {
        let Some(web) = &self.web else { return self.site.answer(request).await };
        let settings = web.current(&self.metrics).await;
        let mut response = match self.admit(&settings, request.headers(), client).await {
            Ok(()) => self.site.answer(request).await,
            Err(refusal) => {
                let response = refusal.response();
                self.metrics.count_request("refused", response.status().as_u16());
                response
            }
        };
        response.headers_mut().extend(settings.headers.iter().cloned());
        response
    }

    async fn admit(
        &self,
        settings: &Settings,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<(), Refusal> {
        if settings.rate_limit.as_ref().is_some_and(|limit| !limit.allows(Instant::now())) {
            return Err(Refusal::TooMany);
        }
        let Some(users) = &settings.users else { return Ok(()) };
        let login = Credentials::of(headers).ok_or(Refusal::Unauthorized)?;
        match self.logins.check(users, login, client).await {
            Login::Granted => Ok(()),
            Login::Refused => Err(Refusal::Unauthorized),
            Login::Busy => Err(Refusal::Busy),
        }
    }
}

impl Refusal {
    fn response(self) -> Response<Full<Bytes>> {
        match self {
            Self::TooMany => plain(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n"),
            Self::Busy => {
                let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "too many logins wait\n");
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
            Self::Unauthorized => {
                let mut response = plain(StatusCode::UNAUTHORIZED, "Unauthorized\n");
                let basic = HeaderValue::from_static("Basic");
                response.headers_mut().insert(WWW_AUTHENTICATE, basic);
                response
            }
        }
    }
}
