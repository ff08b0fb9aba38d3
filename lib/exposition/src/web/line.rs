//! The queue before bcrypt: which login is next, and which is turned away when too many wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::guests::Client;

/// Logins that may wait in one line. With both lines full, one client's connections
/// (`visit.rs`) are not all taken.
const MAX_WAITING: usize = 16;

/// A login that waits: `user` is there where the file has the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) user: Option<Vec<u8>>,
    pub(super) client: Client,
}

/// One turn at a time. Users that the file has come first; among them whoever has fewer logins before
/// his: neither another client nor another name that somebody tries passwords for holds him up for
/// more than one turn each.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    served: Option<Who>,
    waiting: BTreeMap<Order, Waiting>,
    arrivals: u64,
}

/// Where in line; less is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    is_unknown: bool,
    /// How many of the same client for the same user came before.
    of_the_same: usize,
    /// How many of all clients for the same user came before.
    of_the_user: usize,
    arrival: u64,
}

struct Waiting {
    who: Who,
    turn: oneshot::Sender<Turn>,
}

/// The right to use bcrypt; dropping it passes it on.
pub(super) struct Turn(Line);

impl Line {
    /// Waits for a turn; `None` where too many come before.
    pub(super) async fn turn(&self, who: Who) -> Option<Turn> {
        let turn = match self.join(who) {
            Ok(turn) => return Some(turn),
            Err(turn) => turn,
        };
        turn.await.ok()
    }

    /// The turn itself where no login has it, else the receiver on which it will come.
    fn join(&self, who: Who) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut state = self.lock();
        if state.served.is_none() {
            state.served = Some(who);
            return Ok(Turn(self.clone()));
        }
        state.waiting.retain(|_, waiting| !waiting.turn.is_closed());
        let (sender, turn) = oneshot::channel();
        let order = state.order(&who);
        state.waiting.insert(order, Waiting { who, turn: sender });
        if state.waiting.len() > MAX_WAITING {
            state.waiting.pop_last();
        }
        Err(turn)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn order(&mut self, who: &Who) -> Order {
        self.arrivals += 1;
        let before = || self.served.iter().chain(self.waiting.values().map(|waiting| &waiting.who));
        Order {
            is_unknown: who.user.is_none(),
            of_the_same: before().filter(|other| *other == who).count(),
            of_the_user: before().filter(|other| other.user == who.user).count(),
            arrival: self.arrivals,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        let next = state.waiting.pop_first().map(|(_, next)| next);
        state.served = next.as_ref().map(|next| next.who.clone());
        drop(state);
        if let Some(next) = next {
            // Who has gone meanwhile drops the turn at once, which passes it on.
            let _gone = next.turn.send(Turn(self.0.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(user: Option<&str>, host: u8) -> Who {
        Who { user: user.map(Into::into), client: Client::of([192, 0, 2, host].into()) }
    }

    /// The order of the logins that come while another has the turn; further ones are turned away.
    fn order(served: Who, arrivals: &[Who]) -> Vec<usize> {
        let line = Line::default();
        let mut turn = Some(line.join(served).unwrap_or_else(|_| panic!("nobody was there")));
        let mut waiting: Vec<_> =
            arrivals.iter().map(|who| line.join(who.clone()).err().unwrap()).collect();
        let mut order = Vec::new();
        while turn.take().is_some() {
            for (n, waits) in waiting.iter_mut().enumerate() {
                if let Ok(mine) = waits.try_recv() {
                    order.push(n);
                    turn = Some(mine);
                    break;
                }
            }
        }
        order
    }

    #[test]
    fn known_users_come_first_and_push_unknown_ones_out() {
        let mut arrivals: Vec<Who> = (0..40).map(|host| who(None, host)).collect();
        arrivals.push(who(Some("alice"), 99));
        let order = order(who(None, 0), &arrivals);
        assert_eq!(order[0], 40);
        assert_eq!(order.len(), MAX_WAITING);
    }

    #[test]
    fn passwords_tried_for_one_user_hold_up_no_other_client_and_no_other_user() {
        let mut arrivals = vec![who(Some("alice"), 1); 40];
        arrivals.extend([who(Some("alice"), 2), who(Some("carol"), 1)]);
        let order = order(who(Some("alice"), 1), &arrivals);
        assert_eq!(order[..2], [41, 40], "{order:?}");
        assert_eq!(order.len(), MAX_WAITING);
    }

    #[test]
    fn passwords_tried_from_many_addresses_hold_up_no_other_user() {
        let mut arrivals: Vec<Who> = (0..40).map(|host| who(Some("alice"), host)).collect();
        arrivals.push(who(Some("carol"), 99));
        assert_eq!(order(who(Some("alice"), 100), &arrivals)[0], 40);
    }

    #[test]
    fn who_has_gone_is_passed_over() {
        let line = Line::default();
        let turn = line.join(who(None, 0)).unwrap_or_else(|_| panic!("nobody was there"));
        let [gone, mut waits] = [1, 2].map(|host| line.join(who(None, host)).err().unwrap());
        drop(gone);
        drop(turn);
        let turn = waits.try_recv().unwrap();
        assert!(line.join(who(None, 3)).is_err());
        drop(turn);
        assert!(line.join(who(None, 3)).is_ok());
    }
}
