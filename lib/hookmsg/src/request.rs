//! The line that goes to the agent.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Event, MAX_REQUEST_BYTES, OLDEST_VERSION, VERSION};

/// What is asked of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A hook ran; the reply to a task's prolog brings the job's trace context.
    Event(Box<Event>),
    /// `edctl-agent status` wants to know everything.
    Status,
}

/// Why a line is not a request.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Longer than [`MAX_REQUEST_BYTES`].
    #[error("the message has {0} bytes, more than {MAX_REQUEST_BYTES}")]
    TooLong(usize),
    /// Not the JSON of a request.
    #[error("the message is malformed: {0}")]
    Malformed(String),
    /// A version from another time.
    #[error("the message has version {0}; {OLDEST_VERSION} to {VERSION} are understood")]
    Version(u32),
    /// A field breaks its cap.
    #[error("the message's field {0:?} is missing, too long or not plain text")]
    Field(&'static str),
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    request: &'a Request,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

#[derive(Deserialize)]
struct Read {
    request: Request,
}

impl Request {
    /// The request as one line, its line feed included.
    ///
    /// # Errors
    /// Only if the request breaks a cap that [`Request::decode`] would refuse.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let mut line = serde_json::to_vec(&Written { v: VERSION, request: self })
            .map_err(|e| DecodeError::Malformed(e.to_string()))?;
        line.push(b'\n');
        self.check(line.len())?;
        Ok(line)
    }

    /// Reads one line, with or without its line feed.
    ///
    /// # Errors
    /// If the line is too long, not JSON, of an unknown version, or breaks a field's cap.
    pub fn decode(line: &[u8]) -> Result<Self, DecodeError> {
        if line.len() > MAX_REQUEST_BYTES {
            return Err(DecodeError::TooLong(line.len()));
        }
        let malformed = |e: serde_json::Error| DecodeError::Malformed(e.to_string());
        let Version { v } = serde_json::from_slice(line).map_err(malformed)?;
        if !(OLDEST_VERSION..=VERSION).contains(&v) {
            return Err(DecodeError::Version(v));
        }
        let Read { mut request } = serde_json::from_slice(line).map_err(malformed)?;
        if let Request::Event(event) = &mut request {
            event.drop_unknown_facts();
        }
        request.check(line.len())?;
        Ok(request)
    }

    fn check(&self, line_bytes: usize) -> Result<(), DecodeError> {
        if line_bytes > MAX_REQUEST_BYTES {
            return Err(DecodeError::TooLong(line_bytes));
        }
        match self {
            Request::Event(event) => match event.unfit_field() {
                Some(field) => Err(DecodeError::Field(field)),
                None => Ok(()),
            },
            Request::Status => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{Hook, Task};

    fn event() -> Event {
        Event {
            id: "1763816465123456-77".into(),
            hook: Hook::Prolog,
            time_usec: 1_763_816_465_123_456,
            job_id: Some(42),
            restart: Some(0),
            task: None,
            uid: Some(2000),
            user: Some("designer".into()),
            node: Some("w1".into()),
            cluster: Some("edctl".into()),
            comment: Some("edctl/1 run=X stage=sim tp=00-..".into()),
            boot_id: None,
            facts: BTreeMap::from([("partition".into(), "latency".into())]),
        }
    }

    /// Written by the first release, kept to prove that later ones still read it.
    const VERSION_1_LINE: &str = concat!(
        r#"{"v":1,"request":{"event":{"id":"1763816465123456-77","hook":"prolog","#,
        r#""time_usec":1763816465123456,"job_id":42,"restart":0,"uid":2000,"user":"designer","#,
        r#""node":"w1","cluster":"edctl","comment":"edctl/1 run=X stage=sim tp=00-..","#,
        r#""facts":{"partition":"latency"}}}}"#,
        "\n"
    );

    #[test]
    fn version_1_stays_as_it_is() {
        let request = Request::Event(Box::new(event()));
        assert_eq!(String::from_utf8(request.encode().unwrap()).unwrap(), VERSION_1_LINE);
        assert_eq!(Request::decode(VERSION_1_LINE.as_bytes()).unwrap(), request);
    }

    #[test]
    fn reads_fields_that_it_does_not_know() {
        let line = VERSION_1_LINE.replace(r#""job_id":42"#, r#""later":[1],"job_id":42"#);
        assert_eq!(Request::decode(line.as_bytes()), Ok(Request::Event(Box::new(event()))));
    }

    #[test]
    fn takes_the_event_of_a_later_hook_without_the_facts_that_it_does_not_know() {
        let line = VERSION_1_LINE.replace(r#""facts":{"#, r#""facts":{"LD_PRELOAD":"x","#);
        let decoded = Request::decode(line.as_bytes()).unwrap();
        assert_eq!(decoded, Request::Event(Box::new(event())));

        let mut own = event();
        own.facts.insert("LD_PRELOAD".into(), "x".into());
        let written = Request::Event(Box::new(own)).encode();
        assert_eq!(written, Err(DecodeError::Field("facts")), "and no hook of this one writes it");
    }

    #[test]
    fn status_has_no_content() {
        let line = Request::Status.encode().unwrap();
        assert_eq!(line, b"{\"v\":1,\"request\":\"status\"}\n");
        assert_eq!(Request::decode(&line), Ok(Request::Status));
    }

    #[test]
    fn refuses_what_breaks_a_cap() {
        type Spoil = fn(&mut Event);
        let cases: [(Spoil, &str); 8] = [
            (|e| e.id.clear(), "id"),
            (|e| e.id = "x".repeat(300), "id"),
            (|e| e.job_id = None, "job_id"),
            (|e| e.job_id = Some(0), "job_id"),
            (|e| e.user = Some("a\nb".into()), "user"),
            (|e| e.node = Some("n".repeat(257)), "node"),
            (|e| e.comment = Some("c".repeat(1025)), "comment"),
            (|e| drop(e.facts.insert("qos".into(), "x".repeat(257))), "facts"),
        ];
        for (spoil, field) in cases {
            let mut event = event();
            spoil(&mut event);
            let request = Request::Event(Box::new(event));
            assert_eq!(request.encode(), Err(DecodeError::Field(field)));
            let line = serde_json::to_vec(&Written { v: 1, request: &request }).unwrap();
            assert_eq!(Request::decode(&line), Err(DecodeError::Field(field)));
        }
    }

    #[test]
    fn a_health_check_has_no_job() {
        let event = Event { hook: Hook::HealthCheck, job_id: None, ..event() };
        assert!(Request::Event(Box::new(event)).encode().is_ok());
    }

    #[test]
    fn refuses_other_versions_and_garbage() {
        assert_eq!(
            Request::decode(br#"{"v":2,"request":{"teleport":{}}}"#),
            Err(DecodeError::Version(2))
        );
        assert_eq!(
            Request::decode(&vec![b' '; MAX_REQUEST_BYTES + 1]),
            Err(DecodeError::TooLong(MAX_REQUEST_BYTES + 1))
        );
        for garbage in [
            &b""[..],
            b"\n",
            b"\xff\xfe",
            b"GET / HTTP/1.1\r\n",
            br#"{"v":"1","request":"status"}"#,
            br#"{"v":1,"request":"reboot"}"#,
            br#"{"v":1,"request":{"event":{"id":"x","hook":"prolog","time_usec":-1}}}"#,
            br#"{"v":1,"request":"status"} {"v":1}"#,
        ] {
            assert!(
                matches!(Request::decode(garbage), Err(DecodeError::Malformed(_))),
                "{}",
                garbage.escape_ascii()
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let line = format!("{{\"v\":1,\"request\":{}", "[".repeat(10_000));
        assert!(matches!(Request::decode(line.as_bytes()), Err(DecodeError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..512)) {
            drop(Request::decode(&line));
        }

        #[test]
        fn what_is_encoded_is_read_back(
            job in 1u32.., step in any::<u32>(), proc_id in any::<u32>(), user in "[^\\pC]{0,60}",
        ) {
            let event = Event {
                hook: Hook::TaskProlog,
                job_id: Some(job),
                task: Some(Task { step, proc_id }),
                user: Some(user),
                ..event()
            };
            let request = Request::Event(Box::new(event));
            prop_assert_eq!(Request::decode(&request.encode().unwrap()), Ok(request));
        }
    }
}
