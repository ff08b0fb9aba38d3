//! Text from strangers, made harmless.

/// Cuts `text` to at most `max_bytes` at a character boundary and replaces control characters by
/// U+FFFD. The result is never longer than `max_bytes`.
#[must_use]
pub fn clean(text: &str, max_bytes: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(max_bytes));
    for c in text.chars() {
        let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        if cleaned.len() + c.len_utf8() > max_bytes {
            break;
        }
        cleaned.push(c);
    }
    cleaned
}

/// Whether [`clean`] would leave `text` as it is.
pub(crate) fn is_clean(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_a_boundary_and_replaces_controls() {
        for (text, max, expected) in [
            ("plain", 16, "plain"),
            ("plain", 3, "pla"),
            ("\u{e9}t\u{e9}", 3, "\u{e9}t"),
            ("\u{e9}t\u{e9}", 4, "\u{e9}t"),
            ("a\nb", 16, "a\u{fffd}b"),
            ("a\nb", 3, "a"),
            ("", 4, ""),
            ("x", 0, ""),
        ] {
            assert_eq!(clean(text, max), expected, "{text:?} to {max}");
        }
    }
}
