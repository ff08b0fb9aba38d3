//! The line that comes back to a hook.

use serde::{Deserialize, Serialize};

use crate::{DecodeError, MAX_NAME_BYTES, MAX_REASON_BYTES, MAX_REPLY_BYTES, VERSION};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent has it.
    Accepted,
    /// The sender may not say this; the spool would not help.
    Denied,
    /// The agent does not understand the message; the spool would not help.
    Malformed,
    /// The agent has it in memory, and its disk has not taken it in time. The spool, which is on that
    /// disk too, would not help, and might hang.
    Held,
    /// The agent cannot take it now, or is older than the hook: keep it in the spool.
    Later,
}

/// The agent's answer to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The version of the agent.
    pub v: u32,
    /// What became of the event.
    pub outcome: Outcome,
    /// The job's trace context as its submitter made it, for a task's prolog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Why no job should start on this node, for a prolog and a health check; an older hook does not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
}

impl Reply {
    /// A reply with nothing but its outcome.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { v: VERSION, outcome, traceparent: None, unfit: None }
    }

    /// The reply as one line, its line feed included.
    ///
    /// # Errors
    /// If the reply would be longer than [`MAX_REPLY_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let mut line =
            serde_json::to_vec(self).map_err(|e| DecodeError::Malformed(e.to_string()))?;
        line.push(b'\n');
        if line.len() > MAX_REPLY_BYTES {
            return Err(DecodeError::TooLong(line.len()));
        }
        Ok(line)
    }

    /// Reads one line, with or without its line feed. A newer agent's reply is understood as far
    /// as this release knows its words.
    ///
    /// # Errors
    /// If the line is too long or not a reply.
    pub fn decode(line: &[u8]) -> Result<Self, DecodeError> {
        if line.len() > MAX_REPLY_BYTES {
            return Err(DecodeError::TooLong(line.len()));
        }
        let reply: Self =
            serde_json::from_slice(line).map_err(|e| DecodeError::Malformed(e.to_string()))?;
        let is_clean = |text: &Option<String>, max_bytes| {
            text.as_ref().is_none_or(|text| crate::text::is_clean(text, max_bytes))
        };
        if !is_clean(&reply.traceparent, MAX_NAME_BYTES) {
            return Err(DecodeError::Field("traceparent"));
        }
        if !is_clean(&reply.unfit, MAX_REASON_BYTES) {
            return Err(DecodeError::Field("unfit"));
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let reply = Reply { traceparent: Some("00-aa-bb-01".into()), ..Reply::new(Outcome::Later) };
        let line = reply.encode().unwrap();
        assert_eq!(line, b"{\"v\":1,\"outcome\":\"later\",\"traceparent\":\"00-aa-bb-01\"}\n");
        assert_eq!(Reply::decode(&line), Ok(reply));
    }

    #[test]
    fn refuses_what_is_no_reply() {
        for garbage in [&b""[..], b"ok\n", br#"{"v":1}"#, br#"{"v":1,"outcome":"drain"}"#] {
            assert!(Reply::decode(garbage).is_err(), "{}", garbage.escape_ascii());
        }
        let two_lines = br#"{"v":1,"outcome":"accepted","traceparent":"a\nexport LD_PRELOAD=x"}"#;
        assert_eq!(Reply::decode(two_lines), Err(DecodeError::Field("traceparent")));
        let long = Reply {
            traceparent: Some("x".repeat(MAX_REPLY_BYTES)),
            ..Reply::new(Outcome::Accepted)
        };
        assert!(matches!(long.encode(), Err(DecodeError::TooLong(_))));
    }
}
