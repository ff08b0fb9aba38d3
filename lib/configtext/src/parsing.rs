//! Values that are read by a parser of their own.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a string by a parser of its own. The parser's error then stands where the string stands in
/// the file, which it would not if the string were parsed later.
///
/// # Errors
/// The parser's, and where there is no string.
pub fn deserialize_with<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parsing(parse))
}

/// A string that is read by its type's own `FromStr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T>(pub T);

impl<'de, T: FromStr<Err = String>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, |text| text.parse().map(Self))
    }
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
///
/// # Errors
/// Those of either step, and where there is no table.
pub fn deserialize_table_with<'de, D: Deserializer<'de>, T: Deserialize<'de>, U>(
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
