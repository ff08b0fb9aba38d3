//! Many connections at once, over real sockets: who gives way, and what those are told that find no place.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use edctl_exposition::{About, Collect, Collecting, Family, Page, SelfMetrics, Server};
use rustls::version::TLS13;
use support::Authority;

#[expect(dead_code, reason = "the other tests' part")]
mod support;

/// More than one client may have that waits for an answer.
const MANY: usize = 150;
const ASK: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

/// Serves until the process ends.
fn serve(source: impl Collect) -> SocketAddr {
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let address = server.addresses()[0];
    let metrics = Arc::new(SelfMetrics::new(About { component: "t", about: "t", version: "0" }));
    let collecting = Collecting::start(source, Arc::clone(&metrics)).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.serve(collecting, metrics, std::future::pending())).unwrap();
    });
    address
}

/// A page of this many bytes and some more.
struct Big(usize);

impl Collect for Big {
    fn collect(&mut self, page: &mut Page) {
        let mut family = Family::gauge("big", "Big.");
        for n in 0..self.0 / 100 {
            family.push(&[("n", &format!("{n:0100}"))], 1u64);
        }
        page.add(family);
    }
}

/// Collects when it is let, and tells when it begins.
struct Gated(Sender<()>, Receiver<()>);

impl Collect for Gated {
    fn collect(&mut self, page: &mut Page) {
        let _over = (self.0.send(()), self.1.recv());
        page.add(Family::gauge("gated", "Gated.").with(&[], 1u64));
    }
}

fn open(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    // The server may have hung up already.
    let _closed = stream.write_all(sent);
    stream
}

/// The answer's status and head, by a client that leaves the rest.
fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    support::get(open(address, b""), path, "")
}

#[test]
fn silent_and_half_said_requests_give_way_to_a_whole_one() {
    let address = serve(Big(100));
    for sent in [&b""[..], b"GET /metrics HTTP/1.1\r\nhos"] {
        let slow: Vec<TcpStream> = (0..MANY).map(|_| open(address, sent)).collect();
        let page = get(address, "/metrics").unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        drop(slow);
    }
    let page = get(address, "/metrics").unwrap();
    assert!(page.contains("edctl_http_connections_shed_total{reason=\"gave_way\"} "), "{page}");
}

#[test]
fn each_of_many_silent_connections_is_answered_when_it_asks() {
    let address = serve(Big(100));
    let silent: Vec<TcpStream> = (0..MANY).map(|_| open(address, b"")).collect();
    for mut stream in silent {
        stream.write_all(ASK).unwrap();
        let head = head(&mut stream).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
}

#[test]
fn connections_that_are_kept_alive_give_way_and_the_newest_stays() {
    let address = serve(Big(100));
    let mut kept: Vec<TcpStream> = (0..MANY)
        .map(|_| {
            let mut stream = open(address, b"HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
            let head = head(&mut stream).unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            stream
        })
        .collect();
    assert_eq!(kept[0].read(&mut [0]).unwrap(), 0, "the oldest is closed in good order");
    let newest = kept.last_mut().unwrap();
    newest.write_all(ASK).unwrap();
    assert!(head(newest).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn beyond_the_limit_is_503_and_another_client_is_served() {
    let ((begun, begins), (go_on, goes_on)) = (channel(), channel());
    let address = serve(Gated(begun, goes_on));
    let mut waiting: Vec<TcpStream> = (0..MANY).map(|_| open(address, ASK)).collect();
    begins.recv().unwrap();
    // The last ones have found no place, and are told so before any page is there.
    let refused = head(waiting.last_mut().unwrap()).unwrap();
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
    assert!(refused.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{refused}");
    // The same machine under another address.
    let other = std::process::Command::new("python3")
        .args(["-c", OTHER_CLIENT, &address.port().to_string()])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "200\n", "{other:?}");

    drop(go_on);
    waiting.pop();
    let statuses: Vec<String> =
        waiting.iter_mut().map(|stream| head(stream).unwrap()[9..12].to_owned()).collect();
    let count = |status| statuses.iter().filter(|found| *found == status).count();
    // node_exporter answers 40 at once.
    assert!(count("200") >= 40, "{statuses:?}");
    assert_eq!(count("200") + count("503"), MANY - 1, "{statuses:?}");
    let page = get(address, "/metrics").unwrap();
    let refused =
        format!("edctl_http_connections_shed_total{{reason=\"refused\"}} {}\n", count("503") + 1);
    assert!(page.contains(&refused), "{page}");
}

/// The standard library cannot choose the address that a connection comes from.
const OTHER_CLIENT: &str = "import http.client, sys
client = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), 60, ('127.0.0.2', 0))
client.request('GET', '/healthz')
print(client.getresponse().status)";

#[test]
fn clients_that_do_not_read_their_pages_give_way() {
    let address = serve(Big(256 << 10));
    // In all more than the kernel takes for a connection, on both sides.
    let asked = ASK.repeat(30);
    let slow: Vec<TcpStream> = (0..MANY).map(|_| open(address, &asked)).collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = get(address, "/healthz").unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(Instant::now() < deadline, "still no place");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(slow);
}

#[test]
fn handshakes_that_are_not_finished_give_way() {
    let (authority, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.issue_server(dir.path());
    let tls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
    let address = support::serve(dir.path(), tls);
    let half: Vec<TcpStream> =
        (0..MANY).map(|_| open(address, b"\x16\x03\x01\x02\x00\x01")).collect();
    let client = authority.client(&[&TLS13], None);
    let page = support::get(support::connect(address, &client), "/metrics", "").unwrap();
    assert!(page.contains("one 1\n"), "{page}");
    drop(half);
}

#[test]
fn a_connection_that_is_closed_before_it_asks_takes_no_place() {
    let address = serve(Big(100));
    let mut kept: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = open(address, ASK);
            assert!(head(&mut stream).unwrap().starts_with("HTTP/1.1 200"));
            stream
        })
        .collect();
    for _ in 0..MANY {
        drop(open(address, b""));
    }
    let page = get(address, "/metrics").unwrap();
    assert!(!page.contains("edctl_http_connections_shed_total"), "{page}");
    for stream in &mut kept {
        stream.set_nonblocking(true).unwrap();
        let rest = std::io::copy(stream, &mut std::io::sink()).unwrap_err();
        assert_eq!(rest.kind(), ErrorKind::WouldBlock, "it is still open");
    }
}
