//! What scontrol says of reservations.

use edctl_slurm::ReservationRow;

/// Nodes or parts of them that are kept for somebody for some time.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) name: String,
    /// Empty where it is in no partition.
    pub(crate) partition: String,
    pub(crate) flags: String,
    /// In seconds since the epoch, as the end.
    pub(crate) start: Option<u32>,
    pub(crate) end: Option<u32>,
    /// Nothing where it cannot be read, as the cores and whether it holds.
    pub(crate) nodes: Option<u64>,
    /// Its nodes' names as Slurm shortens them; empty where it has none.
    pub(crate) node_list: String,
    /// Whom it is for, separated by commas; empty where it is for accounts or groups.
    pub(crate) users: String,
    pub(crate) cores: Option<u64>,
    pub(crate) is_active: Option<bool>,
}

impl From<ReservationRow<'_>> for Reservation {
    fn from(row: ReservationRow<'_>) -> Self {
        Self {
            name: row.reservation.to_owned(),
            partition: row.partition.unwrap_or_default().to_owned(),
            flags: row.flags.to_owned(),
            start: row.start.ok().flatten(),
            end: row.end.ok().flatten(),
            nodes: row.nodes.ok(),
            node_list: row.node_list.to_owned(),
            users: row.users.to_owned(),
            cores: row.cores.ok(),
            is_active: row.is_active.ok().flatten(),
        }
    }
}
