//! Passwords, headers and the rate limit as clients see them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::serve;

#[expect(dead_code, reason = "the other tests' part")]
mod support;

const FORTY_YEARS: &str = "rate_limit: {interval: 350400h, burst: 3}\n";

fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    support::get(TcpStream::connect(address).unwrap(), path, headers).unwrap()
}

fn login(user: &str, password: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{password}")))
}

/// A file with the users alice and bob.
fn users() -> String {
    let hash = |password, prefix| bcrypt::hash(password, 4).unwrap().replacen("$2b$", prefix, 1);
    let (alice, bob) = (hash("s3cret", "$2y$"), hash("b:ob", "$2a$"));
    format!("basic_auth_users:\n  alice: {alice}\n  bob: {bob}\n")
}

#[test]
fn every_page_needs_a_user_and_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let address = serve(dir.path(), &users());
    for path in ["/metrics", "/", "/healthz", "/readyz", "/none"] {
        let answer = get(address, path, "");
        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{path}: {answer}");
        assert!(answer.contains("www-authenticate: Basic\r\n"), "{path}: {answer}");
        assert!(!answer.contains("one 1"), "{answer}");
    }
    // Twice, because the second time nobody asks bcrypt.
    for _ in 0..2 {
        for (user, password, status) in [
            ("alice", "s3cret", "200"),
            ("bob", "b:ob", "200"),
            ("alice", "b:ob", "401"),
            ("alice", "", "401"),
            ("alice", "s3cret\0", "401"),
            ("Alice", "s3cret", "401"),
            ("mallory", "s3cret", "401"),
            ("", "", "401"),
        ] {
            let answer = get(address, "/metrics", &login(user, password));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{user}: {answer}");
        }
    }
    for header in ["Bearer x", "Basic", "Basic !!!", "Basic YWxpY2U="] {
        let answer = get(address, "/metrics", &format!("authorization: {header}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 401"), "{header}: {answer}");
    }
    let page = get(address, "/metrics", &login("alice", "s3cret"));
    let refused = "edctl_http_requests_total{handler=\"refused\",code=\"401\"} 21\n";
    assert!(page.contains(refused), "{page}");
    assert!(page.contains("edctl_web_config_last_reload_successful 1\n"), "{page}");
}

#[test]
fn a_changed_password_makes_an_open_connection_log_in_anew() {
    let dir = tempfile::tempdir().unwrap();
    let address = serve(dir.path(), &users());
    let mut stream = TcpStream::connect(address).unwrap();
    let mut status = |login: &str| {
        let request = format!("HEAD /healthz HTTP/1.1\r\nhost: x\r\n{login}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()[9..12].to_owned()
    };
    let (old, new) = (login("alice", "s3cret"), login("alice", "newer"));
    assert_eq!((status(&old), status(&new)), ("200".to_owned(), "401".to_owned()));
    let newer = format!("basic_auth_users: {{alice: {}}}\n", bcrypt::hash("newer", 4).unwrap());
    std::fs::write(dir.path().join("web.yml"), newer).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while status(&old) == "200" {
        assert!(Instant::now() < deadline, "the old password is still right");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(status(&new), "200");
}

#[test]
fn every_answer_has_the_files_headers() {
    let dir = tempfile::tempdir().unwrap();
    let headers = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    \
                   Strict-Transport-Security: max-age=31536000\n    X-XSS-Protection: ''\n";
    let address = serve(dir.path(), &format!("{}{headers}", users()));
    for (login, status) in [(login("alice", "s3cret"), "200"), (String::new(), "401")] {
        let answer = get(address, "/metrics", &login);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("\r\nx-frame-options: deny\r\n"), "{answer}");
        assert!(answer.contains("\r\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");
        assert!(!answer.contains("x-xss-protection"), "{answer}");
    }
}

#[test]
fn a_burst_is_answered_and_no_more_whoever_asks() {
    let dir = tempfile::tempdir().unwrap();
    let address = serve(dir.path(), &format!("{}{FORTY_YEARS}", users()));
    for (login, status) in [
        (login("alice", "s3cret"), "200"),
        (login("alice", "wrong"), "401"),
        (String::new(), "401"),
        (login("alice", "s3cret"), "429 Too Many Requests"),
        (String::new(), "429 Too Many Requests"),
    ] {
        let answer = get(address, "/healthz", &login);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
    }
}

/// What `htpasswd -nBC 18` makes, and salt and hash of no password that anybody knows.
const SLOW: &str = "$2y$18$W1c9T8bq5Z0uX3kM7rJ2eOe4hP6yN5vB1sD8gF0aL9iK3mC7xQ2tS";

#[test]
fn a_slow_hash_delays_neither_a_quick_one_nor_an_unknown_user() {
    let dir = tempfile::tempdir().unwrap();
    let address = serve(dir.path(), &format!("{}  slow: {SLOW}\n", users()));
    let ask = |user: &str, password: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let login = login(user, password);
        let request =
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{login}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let mut slow = ask("slow", "wrong");
    let unknown = std::io::read_to_string(ask("mallory", "s3cret")).unwrap();
    assert!(unknown.starts_with("HTTP/1.1 401"), "{unknown}");
    let known = std::io::read_to_string(ask("alice", "s3cret")).unwrap();
    assert!(known.starts_with("HTTP/1.1 200"), "{known}");
    slow.set_nonblocking(true).unwrap();
    let pending = slow.read(&mut [0]).unwrap_err();
    assert_eq!(pending.kind(), std::io::ErrorKind::WouldBlock, "bcrypt is still at work");
}
