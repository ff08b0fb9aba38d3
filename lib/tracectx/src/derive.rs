//! The rule by which everybody finds the same span id.

use sha2::{Digest, Sha256};

use crate::{SpanId, TraceId};

impl SpanId {
    /// The span of `phase` in one start of a job: the first 8 bytes of SHA-256 over
    /// `<trace id in hex>|<job id>|<restart>|<phase>`.
    ///
    /// A run's root span has no job yet; it is `derive(trace, 0, 0, "run")`.
    #[must_use]
    pub fn derive(trace: &TraceId, job_id: u32, restart: u32, phase: &str) -> Self {
        let digest = Sha256::digest(format!("{trace}|{job_id}|{restart}|{phase}"));
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        // All-zero is no span id; a digest that begins so (one in 2^64) takes the next value.
        Self::from_bytes(bytes).unwrap_or(Self::ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> TraceId {
        TraceId::from_bytes(*b"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36")
            .unwrap()
    }

    /// Computed apart from this code:
    /// `printf '4bf92f3577b34da6a3ce929d0e0e4736|42|0|execute' | sha256sum | cut -c1-16`.
    #[test]
    fn follows_the_written_rule() {
        assert_eq!(SpanId::derive(&trace(), 42, 0, "execute").to_string(), "d17601bc4f05b6ac");
        assert_eq!(SpanId::derive(&trace(), 0, 0, "run").to_string(), "0e32d5e518bb4952");
    }

    #[test]
    fn each_input_changes_the_id() {
        let base = SpanId::derive(&trace(), 42, 0, "execute");
        let other = TraceId::from_bytes([7; 16]).unwrap();
        for changed in [
            SpanId::derive(&other, 42, 0, "execute"),
            SpanId::derive(&trace(), 43, 0, "execute"),
            SpanId::derive(&trace(), 42, 1, "execute"),
            SpanId::derive(&trace(), 42, 0, "queue"),
        ] {
            assert_ne!(base, changed);
        }
    }
}
