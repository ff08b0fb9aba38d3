//! Names of designs and profiles: they go into job names, tables and records as they are.

use std::borrow::Borrow;

use serde::Deserialize;

const MAX_BYTES: usize = 64;

/// A name that is one plain word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Name(String);

/// A text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name: write up to 64 letters, digits, '_', '-' or '.', a letter or digit first"
)]
pub(crate) struct NotAName(String);

impl Name {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        let begins_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if begins_well && text.len() <= MAX_BYTES && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(NotAName(text))
        }
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_names() {
        for text in ["picorv32", "a", "9x_Y-z.2", &"n".repeat(64)] {
            assert_eq!(Name::try_from(text.to_owned()).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_a_shell_a_path_or_a_terminal_reads_is_none() {
        for text in ["", "..", "-x", ".x", "a b", "a,b", "a/b", "a%j", "a\n", "a\u{1b}[0m", "ä"] {
            assert!(Name::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert!(Name::try_from("n".repeat(65)).is_err());
    }
}
