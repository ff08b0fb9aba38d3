//! A certificate's subject alternative names: RFC 5280, 4.2.1.6.

use std::net::{IpAddr, Ipv6Addr};

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The DNS names, e-mail addresses, URIs and IP addresses; none where the certificate has no such
/// names or cannot be read. IP addresses are written as Go does.
pub(super) fn alternative_names(certificate: &[u8]) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Vec::new() };
    match certificate.tbs_certificate().get_extension::<SubjectAltName>() {
        Ok(Some((_critical, names))) => names.0.iter().filter_map(name).collect(),
        _ => Vec::new(),
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(text)
        | GeneralName::Rfc822Name(text)
        | GeneralName::UniformResourceIdentifier(text) => Some(text.to_string()),
        GeneralName::IpAddress(bytes) => Some(address(bytes.as_bytes())?.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(bytes));
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate(names: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn every_kind_of_name() {
        let names = vec![
            SanType::DnsName("prom.example.org".try_into().unwrap()),
            SanType::Rfc822Name("ops@example.org".try_into().unwrap()),
            SanType::URI("spiffe://example.org/prom".try_into().unwrap()),
            SanType::IpAddress("10.1.2.3".parse().unwrap()),
            SanType::IpAddress("2001:db8::1".parse().unwrap()),
            SanType::IpAddress("::ffff:10.1.2.4".parse().unwrap()),
        ];
        let expected = [
            "prom.example.org",
            "ops@example.org",
            "spiffe://example.org/prom",
            "10.1.2.3",
            "2001:db8::1",
            "10.1.2.4",
        ];
        assert_eq!(alternative_names(&certificate(names)), expected);
    }

    #[test]
    fn a_certificate_without_names_and_what_is_none() {
        assert!(alternative_names(&certificate(vec![])).is_empty());
        assert!(alternative_names(b"").is_empty());
        assert!(alternative_names(b"-----BEGIN CERTIFICATE-----").is_empty());
    }

    proptest! {
        #[test]
        fn no_broken_certificate_makes_it_panic(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let mut bytes = certificate(vec![SanType::DnsName("a.b".try_into().unwrap())]);
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = alternative_names(&bytes);
        }
    }
}
