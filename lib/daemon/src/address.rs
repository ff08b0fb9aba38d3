//! The values of `--web.listen-address` and `--web.telemetry-path`, in the forms that Go's exporters take.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

/// An address with its port: `127.0.0.1:9810`, `[::1]:9810`, `localhost:9810`, or `:9810` for every IPv4
/// address.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    let mut known = text.to_socket_addrs().map_err(|error| error.to_string())?;
    known.next().ok_or_else(|| "no such address".to_owned())
}

/// A path that needs no escapes wherever it is written.
pub(crate) fn parse_path(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    match text.starts_with('/') && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("expected a slash, then letters, digits and any of / - _ . ~".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_go_takes_them() {
        for (text, expected) in [
            ("127.0.0.1:9810", "127.0.0.1:9810"),
            ("[::1]:9810", "[::1]:9810"),
            (":9100", "0.0.0.0:9100"),
        ] {
            assert_eq!(parse_address(text).unwrap(), expected.parse().unwrap());
        }
        assert!(parse_address("localhost:9100").unwrap().ip().is_loopback());
        for wrong in ["9100", ":99999", "", "127.0.0.1"] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_plain() {
        assert_eq!(parse_path("/node/metrics").unwrap(), "/node/metrics");
        for wrong in ["", "metrics", "/a b", "/<x>", "/a?b"] {
            assert!(parse_path(wrong).is_err(), "{wrong}");
        }
    }
}
