//! From a connection's beginning to its end: it waits until its client says something, then for a
//! place, and ends when another needs the place more.

use std::net::IpAddr;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;

use crate::connection::{HEADER_TIMEOUT, serve_connection};
use crate::guard::Guard;
use crate::guests::{Guest, Phase};
use crate::refusal::{NO_TLS, Refusals, TOO_MANY, refuse};
use crate::room::Room;
use crate::selfmetrics::SelfMetrics;

/// Connections served at a time; each may hold a page. One client may have half of them, a few more than
/// the 40 requests that node_exporter answers at a time.
const MAX_SERVED: usize = 96;
/// Connections whose clients have said nothing yet; each holds a socket and some hundred bytes.
const MAX_SILENT: usize = 2048;

/// Who serves, and for how many there is room.
pub(crate) struct House {
    guard: Arc<Guard>,
    silent: Room,
    served: Room,
    refusals: Refusals,
    metrics: Arc<SelfMetrics>,
}

impl House {
    pub(crate) fn new(guard: Arc<Guard>, metrics: Arc<SelfMetrics>) -> Self {
        Self {
            guard,
            silent: Room::new(max_silent()),
            served: Room::new(MAX_SERVED),
            refusals: Refusals::new(Arc::clone(&metrics)),
            metrics,
        }
    }

    /// Serves a connection from its beginning to its end.
    pub(crate) async fn receive(self: Arc<Self>, stream: TcpStream, peer: IpAddr) {
        let guest = Guest::new(peer);
        tokio::select! {
            () = self.attend(stream, &guest) => {}
            () = guest.sent_away() => self.metrics.count_shed("gave_way"),
        }
    }

    async fn attend(&self, stream: TcpStream, guest: &Arc<Guest>) {
        let Some(silent) = self.silent.enter(guest) else {
            return self.refusals.count(guest.client());
        };
        if !has_something_to_say(&stream).await {
            return;
        }
        guest.begins(Phase::Idle);
        if let Some(_place) = self.served.enter(guest) {
            drop(silent);
            let guard = Arc::clone(&self.guard);
            // Boxed, so that who is silent needs no memory for what comes after.
            return Box::pin(serve_connection(stream, Arc::clone(guest), guard)).await;
        }
        guest.begins(Phase::Answering);
        self.refusals.count(guest.client());
        // An answer over TLS would cost a handshake, which is what there is no place for.
        let answer = if self.guard.has_tls() { NO_TLS } else { TOO_MANY };
        Box::pin(refuse(stream, answer)).await;
    }
}

/// As many as leave half of the file descriptors to all else. systemd gives a service 1,024 and lets
/// it ask for more, which programs written in Go do.
fn max_silent() -> usize {
    let wanted = 2 * MAX_SILENT as u64;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let may_have = maximum.unwrap_or(wanted).min(wanted).max(current.unwrap_or(wanted));
    let asked = Rlimit { current: Some(may_have), maximum };
    let files = match setrlimit(Resource::Nofile, asked) {
        Ok(()) => may_have,
        Err(_) => current.unwrap_or(wanted),
    };
    MAX_SILENT.min(usize::try_from(files / 2).unwrap_or(MAX_SILENT))
}

/// Waits for the first byte; false where the client hangs up or is silent too long.
async fn has_something_to_say(stream: &TcpStream) -> bool {
    let mut first = [0];
    let heard = tokio::time::timeout(HEADER_TIMEOUT, stream.peek(&mut first)).await;
    matches!(heard, Ok(Ok(1)))
}
