//! bcrypt's place: threads beside the server's, and the lines before them.

use std::sync::Arc;

use super::basic::Credentials;
use super::line::{Line, Who};
use super::users::Users;
use crate::guests::Client;

/// The outcome of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// User and password are right.
    Granted,
    /// They are not.
    Refused,
    /// Too many others wait.
    Busy,
}

/// The lines before bcrypt; they outlive the file's users. Slow hashes have one of their own, so that they
/// hold up one another alone. Each has one thread.
#[derive(Default)]
pub(crate) struct Logins {
    quick: Line,
    slow: Line,
}

impl Logins {
    /// Checks a login, at once where it was right before.
    pub(crate) async fn check(
        &self,
        users: &Arc<Users>,
        login: Credentials,
        client: Client,
    ) -> Login {
        if users.know(&login) {
            return Login::Granted;
        }
        let hash = users.hash(&login.user);
        let line = if hash.is_some_and(|hash| hash.is_slow()) { &self.slow } else { &self.quick };
        let who = Who { user: hash.is_some().then(|| login.user.clone()), client };
        let Some(turn) = line.turn(who).await else { return Login::Busy };
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
        // Nobody's password; checking one would take minutes.
        let slow = "$2y$18$W1c9T8bq5Z0uX3kM7rJ2eOe4hP6yN5vB1sD8gF0aL9iK3mC7xQ2tS";
        let users = [("alice", hash), ("slow", slow.parse().unwrap())];
        Arc::new(Users::new(users.map(|(user, hash)| (user.to_owned(), hash))).unwrap())
    }

    fn login(user: &str, password: &str) -> Credentials {
        Credentials { user: user.into(), password: password.into() }
    }

    fn client() -> Client {
        Client::of([192, 0, 2, 1].into())
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    /// Whether it is still not done when it was asked once.
    async fn waits(future: &mut (impl Future + Unpin)) -> bool {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())
        })
        .await
    }

    #[test]
    fn right_and_wrong() {
        let (logins, users) = (Logins::default(), alice());
        run(async {
            for (password, expected) in [("s3cret", Login::Granted), ("wrong", Login::Refused)] {
                let login = login("alice", password);
                assert_eq!(logins.check(&users, login, client()).await, expected);
            }
        });
    }

    #[test]
    fn who_was_right_before_needs_no_turn_and_others_are_turned_away() {
        let (logins, users) = (Logins::default(), alice());
        run(async {
            let right = || logins.check(&users, login("alice", "s3cret"), client());
            assert_eq!(right().await, Login::Granted);
            let who = Who { user: Some(b"alice".to_vec()), client: client() };
            let turn = logins.quick.turn(who).await;
            let mut wrong: Vec<_> = (0..40)
                .map(|_| Box::pin(logins.check(&users, login("alice", "wrong"), client())))
                .collect();
            let mut waiting = 0;
            for login in &mut wrong {
                waiting += usize::from(waits(login).await);
            }
            assert!((1..40).contains(&waiting), "{waiting}");
            assert_eq!(right().await, Login::Granted);
            drop((wrong, turn));
        });
    }

    #[test]
    fn a_user_with_a_slow_hash_waits_where_no_other_does() {
        let (logins, users) = (Logins::default(), alice());
        run(async {
            let turn = logins.slow.turn(Who { user: None, client: client() }).await;
            let mut slow = Box::pin(logins.check(&users, login("slow", "x"), client()));
            assert!(waits(&mut slow).await);
            let quick = logins.check(&users, login("alice", "s3cret"), client()).await;
            assert_eq!(quick, Login::Granted);
            assert!(waits(&mut slow).await);
            drop((slow, turn));
        });
    }
}
