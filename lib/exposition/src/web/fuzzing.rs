//! Inputs of the web configuration that `fuzz/` tries beside the file itself; there only with `--cfg fuzzing`.

use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::basic::Credentials;
use super::san;

/// The names in a client's certificate.
pub fn names(certificate: &[u8]) {
    let _names = san::alternative_names(certificate);
}

/// The header by which a client logs in.
pub fn login(header: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(header) {
        let _login = Credentials::of(&HeaderMap::from_iter([(AUTHORIZATION, value)]));
    }
}
