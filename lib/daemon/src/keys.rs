//! Where in a TOML text a key stands, for errors that name their place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// Where the value of a dotted key stands.
pub(crate) fn span_of(text: &str, dotted: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let mut found = None;
    visit(root.get_ref(), "", &mut |key, span| {
        if key == dotted {
            found = Some(span);
        }
    });
    found
}

/// The dotted key whose value holds the byte at `offset`.
pub(crate) fn key_at(text: &str, offset: usize) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let mut found = None;
    visit(root.get_ref(), "", &mut |key, span| {
        if span.contains(&offset) {
            found = Some(key.to_owned());
        }
    });
    found
}

/// Shows every key that is no table, with its value's place.
fn visit(table: &DeTable<'_>, prefix: &str, see: &mut dyn FnMut(&str, Range<usize>)) {
    for (key, value) in table {
        let (key, value): Entry<'_, '_> = (key, value);
        let key = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(table) => visit(table, &format!("{key}."), see),
            _ => see(&key, value.span()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\n[b.c]\nd = [\n 'x', 2]\ne.f = true\n";

    #[test]
    fn there_and_back() {
        for (key, value) in [("a", "1"), ("b.c.d", "["), ("b.c.e.f", "true")] {
            let offset = span_of(TEXT, key).unwrap().start;
            assert!(TEXT[offset..].starts_with(value), "{key}: {offset}");
            assert_eq!(key_at(TEXT, offset).as_deref(), Some(key));
        }
        assert_eq!(key_at(TEXT, TEXT.find('2').unwrap()).as_deref(), Some("b.c.d"));
    }

    #[test]
    fn neither() {
        assert_eq!(span_of(TEXT, "b.c"), None);
        assert_eq!(span_of("a = ", "a"), None);
        assert_eq!(key_at(TEXT, TEXT.find("b.c").unwrap()), None);
    }
}
