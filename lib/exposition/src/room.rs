//! A bounded number of connections: who has a place, and who gives way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::guests::{Client, Guest};

/// Places for guests. A client may take as many as it leaves free for others: with nobody else there
/// half of them, and always one that a newcomer may have. One that wants more gives up the connection of its own that
/// has waited longest.
#[derive(Clone)]
pub(crate) struct Room {
    capacity: usize,
    guests: Arc<Mutex<Vec<Arc<Guest>>>>,
}

/// A guest's place; dropping it frees it.
pub(crate) struct Seat {
    room: Room,
    guest: Arc<Guest>,
}

impl Room {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, guests: Arc::default() }
    }

    /// A place, if there is one or a guest that waits can be sent away for it.
    pub(crate) fn enter(&self, guest: &Arc<Guest>) -> Option<Seat> {
        let mut guests = self.lock();
        let own = guests.iter().filter(|other| other.client() == guest.client()).count();
        if own >= self.capacity - guests.len() {
            let from = (own > 0).then_some(guest.client());
            let leaves = longest_waiting(&guests, from)?;
            guests.swap_remove(leaves).send_away();
        }
        guests.push(Arc::clone(guest));
        Some(Seat { room: self.clone(), guest: Arc::clone(guest) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Guest>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.lock().retain(|guest| !Arc::ptr_eq(guest, &self.guest));
    }
}

/// Where the guest is that has waited longest, of one client's or of all.
fn longest_waiting(guests: &[Arc<Guest>], of: Option<Client>) -> Option<usize> {
    guests
        .iter()
        .enumerate()
        .filter(|(_, guest)| of.is_none_or(|client| guest.client() == client))
        .filter_map(|(at, guest)| Some((guest.waits_since()?, at)))
        .min()
        .map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::guests::Phase;

    const CAPACITY: usize = 12;

    fn guest(host: u8) -> Arc<Guest> {
        Guest::new([192, 0, 2, host].into())
    }

    fn busy(host: u8) -> Arc<Guest> {
        let guest = guest(host);
        guest.begins(Phase::Answering);
        guest
    }

    /// As many places as a client of busy connections gets.
    fn take_all(room: &Room, host: u8) -> Vec<Seat> {
        std::iter::from_fn(|| room.enter(&busy(host))).collect()
    }

    fn is_sent_away(guest: &Guest) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::time::timeout(Duration::ZERO, guest.sent_away()).await.is_ok()
        })
    }

    #[test]
    fn one_client_has_half_and_each_next_one_a_share_of_the_rest() {
        let room = Room::new(CAPACITY);
        let places: Vec<Vec<Seat>> = (1..=4).map(|host| take_all(&room, host)).collect();
        assert_eq!(places.iter().map(Vec::len).collect::<Vec<_>>(), [6, 3, 2, 1]);
        assert!(room.enter(&busy(5)).is_none());
        drop(places);
        assert_eq!(take_all(&room, 5).len(), CAPACITY / 2);
    }

    #[test]
    fn the_clients_own_guest_that_waits_longest_gives_way() {
        let room = Room::new(CAPACITY);
        let stranger = guest(1);
        let _stranger = room.enter(&stranger);
        let own: Vec<_> = (0..5).map(|_| guest(2)).collect();
        let mut places: Vec<_> = own.iter().map(|guest| room.enter(guest).unwrap()).collect();
        own[0].begins(Phase::Answering);
        places.extend((0..5).map(|_| room.enter(&busy(2)).unwrap()));
        assert_eq!(
            own.iter().map(|guest| is_sent_away(guest)).collect::<Vec<_>>(),
            [false, true, true, true, true]
        );
        assert!(!is_sent_away(&stranger));
        assert!(room.enter(&guest(2)).is_none(), "all of its own are being answered");
    }

    #[test]
    fn anybodys_guest_gives_way_to_a_client_that_has_none() {
        let room = Room::new(2);
        let (one, other) = (guest(1), guest(2));
        let _places = [room.enter(&one).unwrap(), room.enter(&other).unwrap()];
        let newcomer = room.enter(&guest(3));
        assert!(newcomer.is_some() && is_sent_away(&one) && !is_sent_away(&other));
    }
}
