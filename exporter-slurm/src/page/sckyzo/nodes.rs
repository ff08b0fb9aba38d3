//! Nodes by partition and features, and one by one.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page, Value};
use edctl_slurm::NodeCondition;

use crate::counts::{FeatureSet, GresCount, Node, NodeCounts, NodeSums};
use crate::page::table::count;
use crate::page::table::{Column, Labelled, add_columns, add_family, labelled};
use crate::page::vpenso::{NODE, NODE_STATES};

/// Adds what vpenso's exporter has not, or has under other labels.
pub(super) fn render(nodes: &NodeCounts, page: &mut Page) {
    add_columns(page, CLUSTER, &[([], &nodes.all)]);
    add_columns(page, PARTITION, &labelled("partition", &nodes.partitions));
    add_states(nodes, page);
    add_each_node(nodes, page);
    add_each_gres(nodes, page);
    add_reasons(nodes, page);
}

const CLUSTER: &[Column<NodeSums>] = &[
    ("slurm_nodes_total", "All nodes.", |all| Some(all.nodes.into())),
    ("slurm_gpus_other", "GPUs that are not to be had.", |all| {
        all.gpus.other.known().map(Value::from)
    }),
];

const PARTITION: &[Column<NodeSums>] = &[
    ("slurm_partition_gpus_idle", "GPUs of its nodes that are free.", |sums| {
        sums.gpus.idle.known().map(Value::from)
    }),
    ("slurm_partition_gpus_allocated", "GPUs of its nodes that jobs have.", |sums| {
        sums.gpus.allocated.known().map(Value::from)
    }),
];

fn add_states(nodes: &NodeCounts, page: &mut Page) {
    let things: Vec<Labelled<'_, FeatureSet, 2>> = nodes
        .feature_sets
        .iter()
        .map(|((partition, features), set)| {
            ([("partition", partition.as_str()), ("active_feature_set", features)], set)
        })
        .collect();
    let planned: (&str, &[NodeCondition]) = ("planned", &[NodeCondition::Planned]);
    for (word, conditions) in NODE_STATES.iter().chain([&planned]) {
        let name = format!("slurm_nodes_{word}");
        add_family(page, name, "Nodes in this state.", &things, |set| {
            Some(sum(&set.by_condition, |one| conditions.contains(&one)))
        });
    }
    add_family(page, "slurm_nodes_other", "Nodes in another state.", &things, |set| {
        Some(sum(&set.by_condition, is_other))
    });
    let help = "Nodes that registered with less than slurm.conf says.";
    add_family(page, "slurm_nodes_inval", help, &things, |set| Some(set.invalid.into()));
}

/// Nodes in all conditions that `is_wanted` names.
pub(super) fn sum(
    by_condition: &BTreeMap<NodeCondition, u64>,
    is_wanted: impl Fn(NodeCondition) -> bool,
) -> Value {
    let wanted = NodeCondition::ALL.iter().filter(|one| is_wanted(**one));
    wanted.map(|one| count(by_condition, one)).sum::<u64>().into()
}

/// Whether no other word of the original's stands for it.
fn is_other(condition: NodeCondition) -> bool {
    condition != NodeCondition::Planned
        && !NODE_STATES.iter().any(|(_, conditions)| conditions.contains(&condition))
}

fn add_each_node(nodes: &NodeCounts, page: &mut Page) {
    let things: Vec<Labelled<'_, Node, 3>> = places(nodes).collect();
    add_columns(page, NODE, &things);
    let help = "1, with the node's state.";
    add_family(page, "slurm_node_status", help, &things, |_| Some(1u64.into()));
}

fn add_each_gres(nodes: &NodeCounts, page: &mut Page) {
    let things: Vec<Labelled<'_, GresCount, 4>> = places(nodes)
        .flat_map(|([name, status, partition], node)| {
            let with = move |(kind, count)| ([name, status, partition, ("gres_type", kind)], count);
            node.gres.iter().map(|(kind, count)| (&**kind, count)).map(with)
        })
        .collect();
    add_columns(page, GRES, &things);
}

const GRES: &[Column<GresCount>] = &[
    ("slurm_node_gres_total", "Generic resources that the node has.", |gres| {
        gres.total.said().map(Value::from)
    }),
    ("slurm_node_gres_used", "Generic resources of the node that jobs have.", |gres| {
        gres.allocated.said().map(Value::from)
    }),
];

/// Each node, in each of its partitions.
fn places(nodes: &NodeCounts) -> impl Iterator<Item = Labelled<'_, Node, 3>> {
    nodes.nodes.iter().flat_map(|node| {
        let status = node.state.condition().word();
        node.partitions.iter().map(move |partition| {
            ([("node", &*node.name), ("status", status), ("partition", &**partition)], node)
        })
    })
}

fn add_reasons(nodes: &NodeCounts, page: &mut Page) {
    let mut info = Family::gauge(
        "slurm_node_drain_reason_info",
        "1, with the reason, for each node that somebody gave one.",
    );
    let mut since = Family::gauge(
        "slurm_node_drain_since_timestamp_seconds",
        "Unix time since which the node has its reason.",
    );
    for reason in &nodes.reasons {
        info.push(&[("node", &reason.node), ("reason", &reason.text)], 1u64);
        since.push_known(&[("node", &reason.node)], reason.since);
    }
    page.add(info);
    page.add(since);
}
