//! The file's keys and types: docs/web-configuration.md of prometheus/exporter-toolkit. What a key
//! means together with others is in `settings.rs` and below it.

use edctl_configtext::Parsed;
use serde::Deserialize;

use super::duration::GoDuration;
use super::entries::Entries;
use super::invalid::Invalid;
use super::names::{ClientAuth, Curve, Suite, Version};
use super::password::Hash;
use super::switch::Switch;

/// The whole file; an empty one is valid and asks for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct File {
    pub(super) tls_server_config: Option<TlsTable>,
    pub(super) http_server_config: Option<HttpTable>,
    pub(super) basic_auth_users: Option<Entries<Parsed<Hash>>>,
    pub(super) rate_limit: Option<RateLimitTable>,
}

impl File {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Knows the place of the first key or value that cannot be.
    pub(super) fn parse(text: &str) -> Result<Self, yaml_serde::Error> {
        Ok(yaml_serde::from_str::<Option<Self>>(text)?.unwrap_or_default())
    }

    /// Users whose passwords take long to check.
    pub(super) fn slow_users(&self) -> impl Iterator<Item = Invalid> {
        let users = self.basic_auth_users.iter().flat_map(|users| &users.0);
        users.filter_map(|(user, hash)| {
            Some(Invalid::new(["basic_auth_users", user], hash.0.slowness()?))
        })
    }
}

/// `tls_server_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct TlsTable {
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) client_ca: Option<String>,
    pub(super) cert_file: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) client_ca_file: Option<String>,
    pub(super) client_auth_type: Option<Parsed<ClientAuth>>,
    pub(super) client_allowed_sans: Option<Vec<String>>,
    pub(super) cipher_suites: Option<Vec<Parsed<Suite>>>,
    pub(super) prefer_server_cipher_suites: Option<Parsed<Switch>>,
    pub(super) curve_preferences: Option<Vec<Parsed<Curve>>>,
    pub(super) min_version: Option<Parsed<Version>>,
    pub(super) max_version: Option<Parsed<Version>>,
}

/// `http_server_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct HttpTable {
    /// Checked and of no effect: HTTP/2 is never offered, with which every client can live.
    #[serde(rename = "http2")]
    pub(super) _http2: Option<Parsed<Switch>>,
    pub(super) headers: Option<Entries<String>>,
}

/// `rate_limit`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct RateLimitTable {
    pub(super) interval: Option<Parsed<GoDuration>>,
    pub(super) burst: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_asks_for_nothing() {
        for text in ["", "# nothing\n", "---\n", "tls_server_config:\n", "basic_auth_users: {}\n"] {
            let file = File::parse(text).unwrap();
            assert!(file.tls_server_config.is_none() && file.rate_limit.is_none(), "{text:?}");
        }
    }

    #[test]
    fn every_key_is_known_and_null_is_the_default() {
        let text = "tls_server_config: {cert: , key: ~, client_ca: , cert_file: a, key_file: b,
            client_ca_file: c, client_auth_type: , client_allowed_sans: [d, 1],
            cipher_suites: [], prefer_server_cipher_suites: no, curve_preferences: [X25519],
            min_version: TLS13, max_version: null}
http_server_config: {http2: false, headers: {X-Frame-Options: deny}}
rate_limit: {interval: 1m30s, burst: 5}\n";
        let file = File::parse(text).unwrap();
        let tls = file.tls_server_config.unwrap();
        assert_eq!((tls.cert, tls.key_file.as_deref()), (None, Some("b")));
        assert_eq!(tls.client_allowed_sans.unwrap(), ["d", "1"]);
        assert_eq!(tls.min_version, Some(Parsed(Version::Tls13)));
        assert_eq!(tls.max_version, None);
        assert_eq!(file.rate_limit.unwrap().burst, Some(5));
    }
}
