//! The envelope that all answers share: errors, and under one key what was asked for. It is read as it
//! comes; a list's elements are handed on one by one, so that an answer of any length needs little memory.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::Value;

/// Reads an answer whose `content` stands under `key`. Returns Slurm's first error, if it tells one.
///
/// # Errors
/// For what is no JSON, has another shape, or has neither the key nor an error.
pub(super) fn read<'de, S>(
    text: impl Read,
    key: &'static str,
    content: S,
) -> Result<Option<String>, serde_json::Error>
where
    S: DeserializeSeed<'de, Value = ()>,
{
    let mut reader = serde_json::Deserializer::from_reader(text);
    let error = Envelope { key, content: Some(content) }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(error)
}

/// Slurm's first error in what may be an answer, whatever else stands in it.
pub(super) fn first_error(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Problems,
    }
    serde_json::from_slice::<Errors>(text).ok()?.errors.0.filter(|error| !error.is_empty())
}

/// An object of which one key counts, and `errors`.
pub(super) struct Envelope<S> {
    pub(super) key: &'static str,
    /// Taken when the key is met.
    pub(super) content: Option<S>,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Envelope<S> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Envelope<S> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the key {}", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut first_error = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "errors" => first_error = map.next_value::<Problems>()?.0,
                key if key == self.key => match self.content.take() {
                    Some(content) => map.next_value_seed(content)?,
                    None => return Err(A::Error::custom(format_args!("{key} stands there twice"))),
                },
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        match self.content {
            Some(_) if first_error.is_none() => Err(A::Error::missing_field(self.key)),
            _ => Ok(first_error),
        }
    }
}

/// The elements of a list, each handed on as it comes; nothing stands for one that is no object.
pub(super) struct Elements<T, F> {
    each: F,
    element: PhantomData<fn() -> T>,
}

impl<T, F: FnMut(Option<T>)> Elements<T, F> {
    pub(super) fn new(each: F) -> Self {
        Self { each, element: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(Option<T>)> DeserializeSeed<'de> for Elements<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(Option<T>)> Visitor<'de> for Elements<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(Object(element)) = list.next_element()? {
            (self.each)(element);
        }
        Ok(())
    }
}

/// What a value of each plain type stands for, where a structure should be.
macro_rules! plain_values {
    ($value:ty, |$this:ident| $stands_for:expr) => {
        fn visit_bool<E>($this, _: bool) -> Result<$value, E> {
            Ok($stands_for)
        }

        fn visit_u64<E>($this, _: u64) -> Result<$value, E> {
            Ok($stands_for)
        }

        fn visit_i64<E>($this, _: i64) -> Result<$value, E> {
            Ok($stands_for)
        }

        fn visit_f64<E>($this, _: f64) -> Result<$value, E> {
            Ok($stands_for)
        }

        fn visit_str<E>($this, _: &str) -> Result<$value, E> {
            Ok($stands_for)
        }
    };
}

/// An object, if it is one.
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    plain_values!(Option<T>, |self| None);
}

/// As [`Elements`], within an answer: `null` is an empty list, and what is no list is one element that is no
/// object.
pub(super) struct MaybeElements<T, F>(pub(super) Elements<T, F>);

impl<'de, T: Deserialize<'de>, F: FnMut(Option<T>)> DeserializeSeed<'de> for MaybeElements<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(Option<T>)> Visitor<'de> for MaybeElements<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        (self.0.each)(None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    plain_values!((), |self| {
        let Self(Elements { mut each, .. }) = self;
        each(None);
    });
}

/// The first of Slurm's errors, if there is one.
struct Problems(Option<String>);

#[derive(Deserialize)]
struct Problem {
    /// From v0.0.39 on; what happened to this request.
    #[serde(default)]
    description: Value,
    /// The error number's own text.
    #[serde(default)]
    error: Value,
}

impl<'de> Deserialize<'de> for Problems {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut first = None;
        let each = |problem: Option<Problem>| {
            first.get_or_insert_with(|| problem.map_or_else(String::new, Problem::text));
        };
        MaybeElements(Elements::new(each)).deserialize(deserializer)?;
        Ok(Self(first))
    }
}

impl Problem {
    fn text(self) -> String {
        let texts = [&self.description, &self.error].map(|text| text.text().unwrap_or_default());
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[serde(default)]
        name: Value,
    }

    /// Slurm's error, and the names of the things; `-` for what is no object.
    fn things(json: &str) -> Result<(Option<String>, String), serde_json::Error> {
        let mut names = String::new();
        let each = |thing: Option<Thing>| {
            names += &thing.map_or("-".to_owned(), |thing| thing.name.text().unwrap().to_owned());
        };
        let error = read(json.as_bytes(), "things", Elements::new(each))?;
        Ok((error, names))
    }

    #[test]
    fn elements_come_one_by_one_wherever_the_rest_stands() {
        for json in [
            r#"{"meta": {"x": [1]}, "errors": [], "things": [{"name": "a", "y": {}}, {"name": "b"}]}"#,
            r#"{"things": [{"name": "a"}, {"name": "b"}], "errors": [], "warnings": [{}]}"#,
            r#"{"errors": null, "things": [{"name": "a"}, {"name": "b"}]}"#,
        ] {
            assert_eq!(things(json).unwrap(), (None, "ab".to_owned()), "{json}");
        }
        let odd = r#"{"things": [{"name": "a"}, 7, null, -1, 1.5, true, "b", [{}], {}]}"#;
        assert_eq!(things(odd).unwrap().1, "a-------");
    }

    #[test]
    fn an_error_of_slurm_is_told() {
        for (errors, told) in [
            (r#"[{"error": "Unspecified error", "errno": -1}]"#, "Unspecified error"),
            (r#"[{"description": "no slurmctld", "error": "x"}, {"error": "y"}]"#, "no slurmctld"),
            ("[{}]", ""),
            ("[7]", ""),
            ("7", ""),
            ("{}", ""),
        ] {
            for json in [
                format!("{{\"errors\": {errors}}}"),
                format!("{{\"things\": [], \"errors\": {errors}}}"),
            ] {
                assert_eq!(things(&json).unwrap().0.as_deref(), Some(told), "{json}");
            }
        }
    }

    #[test]
    fn another_shape_is_no_answer() {
        for json in [
            "",
            "{",
            "[]",
            "null",
            "{}",
            r#"{"errors": []}"#,
            r#"{"things": {}}"#,
            r#"{"things": "x"}"#,
            r#"{"things": [}"#,
            r#"{"things": [], "things": []}"#,
            r#"{"things": [{"name": 1, "name": 2}]}"#,
            r#"{"things": []} more"#,
        ] {
            assert!(things(json).is_err(), "{json}");
        }
        assert!(things(r#"{"things": [{"name": "a"}, {"na"#).unwrap_err().is_eof());
    }
}
