//! What strings of the configuration are compared with: regular expressions and globs.

use edctl_configtext::deserialize_with;
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

use super::go_syntax;

/// A regular expression over a command line, in Go's syntax.
///
/// Classes such as `\w` and `(?i)` are ASCII's and `.` is any byte but a newline.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match RegexBuilder::new(&go_syntax::to_crate(text)).unicode(false).build() {
            Ok(regex) => Ok(Self(regex)),
            Err(error) => Err(format!("bad regular expression {text:?}: {}", reason(&error))),
        }
    }

    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }

    /// What each group caught, by the group's name: "" for the whole and for all without a name, of
    /// which the last remains. A group that took no part caught nothing.
    pub(super) fn captures<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let captures: Option<Captures<'a>> = self.0.captures(bytes);
        self.0.capture_names().enumerate().filter_map(move |(index, name)| {
            let caught = captures.as_ref()?.get(index).map_or(&b""[..], |group| group.as_bytes());
            Some((name.unwrap_or_default(), caught))
        })
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, Self::parse)
    }
}

/// The last line of the error; the lines before it draw the expression.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// A whole name with `*` for any characters and `?` for any one.
#[derive(Debug, Clone)]
pub(super) struct Glob(Regex);

impl Glob {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(bad) = text.chars().find(|c| "[]{}\\".contains(*c)) {
            return Err(format!("bad pattern {text:?}: {bad:?} is not supported, only * and ?"));
        }
        let pattern = regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
        RegexBuilder::new(&format!("^{pattern}$"))
            .unicode(false)
            .dot_matches_new_line(true)
            .build()
            .map(Self)
            .map_err(|error| format!("bad pattern {text:?}: {}", reason(&error)))
    }

    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_search_in_bytes() {
        for (pattern, bytes, matches) in [
            ("sh", &b"/bin/bash -c"[..], true),
            ("^sh$", b"/bin/sh", false),
            ("^/opt/.+ --id=[0-9]+( |$)", b"/opt/x --id=7", true),
            ("(?i)JAVA", b"/usr/bin/java -jar x", true),
            (r"a\wb", "aöb".as_bytes(), false),
            ("ö", "aöb".as_bytes(), true),
            ("^a.+b$", b"a\xff\xfeb", true),
            ("zz_{a}[[]", b"zz_{a}[", true),
            (r"\<a\>", b"<a>", true),
            (".+", b"", false),
            ("", b"", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(bytes), matches, "{pattern}");
        }
    }

    #[test]
    fn a_bad_pattern_says_which_and_why() {
        for (pattern, expected) in [
            ("(", "bad regular expression \"(\": unclosed group"),
            ("*", "bad regular expression \"*\": repetition operator missing expression"),
            ("(?=x)", "bad regular expression \"(?=x)\": look-around"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
        }
        assert!(Pattern::parse("(a{900}){900}").unwrap_err().contains("size limit"));
    }

    #[test]
    fn captures_have_names() {
        let pattern =
            Pattern::parse("(?P<user>[a-z]+)@(?P<host>[a-z]+)(:(?P<port>[0-9]+))?").unwrap();
        let caught = |text: &'static str| -> Vec<(String, String)> {
            pattern
                .captures(text.as_bytes())
                .map(|(k, v)| (k.to_owned(), String::from_utf8_lossy(v).into_owned()))
                .collect()
        };
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        assert_eq!(
            caught("-l joe@w:22"),
            pairs(&[("", "joe@w:22"), ("user", "joe"), ("host", "w"), ("", ":22"), ("port", "22")])
        );
        assert_eq!(
            caught("joe@w"),
            pairs(&[("", "joe@w"), ("user", "joe"), ("host", "w"), ("", ""), ("port", "")])
        );
        assert_eq!(caught("nobody"), []);
    }

    #[test]
    fn globs_match_the_whole_name() {
        for (glob, name, matches) in [
            ("ssh.service", "ssh.service", true),
            ("ssh.service", "sshxservice", false),
            ("ssh*.service", "sshd@7.service", true),
            ("ssh*.service", "openssh.service", false),
            ("*.scope", "session-3.scope", true),
            ("getty@tty?.service", "getty@tty1.service", true),
            ("getty@tty?.service", "getty@tty.service", false),
            ("*", "a\nb", true),
            ("", "x", false),
        ] {
            assert_eq!(Glob::parse(glob).unwrap().matches(name.as_bytes()), matches, "{glob}");
        }
        for bad in ["tty[1-6].service", "a\\x2db.service", "{a,b}.service"] {
            assert!(Glob::parse(bad).unwrap_err().ends_with("only * and ?"), "{bad}");
        }
    }
}
