//! The names that Go has for TLS versions, cipher suites, curves and client authentication, and
//! which of them rustls can do. A name that it cannot do is refused, never ignored.

use std::str::FromStr;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, ALL_KX_GROUPS};
use rustls::{NamedGroup, SupportedCipherSuite};

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

impl FromStr for Version {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            _ => Err(unsupported("TLS version", name, &["TLS12", "TLS13"])),
        }
    }
}

/// What a client must prove when it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// Nothing; it is not asked.
    No,
    /// A certificate that the CA signed, or no certificate.
    IfGiven,
    /// A certificate of the CA's.
    Required,
}

impl FromStr for ClientAuth {
    type Err = String;

    /// Go's other two take a certificate of anybody's, which would only look like authentication.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "" | "NoClientCert" => Ok(Self::No),
            "VerifyClientCertIfGiven" => Ok(Self::IfGiven),
            "RequireAndVerifyClientCert" => Ok(Self::Required),
            "RequestClientCert" | "RequireAnyClientCert" | "RequireClientCert" => Err(format!(
                "{name} is not supported, because it verifies nothing; use RequireAndVerifyClientCert"
            )),
            _ => Err(unsupported(
                "client_auth_type",
                name,
                &["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"],
            )),
        }
    }
}

/// A cipher suite, of TLS 1.2 or 1.3.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suite(pub(super) SupportedCipherSuite);

impl FromStr for Suite {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = ALL_CIPHER_SUITES.iter().find(|suite| suite_name(suite) == name);
        found.copied().map(Self).ok_or_else(|| {
            let names: Vec<String> = ALL_CIPHER_SUITES.iter().map(suite_name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            unsupported("cipher suite", name, &names)
        })
    }
}

/// Go, as the standard, has no version in the names of TLS 1.3's suites.
fn suite_name(suite: &SupportedCipherSuite) -> String {
    suite.suite().as_str().unwrap_or_default().replace("TLS13_", "TLS_")
}

/// A group for the key exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curve(pub(super) &'static dyn SupportedKxGroup);

impl FromStr for Curve {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let group = match name {
            "X25519" => NamedGroup::X25519,
            "CurveP256" => NamedGroup::secp256r1,
            "CurveP384" => NamedGroup::secp384r1,
            _ => return Err(unsupported("curve", name, &["X25519", "CurveP256", "CurveP384"])),
        };
        let found = ALL_KX_GROUPS.iter().find(|known| known.name() == group);
        found.copied().map(Self).ok_or_else(|| format!("curve {name} is not built in"))
    }
}

fn unsupported(what: &str, name: &str, supported: &[&str]) -> String {
    format!("{what} {name:?} is not supported, expected one of {}", supported.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: FromStr<Err = String>>(name: &str) -> String {
        name.parse::<T>().err().unwrap_or_default()
    }

    #[test]
    fn what_rustls_can_do_has_gos_names() {
        for name in [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ] {
            assert_eq!(suite_name(&name.parse::<Suite>().unwrap().0), name);
        }
        for name in ["X25519", "CurveP256", "CurveP384"] {
            assert!(name.parse::<Curve>().is_ok(), "{name}");
        }
        assert!("TLS12".parse::<Version>().unwrap() < "TLS13".parse::<Version>().unwrap());
        assert_eq!("".parse(), Ok(ClientAuth::No));
        assert_eq!("VerifyClientCertIfGiven".parse(), Ok(ClientAuth::IfGiven));
    }

    #[test]
    fn what_it_cannot_do_is_refused_by_name() {
        for name in ["TLS10", "TLS11", "SSL30", "tls12", ""] {
            let expected =
                format!("TLS version {name:?} is not supported, expected one of TLS12, TLS13");
            assert_eq!(refusal::<Version>(name), expected);
        }
        for name in [
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_RSA_WITH_RC4_128_SHA",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        ] {
            let error = refusal::<Suite>(name);
            assert!(error.starts_with(&format!("cipher suite {name:?} is not supp")), "{error}");
            assert!(error.contains(", TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "), "{error}");
        }
        for name in ["CurveP521", "X448", "P256"] {
            assert!(refusal::<Curve>(name).ends_with("one of X25519, CurveP256, CurveP384"));
        }
        for name in ["RequestClientCert", "RequireAnyClientCert", "RequireClientCert"] {
            let error = refusal::<ClientAuth>(name);
            assert!(error.starts_with(&format!("{name} is not supported, because")), "{error}");
        }
        assert!(refusal::<ClientAuth>("Never").starts_with("client_auth_type \"Never\" is not"));
    }
}
