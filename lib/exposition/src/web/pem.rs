//! Certificates and keys in PEM, in a file or in the configuration itself.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::invalid::Invalid;

/// A pair of keys for the same thing; where both are given, the file is taken.
pub(super) struct Source<'a> {
    /// The file's key and its value.
    pub(super) file: (&'static str, Option<&'a str>),
    /// The text's key and its value.
    pub(super) inline: (&'static str, Option<&'a str>),
}

impl Source<'_> {
    /// The PEM text, if either key is given; a relative file is one of `folder`.
    pub(super) fn read(&self, folder: &Path) -> Result<Option<Pem>, Invalid> {
        let (key, value) = self.file;
        if let Some(file) = value {
            let file = folder.join(file);
            let bytes = std::fs::read(&file).map_err(|error| {
                invalid(key, format!("{} cannot be read: {error}", file.display()))
            })?;
            return Ok(Some(Pem { key, bytes }));
        }
        let (key, value) = self.inline;
        Ok(value.map(|text| Pem { key, bytes: text.as_bytes().to_vec() }))
    }
}

/// PEM text and the key that it was given by.
pub(super) struct Pem {
    pub(super) key: &'static str,
    bytes: Vec<u8>,
}

impl Pem {
    /// All certificates, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Invalid> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        let certificates = found.map_err(|error| invalid(self.key, format!("bad PEM: {error}")))?;
        if certificates.is_empty() {
            return Err(invalid(self.key, "holds no certificate in PEM"));
        }
        Ok(certificates)
    }

    /// The first private key.
    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>, Invalid> {
        PrivateKeyDer::from_pem_slice(&self.bytes).map_err(|_| {
            invalid(self.key, "holds no private key in PEM; an encrypted one cannot be used")
        })
    }
}

/// Something wrong with a key of `tls_server_config`.
pub(super) fn invalid(key: &str, message: impl Into<String>) -> Invalid {
    Invalid::new(["tls_server_config", key], message)
}
