//! A job's comment as `edctl submit` writes it:
//! `edctl/1 run=<ulid> flow=<name> stage=<name> profile=<name> tp=<traceparent>`.

use std::fmt;

/// What such a comment begins with; the number is that of its form.
const FIRST_WORD: &str = "edctl/1";

/// Longest value that is taken for a name.
const MAX_WORD_BYTES: usize = 64;

/// What a comment says of a job's place in a flow; nothing for a comment of somebody else's making.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct JobComment<'a> {
    /// The run that it is, a ULID.
    pub run: Option<&'a str>,
    /// The flow of several stages that it belongs to.
    pub flow: Option<&'a str>,
    /// The stage that it runs.
    pub stage: Option<&'a str>,
    /// The profile that its resources come from.
    pub profile: Option<&'a str>,
    /// The trace context, as W3C's `traceparent` header has it; whether it is one is not known.
    pub traceparent: Option<&'a str>,
}

impl<'a> JobComment<'a> {
    /// Reads a comment. A word that is not known is one of a later release.
    pub fn parse(comment: &'a str) -> Self {
        let mut parsed = Self::default();
        let mut words = comment.split(' ');
        if words.next() != Some(FIRST_WORD) {
            return parsed;
        }
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let value = Some(value).filter(|value| is_plain(value));
            match key {
                "run" => parsed.run = value,
                "flow" => parsed.flow = value,
                "stage" => parsed.stage = value,
                "profile" => parsed.profile = value,
                "tp" => parsed.traceparent = value,
                _ => {}
            }
        }
        parsed
    }
}

/// The comment itself.
impl fmt::Display for JobComment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FIRST_WORD)?;
        let words = [
            ("run", self.run),
            ("flow", self.flow),
            ("stage", self.stage),
            ("profile", self.profile),
            ("tp", self.traceparent),
        ];
        words
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .try_for_each(|(key, value)| write!(f, " {key}={value}"))
    }
}

fn is_plain(word: &str) -> bool {
    (1..=MAX_WORD_BYTES).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours() {
        let text = "edctl/1 run=01J stage=sim profile=latency tp=00-ab";
        let comment = JobComment {
            run: Some("01J"),
            flow: None,
            stage: Some("sim"),
            profile: Some("latency"),
            traceparent: Some("00-ab"),
        };
        assert_eq!(comment.to_string(), text);
        for text in [text, &text.replace(" tp", " later=x tp")] {
            assert_eq!(JobComment::parse(text), comment);
        }
    }

    #[test]
    fn strangers() {
        let long = format!("edctl/1 stage={}", "x".repeat(65));
        for text in [
            "",
            "(null)",
            "stage=sim",
            "edctl/2 stage=sim",
            " edctl/1 stage=sim",
            "edctl/1",
            "edctl/1 stage= profile=a/b",
            "edctl/1 stage=\"sim\"",
            &long,
        ] {
            assert_eq!(JobComment::parse(text), JobComment::default(), "{text}");
        }
    }
}
