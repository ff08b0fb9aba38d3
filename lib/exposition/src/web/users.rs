//! The users that may log in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::basic::Credentials;
use super::known::Known;
use super::password::Hash;

/// The file's users. When the file is read anew, the users that logged in before are forgotten too.
pub(crate) struct Users {
    hashes: HashMap<Vec<u8>, Hash>,
    nobody: Hash,
    known: Mutex<Known>,
}

impl Users {
    /// `None` where the system gives no random bytes.
    pub(super) fn new(hashes: impl IntoIterator<Item = (String, Hash)>) -> Option<Self> {
        let hashes: HashMap<Vec<u8>, Hash> =
            hashes.into_iter().map(|(user, hash)| (user.into_bytes(), hash)).collect();
        let nobody = Hash::of_nobody(hashes.values());
        Some(Self { hashes, nobody, known: Mutex::new(Known::new()?) })
    }

    /// Whether this login was right before.
    pub(super) fn know(&self, login: &Credentials) -> bool {
        self.known().has(&login.user, &login.password)
    }

    /// The user's hash, where the file has such a user.
    pub(super) fn hash(&self, user: &[u8]) -> Option<&Hash> {
        self.hashes.get(user)
    }

    /// Whether the password is right; blocks for as long as bcrypt takes, whether the user exists
    /// or not.
    pub(super) fn check(&self, login: &Credentials) -> bool {
        let hash = self.hash(&login.user);
        let fits = hash.unwrap_or(&self.nobody).is_of(&login.password);
        let right = fits && hash.is_some();
        if right {
            self.known().add(&login.user, &login.password);
        }
        right
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_login_is_known_from_then_on_and_a_wrong_one_never() {
        let hash = bcrypt::hash("s3cret", 4).unwrap().parse().unwrap();
        let users = Users::new([("alice".to_owned(), hash)]).unwrap();
        for (user, password, right) in [
            ("alice", "wrong", false),
            ("alice", "s3cret", true),
            ("bob", "s3cret", false),
            ("", "", false),
        ] {
            let login = Credentials { user: user.into(), password: password.into() };
            assert!(!users.know(&login), "{user}");
            assert_eq!(users.check(&login), right, "{user} {password}");
            assert_eq!(users.know(&login), right, "{user} {password}");
        }
    }
}
