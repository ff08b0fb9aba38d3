//! Users that have logged in before, so that bcrypt is not asked again.

use std::collections::HashSet;

use ring::hmac;
use ring::rand::SystemRandom;

/// More than one is only needed where several passwords fit one hash, which takes 73 bytes.
const MAX_KNOWN: usize = 100;

/// Users and passwords that were right, hashed under a key that is this set's own. Only right ones
/// are kept: nobody without a password can fill it or push another out.
pub(super) struct Known {
    key: hmac::Key,
    logins: HashSet<Vec<u8>>,
}

impl Known {
    /// Nobody is known; `None` where the system gives no random bytes.
    pub(super) fn new() -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        Some(Self { key, logins: HashSet::new() })
    }

    pub(super) fn has(&self, user: &[u8], password: &[u8]) -> bool {
        self.logins.contains(&self.fingerprint(user, password))
    }

    pub(super) fn add(&mut self, user: &[u8], password: &[u8]) {
        if self.logins.len() >= MAX_KNOWN {
            self.logins.clear();
        }
        self.logins.insert(self.fingerprint(user, password));
    }

    /// Each field comes with its length: without, one user's login could be made to look like
    /// another's (CVE-2022-46146).
    fn fingerprint(&self, user: &[u8], password: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        for field in [user, password] {
            context.update(&(field.len() as u64).to_be_bytes());
            context.update(field);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_login_is_known() {
        let mut known = Known::new().unwrap();
        known.add(b"alice", b"s3cret");
        assert!(known.has(b"alice", b"s3cret"));
        for (user, password) in [
            (&b"alice"[..], &b""[..]),
            (b"alice", b"s3cre"),
            (b"alices3cret", b""),
            (b"alices", b"3cret"),
            (b"", b"alices3cret"),
            (b"s3cret", b"alice"),
        ] {
            assert!(!known.has(user, password), "{user:?} {password:?}");
        }
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut known = Known::new().unwrap();
        for n in 0..=MAX_KNOWN {
            known.add(b"alice", &n.to_be_bytes());
        }
        assert!(known.logins.len() <= MAX_KNOWN);
        assert!(known.has(b"alice", &MAX_KNOWN.to_be_bytes()));
    }

    #[test]
    fn each_set_has_a_key_of_its_own() {
        let (one, other) = (Known::new().unwrap(), Known::new().unwrap());
        assert_ne!(one.fingerprint(b"a", b"b"), other.fingerprint(b"a", b"b"));
    }
}
