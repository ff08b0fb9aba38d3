//! The server's side of TLS, as `tls_server_config` wants it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use super::client::Clients;
use super::file::TlsTable;
use super::invalid::Invalid;
use super::names::{ClientAuth, Version};
use super::pem::{Pem, Source, invalid};

impl TlsTable {
    /// The files that the table names; relative ones are those of `folder`.
    pub(super) fn files(&self, folder: &Path) -> Vec<PathBuf> {
        [&self.cert_file, &self.key_file, &self.client_ca_file]
            .into_iter()
            .filter_map(|file| Some(folder.join(given(file)?)))
            .collect()
    }

    /// The acceptor of TLS connections, or `None` where the table asks for no TLS.
    pub(super) fn acceptor(&self, folder: &Path) -> Result<Option<TlsAcceptor>, Invalid> {
        if self.is_empty() {
            return Ok(None);
        }
        let provider = Arc::new(self.provider());
        let certificate = self.certificate().read(folder)?;
        let certificate = needed(certificate, "cert_file", "cert")?;
        let key = needed(self.key().read(folder)?, "key_file", "key")?;
        let clients = self.clients(folder)?.verifier(&provider)?;

        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions()?)
            .map_err(|_| {
                invalid("cipher_suites", "holds none for the TLS versions that are allowed")
            })?;
        let builder = match clients {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(certificate.certificates()?, key.private_key()?)
            .map_err(|error| invalid(certificate.key, format!("{error}, with {}", key.key)))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.ignore_client_order =
            self.prefer_server_cipher_suites.as_ref().is_none_or(|p| p.0.0);
        // A resumed session would be one whose certificate nobody looked at again.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// Whether no key has a value. A table with any is taken to want TLS, so that a missing
    /// certificate never means plain HTTP.
    fn is_empty(&self) -> bool {
        let texts = [
            &self.cert,
            &self.key,
            &self.client_ca,
            &self.cert_file,
            &self.key_file,
            &self.client_ca_file,
        ];
        texts.into_iter().all(|text| given(text).is_none())
            && self.client_auth_type.as_ref().is_none_or(|auth| auth.0 == ClientAuth::No)
            && self.client_allowed_sans.is_none()
            && self.cipher_suites.is_none()
            && self.curve_preferences.is_none()
            && self.min_version.is_none()
            && self.max_version.is_none()
    }

    fn certificate(&self) -> Source<'_> {
        Source { file: ("cert_file", given(&self.cert_file)), inline: ("cert", given(&self.cert)) }
    }

    fn key(&self) -> Source<'_> {
        Source { file: ("key_file", given(&self.key_file)), inline: ("key", given(&self.key)) }
    }

    fn clients(&self, folder: &Path) -> Result<Clients<'_>, Invalid> {
        let ca = Source {
            file: ("client_ca_file", given(&self.client_ca_file)),
            inline: ("client_ca", given(&self.client_ca)),
        };
        Ok(Clients {
            auth: self.client_auth_type.as_ref().map_or(ClientAuth::No, |auth| auth.0),
            ca: ca.read(folder)?,
            allowed_names: self.client_allowed_sans.as_deref(),
        })
    }

    /// The suites and curves that may be used, in their order. As in Go, `cipher_suites` is about
    /// TLS 1.2: all suites of 1.3 are always there.
    fn provider(&self) -> CryptoProvider {
        let mut provider = ring::default_provider();
        if let Some(suites) = self.cipher_suites.as_deref().filter(|suites| !suites.is_empty()) {
            provider.cipher_suites.retain(|suite| suite.tls13().is_some());
            let chosen = suites.iter().map(|suite| suite.0.0);
            provider.cipher_suites.extend(chosen.filter(|suite| suite.tls13().is_none()));
        }
        if let Some(curves) = self.curve_preferences.as_deref().filter(|curves| !curves.is_empty())
        {
            provider.kx_groups = curves.iter().map(|curve| curve.0.0).collect();
        }
        provider
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, Invalid> {
        let least = self.min_version.as_ref().map_or(Version::Tls12, |version| version.0);
        let most = self.max_version.as_ref().map_or(Version::Tls13, |version| version.0);
        match (least, most) {
            (Version::Tls12, Version::Tls12) => Ok(vec![&TLS12]),
            (Version::Tls12, Version::Tls13) => Ok(vec![&TLS13, &TLS12]),
            (Version::Tls13, Version::Tls13) => Ok(vec![&TLS13]),
            (Version::Tls13, Version::Tls12) => Err(invalid("min_version", "is above max_version")),
        }
    }
}

/// An empty text counts as absent, as in the toolkit.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn needed(pem: Option<Pem>, file: &str, inline: &str) -> Result<Pem, Invalid> {
    pem.ok_or_else(|| {
        Invalid::new(["tls_server_config"], format!("expected one of {file} and {inline}"))
    })
}
