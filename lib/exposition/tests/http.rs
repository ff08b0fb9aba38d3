//! The server as a client sees it, over a real socket.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use edctl_exposition::{About, Collect, Collecting, Family, Page, SelfMetrics, Server};

struct Numbers(u64);

impl Collect for Numbers {
    fn collect(&mut self, page: &mut Page) {
        let mut family = Family::gauge("numbers", "Numbers.");
        for n in 0..self.0 {
            family.push(&[("n", &n.to_string())], n);
        }
        page.add(family);
    }
}

/// Serves 100 numbers until the process ends; a test's process ends with its tests.
fn serve() -> SocketAddr {
    serve_at(None)
}

fn serve_at(path: Option<String>) -> SocketAddr {
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap().with_metrics_at(path);
    let address = server.addresses()[0];
    let about = About { component: "test", about: "A test.", version: "1.2.3" };
    let metrics = Arc::new(SelfMetrics::new(about));
    let collecting = Collecting::start(Numbers(100), Arc::clone(&metrics)).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.serve(collecting, metrics, std::future::pending())).unwrap();
    });
    address
}

fn ask(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head_end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let body = answer.split_off(head_end);
    (String::from_utf8(answer).unwrap(), body)
}

fn get(address: SocketAddr, path: &str, headers: &str) -> (String, Vec<u8>) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"))
}

#[test]
fn pages_and_their_status() {
    let address = serve();
    let (head, _) = get(address, "/readyz", "");
    assert!(head.starts_with("HTTP/1.1 503"), "before the first collection: {head}");

    let (head, body) = get(address, "/metrics", "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("numbers{n=\"99\"} 99\n"), "{body}");
    assert!(body.contains("edctl_build_info{component=\"test\",version=\"1.2.3\"} 1\n"), "{body}");

    for (path, status) in [("/readyz", "200"), ("/healthz", "200"), ("/", "200"), ("/x", "404")] {
        let (head, _) = get(address, path, "");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
    }
    let (_, body) = get(address, "/metrics", "");
    let body = String::from_utf8(body).unwrap();
    for handler in ["metrics", "healthz", "index", "other"] {
        let latency =
            format!("edctl_http_request_duration_seconds_count{{handler=\"{handler}\"}} 1\n");
        assert!(body.contains(&latency), "{body}");
    }
}

#[test]
fn the_page_may_be_elsewhere() {
    let address = serve_at(Some("/node".to_owned()));
    let (head, _) = get(address, "/metrics", "");
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (_, body) = get(address, "/node", "");
    assert!(String::from_utf8(body).unwrap().contains("numbers{n=\"99\"} 99\n"));
    let (_, body) = get(address, "/", "");
    assert!(String::from_utf8(body).unwrap().contains("<a href=\"/node\">/node</a>"));
}

#[test]
fn openmetrics_and_gzip_when_asked() {
    let address = serve();
    let headers = "accept: application/openmetrics-text\r\naccept-encoding: gzip\r\n";
    let (head, body) = get(address, "/metrics", headers);
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn other_methods_and_endless_heads_are_refused() {
    let address = serve();
    let post =
        "POST /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (head, _) = ask(address, post);
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    assert!(head.contains("allow: GET, HEAD"), "{head}");

    // The server closes while we still send, so that its answer may be lost on the way; that it
    // never takes such a head as a request is what counts.
    let mut stream = TcpStream::connect(address).unwrap();
    let _reset = write!(stream, "GET /metrics HTTP/1.1\r\nx: {}", "y".repeat(64 * 1024));
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
}

#[test]
fn head_has_the_head_alone_and_pipelined_requests_come_in_order() {
    let address = serve();
    let close = "host: x\r\nconnection: close\r\n\r\n";
    let (head, body) = ask(address, &format!("HEAD /healthz HTTP/1.1\r\n{close}"));
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: 3\r\n"), "{head}");
    assert_eq!(body, b"");

    let keep = "HTTP/1.1\r\nhost: x\r\n\r\n";
    let three = format!("GET /x {keep}GET /metrics {keep}GET /healthz HTTP/1.1\r\n{close}");
    let (first, rest) = ask(address, &three);
    assert!(first.starts_with("HTTP/1.1 404"), "{first}");
    let rest = String::from_utf8(rest).unwrap();
    let places = ["no such page", "numbers{n=\"99\"} 99\n", "ok\n"].map(|text| rest.find(text));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
}

#[test]
fn one_client_that_reads_nothing_shuts_no_other_out() {
    let address = serve();
    let silent: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut stream = TcpStream::connect(address).unwrap();
            // Some ask and never read, some never ask; the server may have hung up already.
            let _closed =
                (n % 2 == 0).then(|| stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"));
            stream
        })
        .collect();
    // The same machine under another address.
    let other = std::process::Command::new("python3")
        .args(["-c", OTHER_CLIENT, &address.port().to_string()])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "200\n", "{other:?}");
    drop(silent);
}

/// The standard library cannot choose the address that a connection comes from.
const OTHER_CLIENT: &str = "import http.client, sys
client = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), 20, ('127.0.0.2', 0))
client.request('GET', '/metrics')
print(client.getresponse().status)";

#[test]
fn an_address_in_use_is_named() {
    let taken = serve();
    let Err(error) = Server::bind(&[taken]) else { panic!("bound twice") };
    let text = error.to_string();
    assert!(text.contains(&taken.to_string()) && text.contains("--web.listen-address"), "{text}");
}
