//! Basic authentication's header: RFC 7617.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};

const SCHEME: &[u8] = b"basic ";

/// The user name and the password that a client sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

impl Credentials {
    /// The request's credentials, if it has any that can be read.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(AUTHORIZATION)?.as_bytes();
        let (scheme, encoded) = value.split_at_checked(SCHEME.len())?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let mut user = STANDARD.decode(encoded).ok()?;
        let colon = user.iter().position(|byte| *byte == b':')?;
        let password = user.split_off(colon + 1);
        user.truncate(colon);
        Some(Self { user, password })
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        Credentials::of(&headers).map(|login| (login.user, login.password))
    }

    #[test]
    fn user_and_password_part_at_the_first_colon() {
        for (value, user, password) in [
            ("Basic YWxpY2U6czNjcmV0", "alice", "s3cret"),
            ("bAsIc YTpiOmM=", "a", "b:c"),
            ("Basic Og==", "", ""),
        ] {
            assert_eq!(read(value), Some((user.into(), password.into())), "{value}");
        }
    }

    #[test]
    fn what_is_no_such_header() {
        for value in ["", "Basic", "Basic ", "Basic !", "Basic YWxpY2U=", "Bearer YTpi", "YTpi"] {
            assert_eq!(read(value), None, "{value}");
        }
        assert!(Credentials::of(&HeaderMap::new()).is_none());
    }
}
