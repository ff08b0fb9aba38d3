//! Headers that the file adds to every answer; exporter-toolkit has a fixed set.

use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};

use super::invalid::Invalid;

/// A header's name, its key in the file, and the values that it may have, where they are limited.
const ALLOWED: [(HeaderName, &str, &[&str]); 5] = [
    (CONTENT_SECURITY_POLICY, "Content-Security-Policy", &[]),
    (STRICT_TRANSPORT_SECURITY, "Strict-Transport-Security", &[]),
    (X_CONTENT_TYPE_OPTIONS, "X-Content-Type-Options", &["nosniff"]),
    (X_FRAME_OPTIONS, "X-Frame-Options", &["deny", "sameorigin"]),
    (X_XSS_PROTECTION, "X-XSS-Protection", &[]),
];

/// Headers and their values.
pub(super) type Headers = Vec<(HeaderName, HeaderValue)>;

/// Checks the entries of `headers`; one without a value is left out.
pub(super) fn headers(entries: &[(String, String)]) -> Result<Headers, Invalid> {
    entries
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            header(name, value)
                .map_err(|why| Invalid::new(["http_server_config", "headers", name], why))
        })
        .collect()
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let Some((header, _, values)) = ALLOWED.iter().find(|(_, known, _)| *known == name) else {
        let known: Vec<&str> = ALLOWED.iter().map(|(_, known, _)| *known).collect();
        return Err(format!("cannot be set, only {}", known.join(", ")));
    };
    if !values.is_empty() && !values.contains(&value) {
        return Err(format!("expected {}, not {value:?}", values.join(" or ")));
    }
    let value = HeaderValue::from_str(value)
        .map_err(|_| format!("no value of a header, which has no line breaks: {value:?}"))?;
    Ok((header.clone(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<Headers, String> {
        headers(&[(name.to_owned(), value.to_owned())]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_toolkits_set() {
        for (name, value) in [
            ("Content-Security-Policy", "default-src 'self'"),
            ("Strict-Transport-Security", "max-age=31536000"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "deny"),
            ("X-Frame-Options", "sameorigin"),
            ("X-XSS-Protection", "1; mode=block"),
        ] {
            let headers = check(name, value).unwrap();
            assert_eq!(headers[0].0.as_str(), name.to_ascii_lowercase());
            assert_eq!(headers[0].1, value);
        }
        assert!(check("X-Frame-Options", "").unwrap().is_empty());
    }

    #[test]
    fn others_and_injected_ones_are_refused() {
        for (name, value, expected) in [
            ("X-Frame-Options", "allow", "expected deny or sameorigin, not \"allow\""),
            ("X-Content-Type-Options", "sniff", "expected nosniff, not \"sniff\""),
            ("Set-Cookie", "a=b", "cannot be set, only Content-Security-Policy, Strict-"),
            ("x-frame-options", "deny", "cannot be set, only "),
            ("X-XSS-Protection", "0\r\nSet-Cookie: a=b", "no value of a header, which has no line"),
            ("Strict-Transport-Security", "a\nb", "no value of a header"),
            ("Content-Security-Policy", "a\0b", "no value of a header"),
        ] {
            let error = check(name, value).unwrap_err();
            let place = format!("http_server_config.headers.{name}: {expected}");
            assert!(error.starts_with(&place), "{error}");
        }
    }
}
