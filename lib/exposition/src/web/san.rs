//! A certificate's subject alternative names: RFC 5280, 4.2.1.6.

use std::net::{IpAddr, Ipv6Addr};

use super::der::{Item, items};

const EXTENSIONS: u8 = 0xa3;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

/// The DNS names, e-mail addresses, URIs and IP addresses; none where the certificate has no such
/// names or cannot be read. IP addresses are written as Go does.
pub(super) fn alternative_names(certificate: &[u8]) -> Vec<String> {
    extension(certificate, SUBJECT_ALT_NAME)
        .and_then(|value| items(only(value)?.content))
        .map(|names| names.iter().filter_map(name).collect())
        .unwrap_or_default()
}

fn extension<'a>(certificate: &'a [u8], id: &[u8]) -> Option<&'a [u8]> {
    let signed = items(only(certificate)?.content)?.into_iter().next()?;
    let all = items(signed.content)?.into_iter().find(|item| item.tag == EXTENSIONS)?;
    items(only(all.content)?.content)?.iter().find_map(|extension| {
        // The identifier, perhaps whether it is critical, the value.
        let parts = items(extension.content)?;
        let (first, last) = (parts.first()?, parts.last()?);
        let found = first.tag == OBJECT_ID && first.content == id && last.tag == OCTETS;
        found.then_some(last.content)
    })
}

fn only(bytes: &[u8]) -> Option<Item<'_>> {
    let mut items = items(bytes)?;
    (items.len() == 1).then(|| items.pop()).flatten()
}

fn name(item: &Item<'_>) -> Option<String> {
    match item.tag {
        EMAIL | DNS | URI => Some(std::str::from_utf8(item.content).ok()?.to_owned()),
        IP => Some(address(item.content)?.to_string()),
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
