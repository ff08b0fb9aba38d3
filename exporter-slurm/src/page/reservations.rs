//! What scontrol says of reservations.

use edctl_exposition::{Family, Page};

use super::push_some;
use crate::counts::Reservation;

/// Adds all families of reservations.
pub(super) fn render(reservations: &[Reservation], page: &mut Page) {
    let mut info = Family::gauge(
        "edctl_slurm_reservation_info",
        "1, with partition (if in one) and flags, for each reservation.",
    );
    let mut active = Family::gauge(
        "edctl_slurm_reservation_active",
        "1 while the reservation holds, 0 before that and after.",
    );
    let mut start = Family::gauge(
        "edctl_slurm_reservation_start_timestamp_seconds",
        "Unix time at which the reservation begins.",
    );
    let mut end = Family::gauge(
        "edctl_slurm_reservation_end_timestamp_seconds",
        "Unix time at which the reservation ends.",
    );
    let mut nodes = Family::gauge("edctl_slurm_reservation_nodes", "Nodes of the reservation.");
    let mut cores = Family::gauge("edctl_slurm_reservation_cores", "Cores of the reservation.");
    for reservation in reservations {
        let name = ("reservation", reservation.name.as_str());
        let place = ("partition", reservation.partition.as_str());
        info.push(&[name, place, ("flags", &reservation.flags)], 1u64);
        active.push(&[name], reservation.is_active);
        push_some(&mut start, &[name], reservation.start);
        push_some(&mut end, &[name], reservation.end);
        nodes.push(&[name], reservation.nodes);
        cores.push(&[name], reservation.cores);
    }
    for family in [info, active, start, end, nodes, cores] {
        page.add(family);
    }
}
