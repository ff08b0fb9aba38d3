//! A connection as a guest: the client it belongs to, and what it is waiting for.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A client may take nothing of its page for this long; then its connection may be closed for another's.
const READ_PAUSE: Duration = Duration::from_secs(1);
/// The bits of an IPv6 address that identify a network; a host may choose the rest at will (RFC 4291, 2.5.1).
const IPV6_PREFIX: u128 = !0 << 64;

/// Whose connections count together: an IPv4 address, or an IPv6 network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client(IpAddr);

impl Client {
    pub(crate) fn of(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V6(address) => Self(IpAddr::V6((address.to_bits() & IPV6_PREFIX).into())),
            v4 => Self(v4),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V6(network) => write!(f, "{network}/64"),
            IpAddr::V4(address) => write!(f, "{address}"),
        }
    }
}

/// Why a connection is kept open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its client may ask: it has said nothing, or half of a handshake or of a request.
    Idle,
    /// The answer to its request is being made.
    Answering,
    /// The answer is being sent.
    Sending,
}

/// A connection that is open.
pub(crate) struct Guest {
    client: Client,
    /// With the time at which it began; of sending, at which the client last took something.
    phase: Mutex<(Phase, Instant)>,
    leave: Notify,
}

impl Guest {
    /// One that has just come.
    pub(crate) fn new(peer: IpAddr) -> Arc<Self> {
        let phase = Mutex::new((Phase::Idle, Instant::now()));
        Arc::new(Self { client: Client::of(peer), phase, leave: Notify::new() })
    }

    pub(crate) fn client(&self) -> Client {
        self.client
    }

    pub(crate) fn begins(&self, phase: Phase) {
        *self.phase() = (phase, Instant::now());
    }

    /// Its client has taken something of an answer.
    pub(crate) fn took_some(&self) {
        self.after_sending(Phase::Sending);
    }

    /// Its client has taken all that there is for it.
    pub(crate) fn took_all(&self) {
        self.after_sending(Phase::Idle);
    }

    fn after_sending(&self, next: Phase) {
        let mut phase = self.phase();
        if phase.0 == Phase::Sending {
            *phase = (next, Instant::now());
        }
    }

    /// Since when its client keeps it waiting; `None` where it is being served.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        let (phase, since) = *self.phase();
        match phase {
            Phase::Idle => Some(since),
            Phase::Sending => (since.elapsed() >= READ_PAUSE).then_some(since),
            Phase::Answering => None,
        }
    }

    /// Ends it, for another's sake.
    pub(crate) fn send_away(&self) {
        self.leave.notify_one();
    }

    /// Waits until it is sent away.
    pub(crate) async fn sent_away(&self) {
        self.leave.notified().await;
    }

    fn phase(&self) -> MutexGuard<'_, (Phase, Instant)> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn ipv6_counts_by_its_network_and_ipv4_by_its_address() {
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        // So a socket that listens on [::] sees IPv4: RFC 4291, 2.5.5.2.
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("::ffff:192.0.2.1"), client("::ffff:192.0.2.2"));
    }

    #[test]
    fn only_a_guest_that_keeps_the_server_waiting_may_be_sent_away() {
        let guest = Guest::new("192.0.2.1".parse().unwrap());
        assert!(guest.waits_since().is_some());
        guest.begins(Phase::Answering);
        guest.took_all();
        assert_eq!(guest.waits_since(), None);
        guest.begins(Phase::Sending);
        assert_eq!(guest.waits_since(), None);
        guest.phase().1 -= READ_PAUSE;
        assert!(guest.waits_since().is_some());
        guest.took_all();
        assert!(guest.waits_since().is_some_and(|since| since.elapsed() < READ_PAUSE));
    }
}
