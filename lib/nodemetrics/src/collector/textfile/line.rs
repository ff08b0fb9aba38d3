//! One line of the text format 0.0.4, and of what Prometheus 3 adds to it: names in quotes, which may have any
//! characters. Those that a name here may not have become `_`, as in Prometheus's escaping scheme "underscores".

use std::borrow::Cow;

use edctl_exposition::{Kind, Value};

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// Nothing, or something for people.
    Comment,
    /// What a family means.
    Help {
        name: Cow<'a, str>,
        help: String,
    },
    /// A family's type.
    Type {
        name: Cow<'a, str>,
        kind: Kind,
    },
    Sample {
        name: Cow<'a, str>,
        labels: Vec<(String, String)>,
        value: Value,
    },
}

/// What was expected, and what stands there.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("expected {expected}, not {found:?}")]
pub(super) struct Wrong {
    expected: &'static str,
    found: String,
}

/// So many characters of what was found are shown.
const SHOWN: usize = 60;

impl Wrong {
    pub(super) fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.chars().take(SHOWN).collect() }
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Reads a line without its end.
pub(super) fn parse(line: &str) -> Result<Line<'_>, Wrong> {
    let line = line.trim_start_matches(BLANKS);
    match line.strip_prefix('#') {
        Some(comment) => parse_comment(comment),
        None if line.is_empty() => Ok(Line::Comment),
        None => parse_sample(line),
    }
}

fn parse_comment(text: &str) -> Result<Line<'_>, Wrong> {
    let (keyword, rest) = split_word(text);
    if !matches!(keyword, "HELP" | "TYPE") {
        return Ok(Line::Comment);
    }
    let (name, rest) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = take_quoted(quoted)?;
            (underscored(name, ':').into(), rest.trim_start_matches(BLANKS))
        }
        None => {
            let (name, rest) = split_word(rest);
            (Cow::Borrowed(name), rest)
        }
    };
    if rest.is_empty() {
        return Ok(Line::Comment);
    }
    if !is_name(&name, ':') {
        return Err(Wrong::new("a family's name", &name));
    }
    if keyword == "TYPE" {
        return Ok(Line::Type { name, kind: parse_kind(rest)? });
    }
    let help = unescape(rest).ok_or_else(|| Wrong::new(r"\\, \n or none of them", rest))?;
    Ok(Line::Help { name, help })
}

/// The first word and what comes after the blanks behind it.
fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANKS);
    let (word, rest) = text.split_once(BLANKS).unwrap_or((text, ""));
    (word, rest.trim_start_matches(BLANKS))
}

fn parse_kind(text: &str) -> Result<Kind, Wrong> {
    match text.trim_end_matches(BLANKS).to_ascii_lowercase().as_str() {
        "counter" => Ok(Kind::Counter),
        "gauge" => Ok(Kind::Gauge),
        "histogram" => Ok(Kind::Histogram),
        "summary" => Ok(Kind::Summary),
        "untyped" => Ok(Kind::Unknown),
        _ => Err(Wrong::new("counter, gauge, histogram, summary or untyped", text)),
    }
}

fn parse_sample(line: &str) -> Result<Line<'_>, Wrong> {
    let (name, labels, rest) = match line.strip_prefix('{') {
        Some(rest) => {
            let (name, rest) = parse_quoted_name(rest)?;
            let (labels, rest) = parse_labels(rest)?;
            (name.into(), labels, rest)
        }
        None => {
            let (name, rest) = take_name(line, ':').ok_or_else(|| Wrong::new("a name", line))?;
            let rest = rest.trim_start_matches(BLANKS);
            let (labels, rest) = match rest.strip_prefix('{') {
                Some(rest) => parse_labels(rest)?,
                None => (Vec::new(), rest),
            };
            (Cow::Borrowed(name), labels, rest)
        }
    };
    let (value, rest) = split_word(rest);
    let value = parse_value(value).ok_or_else(|| Wrong::new("a number", value))?;
    match rest {
        "" => Ok(Line::Sample { name, labels, value }),
        time => Err(Wrong::new("no time behind the value", time)),
    }
}

/// The name of a sample that has it in quotes before its labels: `"backup.size", job="nightly"}`.
fn parse_quoted_name(text: &str) -> Result<(String, &str), Wrong> {
    let text = text.trim_start_matches(BLANKS);
    let quoted = text.strip_prefix('"').ok_or_else(|| Wrong::new("a name in quotes", text))?;
    let (name, rest) = take_quoted(quoted)?;
    let rest = rest.trim_start_matches(BLANKS);
    match rest.strip_prefix(',') {
        Some(rest) => Ok((underscored(name, ':'), rest)),
        None if rest.starts_with('}') => Ok((underscored(name, ':'), rest)),
        None => Err(Wrong::new("a comma or the labels' end", rest)),
    }
}

type Labels = Vec<(String, String)>;

/// The labels, up to their closing brace, and what comes after it.
fn parse_labels(mut rest: &str) -> Result<(Labels, &str), Wrong> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches(BLANKS);
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((labels, rest));
        }
        let (label, after) = parse_label(rest)?;
        if labels.iter().any(|(name, _)| *name == label.0) {
            return Err(Wrong::new("each label once", &label.0));
        }
        labels.push(label);
        rest = after.trim_start_matches(BLANKS);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(Wrong::new("a comma or the labels' end", rest)),
        }
    }
}

fn parse_label(text: &str) -> Result<((String, String), &str), Wrong> {
    let named = match text.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = take_quoted(quoted)?;
            Some((underscored(name, '_'), rest))
        }
        None => take_name(text, '_').map(|(name, rest)| (name.to_owned(), rest)),
    };
    let named = named.filter(|(name, _)| !name.starts_with("__"));
    let (name, rest) = named.ok_or_else(|| Wrong::new("a label's name", text))?;
    let rest = rest.trim_start_matches(BLANKS);
    let quoted = rest.strip_prefix('=').map(|rest| rest.trim_start_matches(BLANKS));
    let quoted = quoted.and_then(|rest| rest.strip_prefix('"'));
    let quoted = quoted.ok_or_else(|| Wrong::new("= and a value in quotes", rest))?;
    let (value, rest) = take_quoted(quoted)?;
    Ok(((name, value), rest))
}

/// What stands before the closing quote, and what comes after it.
fn take_quoted(text: &str) -> Result<(String, &str), Wrong> {
    let end = closing_quote(text).ok_or_else(|| Wrong::new("a closing quote", text))?;
    let (quoted, rest) = (&text[..end], &text[end + 1..]);
    let plain =
        unescape(quoted).ok_or_else(|| Wrong::new(r#"\\, \n, \" or none of them"#, quoted))?;
    Ok((plain, rest))
}

/// A name of any characters as one of those that are allowed.
fn underscored(name: String, beside: char) -> String {
    if is_name(&name, beside) {
        return name;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == beside;
    let plain: String = name.chars().map(|c| if is_part(c) { c } else { '_' }).collect();
    if plain.is_empty() || plain.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{plain}")
    } else {
        plain
    }
}

/// Where the first quote without a backslash is.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// A name at the beginning, of which one character is allowed beside letters, digits and `_`.
fn take_name(text: &str, beside: char) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == beside;
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, rest))
}

fn is_name(text: &str, beside: char) -> bool {
    take_name(text, beside).is_some_and(|(_, rest)| rest.is_empty())
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => match rest.next()? {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

/// A number as Go reads it; `None` where it is too large.
fn parse_value(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<u64>() {
        return Some(Value::U64(whole));
    }
    parse_number(text).map(Value::F64)
}

/// The same, of a bucket's bound or a quantile.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let is_spelt_out = text.contains(['i', 'I']);
    text.parse().ok().filter(|number: &f64| number.is_finite() || number.is_nan() || is_spelt_out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample<'a>(name: &'a str, labels: &[(&str, &str)], value: impl Into<Value>) -> Line<'a> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Line::Sample {
            name: name.into(),
            labels: labels.iter().map(owned).collect(),
            value: value.into(),
        }
    }

    #[test]
    fn lines_that_say_something() {
        for (line, expected) in [
            ("up 1", sample("up", &[], 1u64)),
            ("  up\t 1.5  ", sample("up", &[], 1.5)),
            ("a:b_c{} -3", sample("a:b_c", &[], -3.0)),
            (r#"up{a="x"}2"#, sample("up", &[("a", "x")], 2u64)),
            (r#"up { a = "x" , b_1="}",} 2e3"#, sample("up", &[("a", "x"), ("b_1", "}")], 2000.0)),
            (
                r#"up{a="\"q\" \\ \n",b=""} 0"#,
                sample("up", &[("a", "\"q\" \\ \n"), ("b", "")], 0u64),
            ),
            ("up +Inf", sample("up", &[], f64::INFINITY)),
            ("up -inf", sample("up", &[], f64::NEG_INFINITY)),
            ("up 18446744073709551615", sample("up", &[], u64::MAX)),
            ("up 18446744073709551616", sample("up", &[], 18_446_744_073_709_551_616.0)),
            ("# TYPE up  Gauge ", Line::Type { name: "up".into(), kind: Kind::Gauge }),
            ("#TYPE up untyped", Line::Type { name: "up".into(), kind: Kind::Unknown }),
            (
                r"# HELP up  Is \\ up.\n ",
                Line::Help { name: "up".into(), help: "Is \\ up.\n ".into() },
            ),
            (
                r#"{"backup.size", "job.name"="nightly"} 7"#,
                sample("backup_size", &[("job_name", "nightly")], 7u64),
            ),
            (r#"{"1é\"x"} 7"#, sample("_1__x", &[], 7u64)),
            (r#"{ "up" , a="b",} 7"#, sample("up", &[("a", "b")], 7u64)),
            (r#"up{"a.b"="c"} 7"#, sample("up", &[("a_b", "c")], 7u64)),
            (
                r#"# TYPE "backup.size" gauge"#,
                Line::Type { name: "backup_size".into(), kind: Kind::Gauge },
            ),
        ] {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
        let Ok(Line::Sample { value: Value::F64(value), .. }) = parse("up NaN") else { panic!() };
        assert!(value.is_nan());
        for line in ["", " \t", "#", "# of people", "# EOF", "# HELP up", "# TYPE up ", "# HELP"] {
            assert_eq!(parse(line), Ok(Line::Comment), "{line}");
        }
    }

    #[test]
    fn lines_that_say_what_was_expected() {
        for (line, expected) in [
            ("1up 1", "expected a name, not \"1up 1\""),
            ("{a=\"b\"} 1", "expected a name"),
            ("up", "expected a number, not \"\""),
            (r#"{"up" a="b"} 1"#, "expected a comma or"),
            (r#"{"up", "a.b"="c","a_b"="d"} 1"#, "expected each label once"),
            (r#"{"up} 1"#, "expected a closing quote"),
            ("up one", "expected a number, not \"one\""),
            ("up 1e999", "expected a number"),
            ("up 0x10", "expected a number"),
            ("up 1_000", "expected a number"),
            ("up 1\r", "expected a number"),
            ("up 1 1712000000000", "expected no time behind the value, not \"1712000000000\""),
            ("up{a} 1", "expected = and a value in quotes"),
            ("up{a=b} 1", "expected = and a value in quotes"),
            ("up{a=\"b} 1", "expected a closing quote"),
            ("up{a=\"b\\\"} 1", "expected a closing quote"),
            (r#"up{a="\t"} 1"#, "expected \\\\, \\n"),
            (r#"up{a="b" c="d"} 1"#, "expected a comma or the labels' end, not \"c="),
            (r#"up{a="b",,c="d"} 1"#, "expected a label's name"),
            (r#"up{a="b",a="c"} 1"#, "expected each label once, not \"a\""),
            (r#"up{__name__="x"} 1"#, "expected a label's name"),
            (r#"up{a:b="x"} 1"#, "expected = and"),
            (r#"up{a="b" 1"#, "expected a comma or"),
            ("# TYPE up gaugehistogram", "expected counter, gauge"),
            ("# TYPE 1up gauge", "expected a family's name"),
            (r"# HELP up \x", "expected \\\\"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in ".{0,80}") {
            let _ = parse(&line);
        }

        #[test]
        fn no_line_of_the_formats_own_characters_does(line in "[a#_:{}=\"\\\\,n 1.e+-]{0,40}") {
            let _ = parse(&line);
        }
    }
}
