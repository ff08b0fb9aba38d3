//! Go's regular expressions in the syntax of the `regex` crate.
//!
//! Both descend from RE2, and what only one of them knows is mostly an error in the other. Here is
//! what Go takes and the crate refuses or takes for something else.

use std::iter::Peekable;
use std::str::Chars;

/// The expression with the same meaning for the crate. What is wrong stays wrong.
pub(super) fn to_crate(pattern: &str) -> String {
    let mut translated = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => escape(rest, &mut translated),
            '[' => class(rest, &mut translated),
            '{' if !is_repetition(rest) => {
                translated.push_str(r"\{");
                1
            }
            _ => {
                translated.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    translated
}

/// Translates the escape that `rest` begins with; gives its length.
fn escape(rest: &str, translated: &mut String) -> usize {
    if let Some(literal) = rest.strip_prefix(r"\Q") {
        let (literal, end) = literal.split_once(r"\E").map_or((literal, ""), |(l, _)| (l, r"\E"));
        translated.push_str(&regex::escape(literal));
        return r"\Q".len() + literal.len() + end.len();
    }
    let digits: String =
        rest[1..].chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
    if digits.len() > 1 || digits == "0" {
        let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
        translated.push_str(&format!(r"\x{{{code:x}}}"));
        return 1 + digits.len();
    }
    let Some(escaped) = rest[1..].chars().next() else {
        translated.push('\\');
        return 1;
    };
    if let Some(opening) = [r"\x{", r"\p{", r"\P{"].iter().find(|o| rest.starts_with(**o)) {
        translated.push_str(opening);
        return opening.len();
    }
    // To the crate, these two escapes are the bounds of a word.
    if !matches!(escaped, '<' | '>') {
        translated.push('\\');
    }
    translated.push(escaped);
    1 + escaped.len_utf8()
}

/// Translates the class that `rest` begins with; gives its length. Go's classes have no classes in
/// them but the named ones, and no operators.
fn class(rest: &str, translated: &mut String) -> usize {
    let opening = if rest.starts_with("[^") { "[^" } else { "[" };
    translated.push_str(opening);
    let mut at = opening.len();
    while let Some(c) = rest[at..].chars().next() {
        let is_first = at == opening.len();
        at += match c {
            ']' if !is_first => {
                translated.push(']');
                return at + 1;
            }
            '\\' => escape(&rest[at..], translated),
            '[' if named_class(&rest[at..]).is_some() => {
                let name = named_class(&rest[at..]).unwrap_or_default();
                translated.push_str(name);
                name.len()
            }
            ']' | '[' | '&' | '~' => {
                translated.extend(['\\', c]);
                1
            }
            _ => {
                translated.push(c);
                c.len_utf8()
            }
        };
    }
    at
}

/// A class such as `[:alpha:]` at the beginning of `rest`.
fn named_class(rest: &str) -> Option<&str> {
    let end = rest.strip_prefix("[:")?.find(":]")? + "[:".len();
    let is_name = rest["[:".len()..end].chars().all(|c| c == '^' || c.is_ascii_lowercase());
    is_name.then(|| &rest[..end + ":]".len()])
}

/// Whether `rest` begins with `{n}`, `{n,}` or `{n,m}`; to Go, any other brace is only a brace.
fn is_repetition(rest: &str) -> bool {
    let mut chars = rest[1..].chars().peekable();
    if !skip_number(&mut chars) {
        return false;
    }
    if chars.next_if_eq(&',').is_some() {
        skip_number(&mut chars);
    }
    chars.next() == Some('}')
}

fn skip_number(chars: &mut Peekable<Chars<'_>>) -> bool {
    let mut any = false;
    while chars.next_if(char::is_ascii_digit).is_some() {
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn translates_what_differs() {
        for (go, expected) in [
            (r"^/usr/(s?bin)/.+\.sh\s\d{2,}$", r"^/usr/(s?bin)/.+\.sh\s\d{2,}$"),
            (r"(?P<x>[^/[:space:]]+)x{3}", r"(?P<x>[^/[:space:]]+)x{3}"),
            (r"\Qa.b\E.c\Q*", r"a\.b.c\*"),
            (r"\<a\>", "<a>"),
            (r"\172\07\0", r"\x{7a}\x{7}\x{0}"),
            (r"\1", r"\1"),
            (r"\x{7a}[\x{7a}]\x7a{3}", r"\x{7a}[\x{7a}]\x7a{3}"),
            (r"{a} x{,5} y{z}", r"\{a} x\{,5} y\{z}"),
            (r"\{a}", r"\{a}"),
            ("[[]", r"[\[]"),
            ("[]a]b]", r"[\]a]b]"),
            ("[^]]", r"[^\]]"),
            ("[a&&b~~c{]", r"[a\&\&b\~\~c{]"),
            (r"[\]\\]x", r"[\]\\]x"),
            ("[[:alpha:][:^digit:]]", "[[:alpha:][:^digit:]]"),
            ("[[:Al]", r"[\[:Al]"),
            ("ö{", r"ö\{"),
            ("[", "["),
            (r"a\", r"a\"),
        ] {
            assert_eq!(to_crate(go), expected, "{go}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic(pattern in "(\\PC|[\\[\\]\\\\{}^Q:&]){0,20}") {
            let _ = to_crate(&pattern);
        }
    }
}
