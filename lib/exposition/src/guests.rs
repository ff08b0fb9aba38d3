//! Who is connected: so many connections for one address and no more.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections of one address at a time; further ones are closed, so that one client that opens many
/// or does not read its pages can neither shut out the others nor fill the memory.
const MAX_CONNECTIONS_OF_ONE: usize = 16;

/// How many connections each address has now.
#[derive(Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place; dropping it frees it.
pub(crate) struct Guest {
    guests: Guests,
    address: IpAddr,
}

impl Guests {
    /// A place for one more connection of this address, if it may have one.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Guest> {
        let mut guests = self.lock();
        let own = guests.entry(address).or_default();
        if *own >= MAX_CONNECTIONS_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Guest { guests: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut guests = self.guests.lock();
        if let Some(own) = guests.get_mut(&self.address) {
            *own -= 1;
        }
        guests.retain(|_, own| *own > 0);
    }
}
