//! Where in a YAML text something stands.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

/// The error as `LINE: MESSAGE`; the crate has the place at the message's end.
pub fn located(error: &yaml_serde::Error) -> String {
    let message = error.to_string();
    let Some(place) = error.location() else { return format!(" {message}") };
    let suffix = format!(" at line {} column {}", place.line(), place.column());
    format!("{}: {}", place.line(), message.strip_suffix(&suffix).unwrap_or(&message))
}

/// The line, from 1, of the value that the keys of `path` lead to; of the last one on the way that
/// is there, where the value is not.
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    (1..=path.len()).rev().find_map(|keys| {
        let seeking = Seeking(&path[..keys]).deserialize(yaml_serde::Deserializer::from_str(text));
        Some(seeking.err()?.location()?.line())
    })
}

/// Fails at the value that it seeks: errors are what YAML knows the place of.
struct Seeking<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Seeking<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0 {
            [] => deserializer.deserialize_any(Nothing),
            [key, rest @ ..] => deserializer.deserialize_any(Entering { key, rest }),
        }
    }
}

struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

struct Entering<'a> {
    key: &'a str,
    rest: &'a [&'a str],
}

impl<'de> Visitor<'de> for Entering<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.key {
                map.next_value_seed(Seeking(self.rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Parsed;

    const TEXT: &str = "# none\na:\n  b: 1\n  c:\n    - x\n  d: {e: f}\ng:\n";

    #[test]
    fn a_value_has_its_line_and_what_is_not_there_has_its_parents() {
        for (path, line) in [
            (&["a"][..], Some(3)),
            (&["a", "b"], Some(3)),
            (&["a", "c"], Some(5)),
            (&["a", "d", "e"], Some(6)),
            (&["a", "d", "z"], Some(6)),
            (&["g"], Some(7)),
            (&["z"], None),
            (&[], None),
        ] {
            assert_eq!(line_of(TEXT, path), line, "{path:?}");
        }
    }

    #[test]
    fn an_error_begins_with_its_line() {
        #[derive(Debug, Deserialize)]
        struct File {
            port: Parsed<Port>,
        }
        #[derive(Debug, PartialEq)]
        struct Port(u16);
        impl std::str::FromStr for Port {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                text.parse().map(Self).map_err(|error| format!("{text:?} is no port: {error}"))
            }
        }
        assert_eq!(yaml_serde::from_str::<File>("port: 80\n").unwrap().port, Parsed(Port(80)));
        let error = yaml_serde::from_str::<File>("\nport: http\n").unwrap_err();
        let expected = "2: port: \"http\" is no port: invalid digit found in string";
        assert_eq!(located(&error), expected);
        let error = yaml_serde::from_str::<File>("port: [80]\n").unwrap_err();
        assert_eq!(located(&error), "1: port: invalid type: sequence, expected a string");
    }
}
