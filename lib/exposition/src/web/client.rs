//! Certificates of clients: the CA that must have signed them, and the names that they may have.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::invalid::Invalid;
use super::names::ClientAuth;
use super::pem::{Pem, invalid};
use super::san::alternative_names;

/// Who may connect: the CA, whether a certificate is needed, and the names of which a
/// certificate must have one.
pub(super) struct Clients<'a> {
    pub(super) auth: ClientAuth,
    pub(super) ca: Option<Pem>,
    pub(super) allowed_names: Option<&'a [String]>,
}

impl Clients<'_> {
    /// The check, if there is one.
    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, Invalid> {
        self.check_names()?;
        let ca = match (&self.ca, self.auth) {
            (None, ClientAuth::No) => return Ok(None),
            (Some(ca), ClientAuth::No) => {
                return Err(invalid(ca.key, "has no use without a client_auth_type"));
            }
            (None, ClientAuth::IfGiven | ClientAuth::Required) => {
                return Err(invalid("client_auth_type", "needs client_ca_file or client_ca"));
            }
            (Some(ca), ClientAuth::IfGiven | ClientAuth::Required) => ca,
        };
        let roots = Arc::new(roots(ca)?);
        let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
        let builder = match self.auth {
            ClientAuth::Required => builder,
            ClientAuth::IfGiven | ClientAuth::No => builder.allow_unauthenticated(),
        };
        let signed = builder.build().map_err(|error| invalid(ca.key, error.to_string()))?;
        Ok(Some(match self.allowed_names {
            None => signed,
            Some(names) => Arc::new(Named { signed, allowed: names.to_vec() }),
        }))
    }

    fn check_names(&self) -> Result<(), Invalid> {
        let why = match self.allowed_names {
            None => return Ok(()),
            Some([]) => "an empty list lets no client in; leave the key out to let all in",
            Some(_) if self.auth != ClientAuth::Required => {
                "needs client_auth_type RequireAndVerifyClientCert"
            }
            Some(_) => return Ok(()),
        };
        Err(invalid("client_allowed_sans", why))
    }
}

fn roots(ca: &Pem) -> Result<RootCertStore, Invalid> {
    let mut roots = RootCertStore::empty();
    for certificate in ca.certificates()? {
        roots.add(certificate).map_err(|error| invalid(ca.key, error.to_string()))?;
    }
    Ok(roots)
}

/// Takes, of the certificates that are signed as they should be, those with an allowed name.
#[derive(Debug)]
struct Named {
    signed: Arc<dyn ClientCertVerifier>,
    allowed: Vec<String>,
}

impl ClientCertVerifier for Named {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.signed.verify_client_cert(end_entity, intermediates, now)?;
        let names = alternative_names(end_entity);
        if names.iter().any(|name| self.allowed.contains(name)) {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn offer_client_auth(&self) -> bool {
        self.signed.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.signed.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed.root_hint_subjects()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}
