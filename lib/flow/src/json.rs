//! JSON as tools print it: log lines before it, `nan`, `inf` or damaged bytes in place of a number.

use serde_json::Value;

/// Reads the first JSON value that begins with a brace. A word that is no JSON becomes a string, so that
/// it costs its own figure alone; `None` where the frame itself is broken.
pub(crate) fn parse(report: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(report);
    let object = &text[text.find('{')?..];
    serde_json::Deserializer::from_str(&mended(object)).into_iter().next()?.ok()
}

/// The same text, in which each word outside of strings is JSON, a name without a value has none, and no
/// comma ends a list.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if is_frame(first) => first.len_utf8(),
            _ => rest.find(is_frame).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        if matches!(first, ',' | '}') && mended.trim_end().ends_with(':') {
            mended.push_str("null");
        }
        match first {
            '}' | ']' if mended.trim_end().ends_with(',') => {
                mended.truncate(mended.trim_end().len() - 1);
                mended.push(first);
            }
            _ if is_frame(first) || serde_json::from_str::<Value>(token).is_ok() => {
                mended.push_str(token);
            }
            _ => mended.push_str(&Value::from(token).to_string()),
        }
        rest = after;
    }
    mended
}

fn is_frame(c: char) -> bool {
    c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"')
}

/// The length of the string that `text` begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_that_is_no_json_costs_itself_alone() {
        let report = b"Found gzip magic\n{\"a\": nan, \"b\": [-inf, 2], \"c\": 1\xfc2, \"d\": 3}";
        let value = parse(report).unwrap();
        assert_eq!((&value["a"], &value["b"][0]), (&"nan".into(), &"-inf".into()));
        assert_eq!((&value["b"][1], &value["d"]), (&2.into(), &3.into()));
        assert_eq!(value["c"], "1\u{fffd}2");
    }

    #[test]
    fn a_line_that_is_lost_leaves_its_neighbours() {
        assert_eq!(parse(b"{\"a\": {\"b\": 1,\n}}").unwrap()["a"]["b"], 1);
        assert_eq!(parse(b"{\"a\": ,\"b\": 1}").unwrap()["b"], 1);
        assert_eq!(parse(b"{\"a\": 1"), None);
        assert_eq!(parse(b"{\"a\": 1 \"b\": 2}"), None);
        assert_eq!(parse(b"nothing"), None);
    }

    #[test]
    fn what_stands_in_a_string_stays() {
        let text = r#"{"\\core \" ,} nan": "a:nan,]"}"#;
        assert_eq!(parse(text.as_bytes()), serde_json::from_str(text).ok());
    }

    proptest! {
        #[test]
        fn sound_json_is_not_changed(text in "[{\\[\\]}\":, 0-9a-z\\\\-]{0,40}") {
            if let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(parse(text.as_bytes()), Some(value));
            }
        }

        #[test]
        fn any_bytes_are_read(report in any::<Vec<u8>>()) {
            let _ = parse(&report);
        }
    }
}
