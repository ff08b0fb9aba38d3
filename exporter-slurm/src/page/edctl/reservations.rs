//! What scontrol says of reservations.

use edctl_exposition::{Page, Value};

use crate::counts::Reservation;
use crate::page::table::{Column, Labelled, add_columns, add_family, labelled};

/// Adds all families of reservations.
pub(super) fn render(reservations: &[Reservation], page: &mut Page) {
    let info: Vec<Labelled<'_, Reservation, 3>> = reservations
        .iter()
        .map(|reservation| {
            let name = ("reservation", reservation.name.as_str());
            let place = ("partition", reservation.partition.as_str());
            ([name, place, ("flags", &reservation.flags)], reservation)
        })
        .collect();
    let help = "1, with partition (if in one) and flags, for each reservation.";
    add_family(page, "edctl_slurm_reservation_info", help, &info, |_| Some(1u64.into()));
    let named = reservations.iter().map(|reservation| (&reservation.name, reservation));
    add_columns(page, RESERVATION, &labelled("reservation", named));
}

const RESERVATION: &[Column<Reservation>] = &[
    (
        "edctl_slurm_reservation_active",
        "1 while the reservation holds, 0 before that and after.",
        |reservation| reservation.is_active.map(Value::from),
    ),
    (
        "edctl_slurm_reservation_start_timestamp_seconds",
        "Unix time at which the reservation begins.",
        |reservation| reservation.start.map(Value::from),
    ),
    (
        "edctl_slurm_reservation_end_timestamp_seconds",
        "Unix time at which the reservation ends.",
        |reservation| reservation.end.map(Value::from),
    ),
    ("edctl_slurm_reservation_nodes", "Nodes of the reservation.", |reservation| {
        reservation.nodes.map(Value::from)
    }),
    ("edctl_slurm_reservation_cores", "Cores of the reservation.", |reservation| {
        reservation.cores.map(Value::from)
    }),
];
