//! TLS as clients see it, over real sockets.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use support::{Authority, connect, get, serve};

mod support;

const TLS: &str = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
const MUTUAL: &str = "  client_ca_file: ca.pem\n  client_auth_type: ";

/// A CA, and a folder with a certificate of its.
fn authority() -> (Authority, tempfile::TempDir) {
    let (authority, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.issue_server(dir.path());
    std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
    (authority, dir)
}

#[test]
fn versions_that_are_allowed_and_others() {
    let (authority, dir) = authority();
    let old = authority.client(&[&TLS12], None);
    let new = authority.client(&[&TLS13], None);
    for (keys, old_works, new_works) in [
        ("", true, true),
        ("  max_version: TLS12\n", true, false),
        ("  min_version: TLS13\n", false, true),
        ("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]\n", true, true),
        ("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n", false, true),
    ] {
        let address = serve(dir.path(), &format!("{TLS}{keys}"));
        for (client, works) in [(&old, old_works), (&new, new_works)] {
            let answer = get(connect(address, client), "/metrics", "");
            assert_eq!(answer.is_ok_and(|page| page.contains("one 1\n")), works, "{keys}");
        }
    }
}

#[test]
fn the_negotiated_version_suite_curve_and_protocol() {
    let (authority, dir) = authority();
    let keys = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
  curve_preferences: [CurveP384]\n";
    let address = serve(dir.path(), &format!("{TLS}{keys}"));
    let mut client = (*authority.client(&[&TLS12, &TLS13], None)).clone();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = connect(address, &client.into());
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let connection = &stream.conn;
    assert_eq!(connection.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
    let suite = connection.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(suite.as_str(), Some("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
    let group = connection.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::secp384r1);
}

#[test]
fn clients_with_and_without_a_certificate() {
    let (authority, dir) = authority();
    let stranger = Authority::new();
    let prom = authority.issue_client("prom@example.org");
    let sans = "RequireAndVerifyClientCert\n  client_allowed_sans: ";
    for version in [&TLS12, &TLS13] {
        let nobody = authority.client(&[version], None);
        let known = (prom.0.clone(), prom.1.clone_key());
        let known = authority.client(&[version], Some(known));
        let forged = stranger.issue_client("prom@example.org");
        let forged = authority.client(&[version], Some(forged));
        for (auth, works) in [
            ("VerifyClientCertIfGiven\n", [true, true, false]),
            ("RequireAndVerifyClientCert\n", [false, true, false]),
            (&format!("{sans}[ops@example.org, prom@example.org]\n"), [false, true, false]),
            (&format!("{sans}[ops@example.org, example.org]\n"), [false, false, false]),
        ] {
            let address = serve(dir.path(), &format!("{TLS}{MUTUAL}{auth}"));
            let found = [&nobody, &known, &forged].map(|client| {
                get(connect(address, client), "/metrics", "")
                    .is_ok_and(|page| page.contains("one 1"))
            });
            assert_eq!(found, works, "{version:?} {auth}");
        }
    }
}

#[test]
fn a_renewed_certificate_is_served_without_a_restart() {
    let (authority, dir) = authority();
    let address = serve(dir.path(), TLS);
    let client = authority.client(&[&TLS13], None);
    let certificate = || {
        let mut stream = connect(address, &client);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        stream.conn.peer_certificates().unwrap()[0].clone()
    };
    let before = certificate();
    authority.issue_server(dir.path());
    let deadline = Instant::now() + Duration::from_secs(60);
    while certificate() == before {
        assert!(Instant::now() < deadline, "the old certificate is still served");
        std::thread::sleep(Duration::from_millis(100));
    }
    // A certificate that does not fit the key changes nothing.
    let renewed = certificate();
    std::fs::copy(dir.path().join("ca.pem"), dir.path().join("cert.pem")).unwrap();
    loop {
        let page = get(connect(address, &client), "/metrics", "").unwrap();
        if page.contains("edctl_web_config_reload_failures_total 1\n") {
            assert!(page.contains("edctl_web_config_last_reload_successful 0\n"), "{page}");
            break;
        }
        assert!(Instant::now() < deadline, "{page}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(certificate(), renewed);
}

#[test]
fn plain_http_is_told_so_and_what_is_neither_is_dropped() {
    let (_, dir) = authority();
    let address = serve(dir.path(), TLS);
    let answer = get(TcpStream::connect(address).unwrap(), "/metrics", "").unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
    assert!(answer.ends_with("Client sent an HTTP request to an HTTPS server.\n"), "{answer}");

    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"\x01\x02\x03\x04\x05\x06\x07\x08").unwrap();
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn clients_that_never_shake_hands_hold_up_no_other() {
    let (authority, dir) = authority();
    let address = serve(dir.path(), TLS);
    let silent: Vec<TcpStream> = (0..8)
        .map(|n| {
            let mut stream = TcpStream::connect(address).unwrap();
            // Some say nothing, some stop within their first message.
            stream.write_all(if n % 2 == 0 { b"" } else { b"\x16\x03\x01\x02\x00\x01" }).unwrap();
            stream
        })
        .collect();
    let client = authority.client(&[&TLS13], None);
    let page = get(connect(address, &client), "/metrics", "").unwrap();
    assert!(page.contains("one 1\n"), "{page}");
    drop(silent);
}
