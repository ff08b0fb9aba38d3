//! The two formats, and which one a client asks for.

use std::borrow::Cow;

use memchr::memchr3;

/// The two formats that the daemons speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/openmetrics-text; version=1.0.0`
    OpenMetrics,
    /// `text/plain; version=0.0.4`
    Text,
}

impl Format {
    /// Chooses by the Accept header: OpenMetrics where the client names it and does not prefer
    /// `text/plain`, the text format otherwise
    /// (<https://prometheus.io/docs/instrumenting/content_negotiation>).
    pub fn negotiate(accept: Option<&str>) -> Self {
        let weight = |media_type| weight(accept.unwrap_or_default(), media_type);
        match weight("application/openmetrics-text") {
            Some(openmetrics) if openmetrics > 0.0 && weight("text/plain") <= Some(openmetrics) => {
                Format::OpenMetrics
            }
            _ => Format::Text,
        }
    }

    /// The Content-Type header.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The largest weight that an Accept header gives to a media type, if it names it.
fn weight(accept: &str, media_type: &str) -> Option<f32> {
    let weights = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts.next()?.eq_ignore_ascii_case(media_type);
        let q = parts.find_map(|parameter| parameter.strip_prefix("q="));
        // A quality that is not a number is ignored.
        is_named.then(|| q.and_then(|q| q.parse().ok()).filter(|q: &f32| *q >= 0.0).unwrap_or(1.0))
    });
    weights.max_by(f32::total_cmp)
}

/// Both formats escape a backslash and a newline in a help text; other characters stand as they are.
pub(crate) fn escape_help(help: &str) -> Cow<'_, str> {
    if memchr3(b'\\', b'\n', b'\r', help.as_bytes()).is_some() {
        help.replace('\\', r"\\").replace(['\n', '\r'], r"\n").into()
    } else {
        help.into()
    }
}
