//! One connection: how long it may take, and how much it may send.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::attended::Attended;
use crate::guard::Guard;
use crate::guests::{Guest, Phase};
use crate::handshake::handshake;

/// How long a client may take for the TLS handshake. It holds its place meanwhile, so that there are no more
/// handshakes than connections.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to send its request's head, and how long it may idle between two.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take nothing of a page that is sent to it.
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// A connection takes no further request after this time, so that slow readers hold no place.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(600);

/// How long the request that is under way then may take to its end.
const LAST_PAGE: Duration = Duration::from_secs(60);

/// Largest request head.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Serves one connection until its client closes it or it is too old.
pub(crate) async fn serve_connection(stream: TcpStream, guest: Arc<Guest>, guard: Arc<Guard>) {
    serve_until(tokio::time::sleep(CONNECTION_LIFETIME), stream, guest, guard).await;
}

async fn serve_until(
    too_old: impl Future<Output = ()>,
    stream: TcpStream,
    guest: Arc<Guest>,
    guard: Arc<Guard>,
) {
    let patience = READ_PATIENCE.as_millis() as u32;
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&stream, patience) {
        tracing::debug!(%error, "a client that does not read is kept longer");
    }
    match guard.tls().await {
        None => serve_requests(stream, guest, guard, too_old).await,
        Some(tls) => {
            let too_late = tokio::time::sleep(HANDSHAKE_TIMEOUT);
            if let Some(stream) = handshake(stream, tls, too_late).await {
                serve_requests(stream, guest, guard, too_old).await;
            }
        }
    }
}

async fn serve_requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    guest: Arc<Guest>,
    guard: Arc<Guard>,
    too_old: impl Future<Output = ()>,
) {
    let stream = Attended::new(stream, Arc::clone(&guest));
    let service = service_fn(move |request| {
        let (guard, guest) = (Arc::clone(&guard), Arc::clone(&guest));
        async move {
            guest.begins(Phase::Answering);
            let answer = guard.answer(&request, guest.client()).await;
            guest.begins(Phase::Sending);
            Ok::<_, Infallible>(answer)
        }
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::mpsc;

    use std::net::TcpListener as StdListener;

    use tokio::net::TcpListener;

    use super::*;
    use crate::collecting::{Collect, Collecting};
    use crate::page::Page;
    use crate::selfmetrics::SelfMetrics;
    use crate::site::Site;

    #[test]
    fn a_connection_that_is_too_old_ends_after_the_page_that_is_under_way() {
        struct Gated(mpsc::SyncSender<()>, mpsc::Receiver<()>);
        impl Collect for Gated {
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
        let site = Site::new(collecting, Arc::clone(&metrics), None, Vec::new());
        let guard = Arc::new(Guard::new(site, None, metrics));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let (stream, peer) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
            serve_until(async { is_old.await.unwrap() }, stream, Guest::new(peer.ip()), guard)
                .await;
        });
        let answer = client.join().unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("edctl_build_info"),
            "{answer}"
        );
    }
}
