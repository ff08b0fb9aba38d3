//! Text on its way in and out: strings of a configuration file, and names as labels.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A group's name is cut to this; longer ones come from command lines.
const NAME_BYTES: usize = 256;

/// A name as a label shows it: what is no text or would break a line is replaced, what is too long
/// is cut.
pub(super) fn printable(name: &[u8]) -> String {
    let mut printed = String::new();
    for c in String::from_utf8_lossy(name).chars() {
        let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        if printed.len() + c.len_utf8() > NAME_BYTES {
            break;
        }
        printed.push(c);
    }
    printed
}

/// Reads a string by a parser of its own. The parser's error then stands where the string stands in
/// the file, which it would not if the string were parsed later.
pub(super) fn deserialize_with<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parsing(parse))
}

struct Parsing<P>(P);

impl<T, P: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Parsing<P> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// Reads a table as a `T` and makes something else of it. As above, an error of the second step
/// stands where the table stands.
pub(super) fn deserialize_table_with<'de, D: Deserializer<'de>, T: Deserialize<'de>, U>(
    deserializer: D,
    convert: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, D::Error> {
    deserializer.deserialize_map(Converting(convert, PhantomData))
}

struct Converting<T, C>(C, PhantomData<T>);

impl<'de, T: Deserialize<'de>, U, C: FnOnce(T) -> Result<U, String>> Visitor<'de>
    for Converting<T, C>
{
    type Value = U;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<U, A::Error> {
        let table = T::deserialize(MapAccessDeserializer::new(map))?;
        (self.0)(table).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_printable_and_short() {
        for (name, expected) in [
            (&b"yosys"[..], "yosys"),
            (b"", ""),
            (b"a\nb\0c\x7f", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            (b"\xff\\\"", "\u{fffd}\\\""),
            ("ö €".as_bytes(), "ö €"),
        ] {
            assert_eq!(printable(name), expected);
        }
        assert_eq!(printable(&[b'x'; 300]).len(), 256);
        // 255 and not 257: no character is cut in two.
        assert_eq!(printable(format!("x{}", "ö".repeat(200)).as_bytes()).len(), 255);
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_fits(name in proptest::collection::vec(any::<u8>(), 0..600)) {
            let printed = printable(&name);
            prop_assert!(printed.len() <= NAME_BYTES && !printed.chars().any(char::is_control));
        }
    }
}
