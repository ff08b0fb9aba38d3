//! `node_tcp_connection_states`: how many TCP sockets are in which state, and the bytes in their queues,
//! from sock_diag.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};
use edctl_netlink::{Client, DUMP, DumpError, Protocol, Request, u32_at};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;

pub(super) const ENTRY: Entry = Entry {
    name: "tcpstat",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "sock_diag",
    families: &[FamilyDoc::gauge("node_tcp_connection_states", &["state"])],
    make: |host, _| Box::new(Tcpstat::new(host)),
};

const BY_FAMILY: u16 = 20;
const IPV4: u8 = 2;
const IPV6: u8 = 10;
const TCP: u8 = 6;
/// All that are told of, one bit each.
const ALL_STATES: u32 = 0xfff;
/// `struct inet_diag_req_v2` behind the states: no socket in particular.
const ANY_SOCKET: [u8; 48] = [0; 48];
/// Where `struct inet_diag_msg` has the state, and what waits in both queues.
const STATE_AT: usize = 1;
const RECEIVE_QUEUE_AT: usize = 56;
const SEND_QUEUE_AT: usize = 60;

/// The states' names, from 1.
const STATES: [&str; 11] = [
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
];

struct Tcpstat {
    client: Client,
    /// Is there where the kernel has IPv6.
    tcp6: PathBuf,
}

/// What many sockets are together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    /// In the order of [`STATES`].
    sockets: [u64; STATES.len()],
    unknown: u64,
    receive_queue_bytes: u64,
    send_queue_bytes: u64,
}

impl Tcpstat {
    fn new(host: &Host) -> Self {
        Self {
            client: Client::new(Protocol::SocketDiagnosis),
            tcp6: host.paths.procfs.join("net/tcp6"),
        }
    }

    fn ask(&mut self, family: u8) -> Result<Sums, DumpError> {
        let header = [&[family, TCP, 0, 0][..], &ALL_STATES.to_ne_bytes(), &ANY_SOCKET].concat();
        let request = Request::new(BY_FAMILY, DUMP).header(&header);
        self.client.dump(&request, |sums: &mut Sums, kind, body| {
            if kind == BY_FAMILY {
                sums.add(body);
            }
        })
    }
}

impl Collector for Tcpstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let wrong = |source| CollectError::Netlink { what: "TCP sockets", source };
        let mut sums = self.ask(IPV4).map_err(wrong)?;
        if self.tcp6.exists() {
            sums.merge(&self.ask(IPV6).map_err(wrong)?);
        }
        expose(&sums, page);
        Ok(())
    }
}

impl Sums {
    /// One socket more; nothing of a message that is cut.
    fn add(&mut self, body: &[u8]) {
        let (Some(state), Some(receive), Some(send)) =
            (body.get(STATE_AT), u32_at(body, RECEIVE_QUEUE_AT), u32_at(body, SEND_QUEUE_AT))
        else {
            return;
        };
        let place = usize::from(*state).checked_sub(1);
        *place.and_then(|place| self.sockets.get_mut(place)).unwrap_or(&mut self.unknown) += 1;
        self.receive_queue_bytes += u64::from(receive);
        self.send_queue_bytes += u64::from(send);
    }

    fn merge(&mut self, other: &Self) {
        for (sum, more) in self.sockets.iter_mut().zip(other.sockets) {
            *sum += more;
        }
        self.unknown += other.unknown;
        self.receive_queue_bytes += other.receive_queue_bytes;
        self.send_queue_bytes += other.send_queue_bytes;
    }
}

/// A state in which no socket is has no series, as node_exporter has it.
fn expose(sums: &Sums, page: &mut Page) {
    let mut family = Family::gauge(
        "node_tcp_connection_states",
        "TCP sockets in the state; of a queue, the bytes in it.",
    );
    let sockets = STATES.into_iter().zip(sums.sockets).chain([("unknown", sums.unknown)]);
    for (state, count) in sockets.filter(|(_, count)| *count > 0) {
        family.push(&[("state", state)], count);
    }
    if !family.samples.is_empty() {
        family.push(&[("state", "rx_queued_bytes")], sums.receive_queue_bytes);
        family.push(&[("state", "tx_queued_bytes")], sums.send_queue_bytes);
    }
    page.add(family);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn socket(state: u8, receive: u32, send: u32) -> Vec<u8> {
        let mut body = vec![0; 72];
        body[STATE_AT] = state;
        body[RECEIVE_QUEUE_AT..][..4].copy_from_slice(&receive.to_ne_bytes());
        body[SEND_QUEUE_AT..][..4].copy_from_slice(&send.to_ne_bytes());
        body
    }

    fn sums(sockets: &[Vec<u8>]) -> Sums {
        let mut sums = Sums::default();
        sockets.iter().for_each(|body| sums.add(body));
        sums
    }

    #[test]
    fn sockets_are_counted_by_state_and_their_queues_summed() {
        let mut all = sums(&[socket(1, u32::MAX, 7), socket(10, 2, 128), socket(1, 1, 0)]);
        all.merge(&sums(&[socket(6, 0, 0), socket(0, 0, 0), socket(13, 0, 0)]));
        let mut page = Page::default();
        expose(&all, &mut page);
        let family = page.family("node_tcp_connection_states").unwrap();
        let found: Vec<_> =
            family.samples.iter().map(|sample| (&*sample.labels[0].1, sample.value)).collect();
        let expected = [
            ("established", 2),
            ("time_wait", 1),
            ("listen", 1),
            ("unknown", 2),
            ("rx_queued_bytes", u64::from(u32::MAX) + 3),
            ("tx_queued_bytes", 135),
        ];
        assert_eq!(found, expected.map(|(state, count)| (state, count.into())));
    }

    #[test]
    fn what_is_cut_is_no_socket() {
        let body = socket(1, 2, 3);
        for length in 0..SEND_QUEUE_AT + 4 {
            assert_eq!(sums(&[body[..length].to_vec()]), Sums::default(), "{length}");
        }
        let mut page = Page::default();
        expose(&Sums::default(), &mut page);
        assert!(page.family("node_tcp_connection_states").is_none());
    }

    #[test]
    fn a_socket_of_ours_is_among_them() {
        let _listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut tcpstat = Tcpstat::new(&Host::real(edctl_daemon::Paths::default()));
        let sums = tcpstat.ask(IPV4).unwrap();
        assert!(sums.sockets[9] > 0, "{sums:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = sums(&[bytes]);
        }
    }
}
