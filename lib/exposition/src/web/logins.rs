//! bcrypt's place: a thread beside the server's, one password at a time, a short queue before it.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::basic::Credentials;
use super::users::Users;

/// Logins that may wait for their turn. One address has fewer connections than that
/// (`guests.rs`), so that it cannot fill the queue alone.
const MAX_WAITING: usize = 32;

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// User and password are right.
    Granted,
    /// They are not.
    Refused,
    /// Too many others wait.
    Busy,
}

/// The queue before bcrypt; it outlives the file's users.
pub(crate) struct Logins {
    places: Semaphore,
    turn: Arc<Semaphore>,
}

impl Logins {
    pub(crate) fn new() -> Self {
        Self { places: Semaphore::new(MAX_WAITING), turn: Arc::new(Semaphore::new(1)) }
    }

    /// Checks a login, at once where it was right before.
    pub(crate) async fn check(&self, users: &Arc<Users>, login: Credentials) -> Login {
        if users.know(&login) {
            return Login::Granted;
        }
        let Ok(_place) = self.places.try_acquire() else { return Login::Busy };
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return Login::Busy };
        if users.know(&login) {
            return Login::Granted;
        }
        let users = Arc::clone(users);
        let checked = tokio::task::spawn_blocking(move || {
            let right = users.check(&login);
            // Not before: the client may have gone, and bcrypt still runs.
            drop(turn);
            right
        });
        match checked.await {
            Ok(true) => Login::Granted,
            Ok(false) | Err(_) => Login::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Arc<Users> {
        let hash = bcrypt::hash("s3cret", 4).unwrap().parse().unwrap();
        Arc::new(Users::new([("alice".to_owned(), hash)]).unwrap())
    }

    fn login(password: &str) -> Credentials {
        Credentials { user: b"alice".to_vec(), password: password.into() }
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    #[test]
    fn right_and_wrong() {
        let (logins, users) = (Logins::new(), alice());
        run(async {
            assert_eq!(logins.check(&users, login("s3cret")).await, Login::Granted);
            assert_eq!(logins.check(&users, login("wrong")).await, Login::Refused);
        });
    }

    #[test]
    fn who_is_known_needs_no_place_and_others_are_turned_away() {
        let (logins, users) = (Logins::new(), alice());
        run(async {
            assert_eq!(logins.check(&users, login("s3cret")).await, Login::Granted);
            let _all = logins.places.acquire_many(MAX_WAITING as u32).await.unwrap();
            assert_eq!(logins.check(&users, login("wrong")).await, Login::Busy);
            assert_eq!(logins.check(&users, login("s3cret")).await, Login::Granted);
        });
    }

    #[test]
    fn one_at_a_time_and_a_client_that_goes_frees_its_place() {
        let (logins, users) = (Logins::new(), alice());
        run(async {
            let turn = Arc::clone(&logins.turn).acquire_owned().await.unwrap();
            let mut waiting = Box::pin(logins.check(&users, login("s3cret")));
            let waits = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())
            });
            assert!(waits.await);
            assert_eq!(logins.places.available_permits(), MAX_WAITING - 1);
            drop(waiting);
            assert_eq!(logins.places.available_permits(), MAX_WAITING);
            drop(turn);
            assert_eq!(logins.check(&users, login("s3cret")).await, Login::Granted);
        });
    }
}
