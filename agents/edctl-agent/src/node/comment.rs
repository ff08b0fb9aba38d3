//! A job's comment as `edctl submit` writes it: `edctl/1 run=<ulid> stage=<name> tp=<traceparent>`.

use edctl_tracectx::TraceParent;

const MAX_WORD_BYTES: usize = 64;

/// What a comment says; nothing for a comment of somebody else's making.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) run: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) traceparent: Option<TraceParent>,
}

impl Comment {
    pub(crate) fn parse(text: &str) -> Self {
        let mut comment = Self::default();
        let mut words = text.split(' ');
        if words.next() != Some("edctl/1") {
            return comment;
        }
        for word in words {
            match word.split_once('=') {
                Some(("run", value)) if is_plain(value) => comment.run = Some(value.to_owned()),
                Some(("stage", value)) if is_plain(value) => comment.stage = Some(value.to_owned()),
                Some(("tp", value)) => comment.traceparent = TraceParent::parse(value).ok(),
                // A word of a later release.
                _ => {}
            }
        }
        comment
    }
}

fn is_plain(word: &str) -> bool {
    (1..=MAX_WORD_BYTES).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn ours() {
        let text = format!("edctl/1 run=01J stage=sim later=x tp={TRACEPARENT}");
        let comment = Comment::parse(&text);
        assert_eq!(comment.run.as_deref(), Some("01J"));
        assert_eq!(comment.stage.as_deref(), Some("sim"));
        assert_eq!(comment.traceparent.map(|tp| tp.to_string()).as_deref(), Some(TRACEPARENT));
    }

    #[test]
    fn strangers() {
        for text in [
            "",
            "my comment",
            "edctl/2 run=a",
            " edctl/1 run=a",
            "edctl/1",
            "edctl/1 run= tp=00-x stage=a/b",
        ] {
            assert_eq!(Comment::parse(text), Comment::default(), "{text:?}");
        }
    }
}
