//! Reservations, and the states of their nodes.

use std::collections::{BTreeMap, HashMap};

use edctl_exposition::{Page, Value};
use edctl_slurm::{NodeCondition, node_names};

use super::nodes::sum;
use crate::counts::{NodeCounts, Reservation};
use crate::page::table::{Column, Labelled, add_columns, add_family, labelled};

/// Adds all families of reservations; those of their nodes' states where nodes are known.
pub(super) fn render(reservations: &[Reservation], nodes: Option<&NodeCounts>, page: &mut Page) {
    let info: Vec<Labelled<'_, Reservation, 6>> =
        reservations.iter().map(|reservation| (info_labels(reservation), reservation)).collect();
    let help = "1, with what is known of the reservation.";
    add_family(page, "slurm_reservation_info", help, &info, |_| Some(1u64.into()));
    let named = reservations.iter().map(|reservation| (&reservation.name, reservation));
    add_columns(page, RESERVATION, &labelled("reservation_name", named));
    if let Some(nodes) = nodes {
        add_nodes(reservations, nodes, page);
    }
}

fn info_labels(reservation: &Reservation) -> [(&'static str, &str); 6] {
    [
        ("reservation_name", &reservation.name),
        ("state", state_word(reservation.is_active)),
        ("users", &reservation.users),
        ("nodes", &reservation.node_list),
        ("partition", &reservation.partition),
        ("flags", &reservation.flags),
    ]
}

/// Slurm's word, and one for a state that is not known.
fn state_word(is_active: Option<bool>) -> &'static str {
    match is_active {
        Some(true) => "ACTIVE",
        Some(false) => "INACTIVE",
        None => "UNKNOWN",
    }
}

const RESERVATION: &[Column<Reservation>] = &[
    ("slurm_reservation_start_time_seconds", "Unix time of its begin.", |reservation| {
        reservation.start.map(Value::from)
    }),
    ("slurm_reservation_end_time_seconds", "Unix time of its end.", |reservation| {
        reservation.end.map(Value::from)
    }),
    ("slurm_reservation_node_count", "Its nodes.", |reservation| {
        reservation.nodes.map(Value::from)
    }),
    ("slurm_reservation_core_count", "Its cores.", |reservation| {
        reservation.cores.map(Value::from)
    }),
];

/// Adds the states of reservations' nodes; nothing of a reservation whose nodes' names cannot be read.
fn add_nodes(reservations: &[Reservation], nodes: &NodeCounts, page: &mut Page) {
    let mut conditions = HashMap::new();
    if reservations.iter().any(|reservation| !reservation.node_list.is_empty()) {
        let known = nodes.nodes.iter().map(|node| (node.name.as_str(), node.state.condition()));
        conditions.extend(known);
    }
    let states: Vec<(&str, BTreeMap<NodeCondition, u64>)> = reservations
        .iter()
        .filter_map(|reservation| {
            let mut states = BTreeMap::new();
            for node in node_names(&reservation.node_list)? {
                let condition = conditions.get(node.as_str()).copied();
                *states.entry(condition.unwrap_or(NodeCondition::Other)).or_default() += 1;
            }
            Some((reservation.name.as_str(), states))
        })
        .collect();
    let things = labelled("reservation", states.iter().map(|(name, states)| (name, states)));
    for (name, help, is_wanted) in NODE_STATES {
        add_family(page, *name, *help, &things, |states| Some(sum(states, is_wanted)));
    }
}

type State = (&'static str, &'static str, fn(NodeCondition) -> bool);

const NODE_STATES: &[State] = &[
    ("slurm_reservation_nodes_alloc", "Its nodes whose CPUs all belong to jobs.", |one| {
        one == NodeCondition::Allocated
    }),
    ("slurm_reservation_nodes_mix", "Its nodes some of whose CPUs belong to jobs.", |one| {
        one == NodeCondition::Mixed
    }),
    ("slurm_reservation_nodes_idle", "Its nodes without jobs.", is_free),
    ("slurm_reservation_nodes_down", "Its nodes that are down.", |one| one == NodeCondition::Down),
    ("slurm_reservation_nodes_drain", "Its nodes that drain or are drained.", is_drain),
    ("slurm_reservation_nodes_planned", "Its nodes that backfill keeps free.", |one| {
        one == NodeCondition::Planned
    }),
    ("slurm_reservation_nodes_other", "Its nodes in another state.", |one| {
        !matches!(
            one,
            NodeCondition::Allocated
                | NodeCondition::Mixed
                | NodeCondition::Down
                | NodeCondition::Planned
        ) && !is_free(one)
            && !is_drain(one)
    }),
    ("slurm_reservation_nodes_healthy", "Its nodes that jobs may have.", |one| {
        one.takes_jobs() || one == NodeCondition::Maintenance
    }),
];

/// Within a reservation, a node that is reserved is as free as an idle one is elsewhere.
fn is_free(condition: NodeCondition) -> bool {
    matches!(condition, NodeCondition::Idle | NodeCondition::Reserved)
}

fn is_drain(condition: NodeCondition) -> bool {
    matches!(condition, NodeCondition::Draining | NodeCondition::Drained)
}
