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
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
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
            let query = Query::parse(&format!("a={text}"));
            assert_eq!(query.all("a").collect::<Vec<_>>(), [expected], "{text}");
        }
    }
}
