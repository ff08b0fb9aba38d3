//! A job's comment as `edctl submit` writes it:
//! `edctl/1 run=<ulid> stage=<name> profile=<name> tp=<traceparent>`.

/// Longest value that is taken for a name.
const MAX_WORD_BYTES: usize = 64;

/// What a comment says of a job's place in a flow; nothing for a comment of somebody else's making.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct JobLabel<'a> {
    /// The flow of several stages that it belongs to.
    pub flow: Option<&'a str>,
    /// The stage that it runs.
    pub stage: Option<&'a str>,
    /// The profile that its resources come from.
    pub profile: Option<&'a str>,
}

impl<'a> JobLabel<'a> {
    /// Reads a comment. A word that is not known is one of a later release.
    pub fn parse(comment: &'a str) -> Self {
        let mut label = Self::default();
        let mut words = comment.split(' ');
        if words.next() != Some("edctl/1") {
            return label;
        }
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let value = Some(value).filter(|value| is_plain(value));
            match key {
                "flow" => label.flow = value,
                "stage" => label.stage = value,
                "profile" => label.profile = value,
                _ => {}
            }
        }
        label
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
        let label = JobLabel::parse("edctl/1 run=01J stage=sim profile=latency later=x tp=00-ab");
        assert_eq!(label.flow, None);
        assert_eq!(label.stage, Some("sim"));
        assert_eq!(label.profile, Some("latency"));
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
            assert_eq!(JobLabel::parse(text), JobLabel::default(), "{text}");
        }
    }
}
