//! Web configuration files, good and bad.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::path::Path;

use edctl_exposition::WebConfig;
use support::Authority;

#[expect(dead_code, reason = "the other tests' part")]
mod support;

const GOOD_TLS: &str = "tls_server_config: {cert_file: cert.pem, key_file: key.pem";
const HASH: &str = "$2y$04$W1c9T8bq5Z0uX3kM7rJ2eOe4hP6yN5vB1sD8gF0aL9iK3mC7xQ2tS";

/// A folder with a server's certificate, a CA's, and what is neither.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue_server(dir.path());
    std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(dir.path().join("empty.pem"), "# nothing\n").unwrap();
    let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    std::fs::write(dir.path().join("torn.pem"), torn).unwrap();
    let none = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(dir.path().join("none.pem"), none).unwrap();
    std::fs::create_dir(dir.path().join("other")).unwrap();
    Authority::new().issue_server(&dir.path().join("other"));
    dir
}

/// What reading such a file says; nothing where it is good.
fn problem(folder: &Path, text: &str) -> String {
    let file = folder.join("web.yml");
    std::fs::write(&file, text).unwrap();
    match WebConfig::read(&file) {
        Ok(_) => String::new(),
        Err(error) => error.to_string().replace(&format!("{}/", folder.display()), ""),
    }
}

#[test]
fn good_files() {
    let dir = folder();
    let read = |name: &str| {
        let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
        text.trim_end().replace('\n', "\n    ")
    };
    let inline = format!(
        "tls_server_config:\n  cert: |\n    {}\n  key: |\n    {}\n  client_ca: |\n    {}\n  \
         client_auth_type: VerifyClientCertIfGiven\n",
        read("cert.pem"),
        read("key.pem"),
        read("ca.pem")
    );
    let absolute = dir.path().join("cert.pem");
    for text in [
        String::new(),
        "# nothing\n".to_owned(),
        "tls_server_config: {}\n".to_owned(),
        "tls_server_config: {cert_file: '', client_auth_type: ''}\n".to_owned(),
        format!("{GOOD_TLS}}}\n"),
        format!("tls_server_config: {{cert_file: {}, key_file: key.pem}}\n", absolute.display()),
        format!("{GOOD_TLS}, client_auth_type: NoClientCert}}\n"),
        format!("{GOOD_TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}}"),
        format!(
            "{GOOD_TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem,
             client_allowed_sans: [prom.example.org]}}\n"
        ),
        format!("{GOOD_TLS}, min_version: TLS12, max_version: TLS12}}\n"),
        format!("{GOOD_TLS}, min_version: TLS13, prefer_server_cipher_suites: false}}\n"),
        format!("{GOOD_TLS}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}}\n"),
        format!("{GOOD_TLS}, cipher_suites: [], curve_preferences: []}}\n"),
        format!("{GOOD_TLS}, curve_preferences: [CurveP384, CurveP256, X25519]}}\n"),
        inline,
        "http_server_config: {http2: true}\n".to_owned(),
        "http_server_config: {headers: {Strict-Transport-Security: max-age=3}}\n".to_owned(),
        format!("basic_auth_users:\n  alice: {HASH}\n  1: {HASH}\n"),
        "basic_auth_users: {}\n".to_owned(),
        "rate_limit: {interval: 1s, burst: 20}\n".to_owned(),
        "rate_limit: {interval: 0}\n".to_owned(),
    ] {
        assert_eq!(problem(dir.path(), &text), "", "{text}");
    }
}

#[test]
fn bad_certificates_and_keys() {
    let dir = folder();
    let cases = [
        ("cert_file: cert.pem", "2: tls_server_config: expected one of key_file and key"),
        ("key_file: key.pem", "2: tls_server_config: expected one of cert_file and cert"),
        ("min_version: TLS13", "2: tls_server_config: expected one of cert_file and cert"),
        (
            "client_auth_type: VerifyClientCertIfGiven",
            "2: tls_server_config: expected one of cert_",
        ),
        (
            "cert_file: no.pem\n  key_file: key.pem",
            "2: tls_server_config.cert_file: no.pem cannot be read: No such file",
        ),
        (
            "cert_file: cert.pem\n  key_file: no.pem",
            "3: tls_server_config.key_file: no.pem cannot be read: No such file",
        ),
        (
            "cert_file: empty.pem\n  key_file: key.pem",
            "2: tls_server_config.cert_file: holds no certificate in PEM",
        ),
        ("key_file: key.pem\n  cert_file: torn.pem", "3: tls_server_config.cert_file: bad PEM: "),
        ("cert_file: none.pem\n  key_file: key.pem", "2: tls_server_config.cert_file: "),
        (
            "cert_file: cert.pem\n  key_file: cert.pem",
            "3: tls_server_config.key_file: holds no private key in PEM; an encrypted one",
        ),
        (
            "cert_file: cert.pem\n  key_file: other/key.pem",
            "2: tls_server_config.cert_file: keys may not be consistent: KeyMismatch, with key_file",
        ),
        ("cert: x\n  key_file: key.pem", "2: tls_server_config.cert: holds no certificate in PEM"),
        ("cert_file: cert.pem\n  key: x", "3: tls_server_config.key: holds no private key in PEM"),
        (
            "cert_file: [a]",
            "2: tls_server_config.cert_file: invalid type: sequence, expected a string",
        ),
    ];
    for (keys, expected) in cases {
        let problem = problem(dir.path(), &format!("tls_server_config:\n  {keys}\n"));
        assert!(problem.starts_with(&format!("web.yml:{expected}")), "{keys}\n{problem}");
    }
}

#[test]
fn bad_settings_of_tls() {
    let dir = folder();
    let cases = [
        ("client_ca_file: ca.pem", "client_ca_file: has no use without a client_auth_type"),
        ("client_ca: x", "client_ca: has no use without a client_auth_type"),
        (
            "client_auth_type: RequireAndVerifyClientCert",
            "client_auth_type: needs client_ca_file or client_ca",
        ),
        (
            "client_auth_type: VerifyClientCertIfGiven\n  client_ca: x",
            "client_ca: holds no certificate in PEM",
        ),
        (
            "client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: none.pem",
            "client_ca_file: invalid peer certificate: BadEncoding",
        ),
        (
            "client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: no.pem",
            "client_ca_file: no.pem cannot be read: ",
        ),
        (
            "client_auth_type: RequireAnyClientCert",
            "client_auth_type: RequireAnyClientCert is not ",
        ),
        ("client_auth_type: RequestClientCert", "client_auth_type: RequestClientCert is not supp"),
        (
            "client_auth_type: Never",
            "client_auth_type: client_auth_type \"Never\" is not supported",
        ),
        (
            "client_allowed_sans: [a]",
            "client_allowed_sans: needs client_auth_type RequireAndVerify",
        ),
        ("client_allowed_sans: []", "client_allowed_sans: an empty list lets no client in"),
        ("min_version: TLS11", "min_version: TLS version \"TLS11\" is not supported, expected one"),
        ("max_version: TLS10", "max_version: TLS version \"TLS10\" is not supported, expected one"),
        ("max_version: TLS12\n  min_version: TLS13", "min_version: is above max_version"),
        (
            "cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_RC4_128_SHA]",
            "cipher_suites[1]: cipher suite \"TLS_RSA_WITH_RC4_128_SHA\" is not supported, expected",
        ),
        (
            "max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]",
            "cipher_suites: holds none for the TLS versions that are allowed",
        ),
        ("curve_preferences: [CurveP521]", "curve_preferences[0]: curve \"CurveP521\" is not supp"),
        ("prefer_server_cipher_suites: 1", "prefer_server_cipher_suites: expected true or false"),
    ];
    for (keys, expected) in cases {
        let text =
            format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  {keys}\n");
        let problem = problem(dir.path(), &text);
        let line = text.lines().position(|line| line.contains(&expected[..9])).unwrap() + 1;
        let expected = format!("web.yml:{line}: tls_server_config.{expected}");
        assert!(problem.starts_with(&expected), "{keys}\n{problem}\n{expected}");
    }
}

#[test]
fn bad_settings_of_all_else() {
    let dir = folder();
    for (text, expected) in [
        (
            "tls_config: {}\n",
            "1: unknown field `tls_config`, expected one of `tls_server_config`, ",
        ),
        ("- a\n", "1: invalid type: sequence, expected a mapping"),
        ("rate_limit: [\n", "1: rate_limit: invalid type: sequence, expected a mapping"),
        (
            "\ntls_server_config: {certfile: x}\n",
            "2: tls_server_config: unknown field `certfile`, ",
        ),
        ("rate_limit: {burst: 1}\nrate_limit: {burst: 2}\n", "1: duplicate field `rate_limit`"),
        ("http_server_config: {http2: maybe}\n", "1: http_server_config.http2: expected true or "),
        ("http_server_config:\n  http3: true\n", "2: http_server_config: unknown field `http3`"),
        (
            "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Set-Cookie: a=b\n",
            "4: http_server_config.headers.Set-Cookie: cannot be set, only Content-Security-Policy",
        ),
        (
            "http_server_config:\n  headers:\n    X-XSS-Protection: \"0\\r\\nSet-Cookie: a=b\"\n",
            "3: http_server_config.headers.X-XSS-Protection: no value of a header",
        ),
        (
            "http_server_config:\n  headers: {X-Frame-Options: allow}\n",
            "2: http_server_config.headers.X-Frame-Options: expected deny or sameorigin, not \"allow",
        ),
        (
            "basic_auth_users:\n  alice: s3cret\n",
            "2: basic_auth_users.alice: expected a bcrypt hash such as htpasswd -nB makes: it begins",
        ),
        (
            "basic_auth_users: [alice]\n",
            "1: basic_auth_users: invalid type: sequence, expected a m",
        ),
        ("basic_auth_users:\n  a: \n", "2: basic_auth_users.a: expected a bcrypt hash"),
        ("rate_limit: {interval: 1, burst: 1}\n", "1: rate_limit.interval: expected 0 or a durati"),
        ("rate_limit: {interval: -1s}\n", "1: rate_limit.interval: expected 0 or a duration with"),
        ("rate_limit:\n  interval: 1s\n", "2: rate_limit.burst: expected at least 1"),
        ("rate_limit:\n  interval: 1s\n  burst: 0\n", "3: rate_limit.burst: expected at least 1"),
        (
            "rate_limit: {burst: -1}\n",
            "1: rate_limit.burst: invalid type: integer `-1`, expected u32",
        ),
        ("rate_limit: {rate: 1}\n", "1: rate_limit: unknown field `rate`, expected `interval` or "),
    ] {
        let problem = problem(dir.path(), text);
        assert!(problem.starts_with(&format!("web.yml:{expected}")), "{text}\n{problem}");
        assert!(!problem.contains("s3cret"), "{problem}");
    }
    let twice = format!("basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n");
    let twice = problem(dir.path(), &twice);
    assert!(twice.contains("basic_auth_users: duplicate entry `a`"), "{twice}");
    assert!(WebConfig::read(&dir.path().join("no.yml")).is_err());
}

#[test]
fn a_slow_hash_is_good_and_told_of() {
    let dir = folder();
    let file = dir.path().join("web.yml");
    let of_cost = |cost| HASH.replacen("$04$", &format!("${cost}$"), 1);
    let text = format!(
        "basic_auth_users:\n  alice: {}\n  bob: {}\n  carol: {HASH}\n",
        of_cost(12),
        of_cost(18)
    );
    std::fs::write(&file, text).unwrap();
    let warnings = WebConfig::read(&file).unwrap().warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let start = format!("{}:3: basic_auth_users.bob: its hash has cost 18, ", file.display());
    assert!(warnings[0].starts_with(&start), "{warnings:?}");
    assert!(warnings[0].contains("htpasswd -nBC 10"), "{warnings:?}");

    let problem = problem(dir.path(), &format!("basic_auth_users:\n  dave: {}\n", of_cost(19)));
    assert!(problem.starts_with("web.yml:2: basic_auth_users.dave: "), "{problem}");
    assert!(problem.contains("cost is 19, which is not from 4 to 18"), "{problem}");
}
