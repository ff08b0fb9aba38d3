//! Names of users, by the system's own lookup.

use std::cell::RefCell;
use std::collections::HashMap;

use nix::unistd::{Uid, User};

/// More users than a node has at a time; beyond it the names are looked up afresh.
const REMEMBERED: usize = 4096;

/// The names that were looked up. A lookup may ask a directory service and take its time, so each
/// user is asked for once; a name that changes is seen after a reload.
#[derive(Debug, Default)]
pub(super) struct Users {
    names: RefCell<HashMap<u32, String>>,
}

impl Users {
    /// The user's name, or the number where no name is known.
    pub(super) fn name(&self, uid: u32) -> String {
        if let Some(name) = self.names.borrow().get(&uid) {
            return name.clone();
        }
        let name = match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => user.name,
            Ok(None) => uid.to_string(),
            // The lookup itself failed: it may succeed the next time.
            Err(_) => return uid.to_string(),
        };
        let mut names = self.names.borrow_mut();
        if names.len() >= REMEMBERED {
            names.clear();
        }
        names.insert(uid, name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_a_number() {
        let users = Users::default();
        for _ in 0..2 {
            assert_eq!(users.name(0), "root");
            assert_eq!(users.name(4_000_000_123), "4000000123");
        }
        assert_eq!(users.names.borrow().len(), 2);
    }
}
