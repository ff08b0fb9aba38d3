//! The HTTP server's sockets. What becomes of a connection is in `visit.rs` and `connection.rs`, what is answered
//! in `site.rs`, and who is answered in `guard.rs`.

use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::collecting::Collecting;
use crate::guard::Guard;
use crate::selfmetrics::SelfMetrics;
use crate::site::{OwnPage, Site};
use crate::visit::House;
use crate::web::WebConfig;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;
/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (choose another with --web.listen-address)")]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Sockets that listen, before anything is served.
pub struct Server {
    listeners: Vec<StdListener>,
    web: Option<WebConfig>,
    metrics_path: Option<String>,
    own_pages: Vec<OwnPage>,
}

impl Server {
    /// Listens on every address.
    ///
    /// # Errors
    /// Names the first address that cannot be had.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let listen = |address: &SocketAddr| {
            let listener = StdListener::bind(address)?;
            rustix::net::listen(&listener, BACKLOG)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listeners = addresses
            .iter()
            .map(|address| {
                listen(address).map_err(|source| BindError { address: *address, source })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { listeners, web: None, metrics_path: None, own_pages: Vec::new() })
    }

    /// Serves these too.
    #[must_use]
    pub fn with_own_pages(mut self, pages: Vec<OwnPage>) -> Self {
        self.own_pages = pages;
        self
    }

    /// Serves as a web configuration wants it, where there is one.
    #[must_use]
    pub fn with_web_config(mut self, web: Option<WebConfig>) -> Self {
        self.web = web;
        self
    }

    /// Serves the page at this path, where it is not to be `/metrics`.
    #[must_use]
    pub fn with_metrics_at(mut self, path: Option<String>) -> Self {
        self.metrics_path = path;
        self
    }

    /// The addresses in use; tells the port where 0 was asked for.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// How clients reach it: `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.web.as_ref().is_some_and(WebConfig::has_tls) { "https" } else { "http" }
    }

    /// Serves until `stop` is done. Requests in flight are given up then.
    ///
    /// # Errors
    /// When the runtime cannot take a socket over.
    pub async fn serve(
        self,
        collecting: Collecting,
        metrics: Arc<SelfMetrics>,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let site = Site::new(collecting, Arc::clone(&metrics), self.metrics_path, self.own_pages);
        let guard = Arc::new(Guard::new(site, self.web.map(Arc::new), Arc::clone(&metrics)));
        let house = Arc::new(House::new(guard, metrics));
        let mut accepting = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let listener = TcpListener::from_std(listener)?;
            accepting.spawn(accept(listener, Arc::clone(&house)));
        }
        stop.await;
        Ok(())
    }
}

async fn accept(listener: TcpListener, house: Arc<House>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(Arc::clone(&house).receive(stream, peer.ip()));
            }
            Err(error) => {
                // Out of file descriptors, say: trying again at once would only burn CPU.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
