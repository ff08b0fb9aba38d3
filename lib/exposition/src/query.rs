//! What a scrape asks for behind the `?` of its address.

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Query(Vec<(String, String)>);

/// A query that cannot be answered, in words for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadQuery(pub String);

impl Query {
    /// Reads what stands behind the `?`: `a=1&b[]=2`, with `+` and `%XX` as browsers write them.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// Nothing was asked for in particular.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters' names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// All values of one parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Undoes `%XX` and `+`; what is no such thing stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits =
            || text.get(at + 1..at + 3).filter(|s| s.bytes().all(|b| b.is_ascii_hexdigit()));
        let hex = || u8::from_str_radix(digits()?, 16).ok();
        match (byte, hex()) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_kept_apart() {
        let query = Query::parse("collect[]=cpu&collect%5B%5D=load+avg&x&=y&&exclude[]=a%3Db");
        assert_eq!(query.all("collect[]").collect::<Vec<_>>(), ["cpu", "load avg"]);
        assert_eq!(query.all("exclude[]").collect::<Vec<_>>(), ["a=b"]);
        assert_eq!(query.all("x").collect::<Vec<_>>(), [""]);
        assert!(Query::parse("").is_empty() && Query::parse("&").is_empty());
    }

    #[test]
    fn what_is_no_escape_stays() {
        for (text, expected) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%+1", "% 1"),
            ("%ff", "\u{fffd}"),
            ("ä%", "ä%"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
