//! What sinfo says of nodes and partitions.

use edctl_exposition::{Family, Page};
use edctl_slurm::{CpuCounts, NodeCondition, NodeFlag};

use crate::counts::{NodeCounts, NodeSums, Sum};
use crate::page::table::count;

/// States that each partition shows also when they are 0; the others only when they are not, so that
/// a cluster of hundreds of partitions keeps to the families' limits.
const PARTITION_CONDITIONS: [NodeCondition; 6] = [
    NodeCondition::Down,
    NodeCondition::NotResponding,
    NodeCondition::Drained,
    NodeCondition::Allocated,
    NodeCondition::Mixed,
    NodeCondition::Idle,
];

/// Most nodes whose reasons are shown: texts make a page long, and a failed switch takes down thousands.
const REASONS: usize = 1000;

/// Adds all families of nodes and partitions.
pub(super) fn render(nodes: &NodeCounts, page: &mut Page) {
    if nodes.overview.is_none() {
        render_nodes(&nodes.all, page);
    }
    render_memory(&nodes.all, page);
    render_gres(nodes, page);
    render_features(nodes, page);
    render_reasons(nodes, page);
    render_partitions(nodes, page);
}

fn render_nodes(all: &NodeSums, page: &mut Page) {
    let mut by_state = Family::gauge(
        "edctl_slurm_nodes",
        "Nodes by state; each node counts once, under the most serious word that holds.",
    );
    for condition in NodeCondition::ALL {
        by_state.push(&[("state", condition.word())], count(&all.by_condition, condition));
    }
    page.add(by_state);

    if !all.in_one_word {
        let mut by_flag = flagged();
        for flag in NodeFlag::ALL {
            by_flag.push(&[("flag", flag.word())], count(&all.by_flag, &flag.word()));
        }
        page.add(by_flag);
    }

    let mut cpus = Family::gauge(
        "edctl_slurm_cpus",
        "CPUs of all nodes: allocated to jobs, idle, or other (not to be had).",
    );
    push_cpus(&mut cpus, &[], &all.cpus);
    page.add(cpus);
}

/// The family of nodes by flag.
pub(super) fn flagged() -> Family {
    Family::gauge(
        "edctl_slurm_nodes_flagged",
        "Nodes that have the flag beside their base state; a node may have several.",
    )
}

fn render_memory(all: &NodeSums, page: &mut Page) {
    for (name, help, sum) in [
        ("edctl_slurm_memory_bytes", "Memory of all nodes that jobs may have.", all.memory_bytes),
        (
            "edctl_slurm_memory_allocated_bytes",
            "Memory of all nodes that jobs were given, whether they use it or not.",
            all.allocated_memory_bytes,
        ),
    ] {
        let mut family = Family::gauge(name, help);
        family.push_known(&[], sum.said());
        page.add(family);
    }
}

fn render_gres(nodes: &NodeCounts, page: &mut Page) {
    let mut total = Family::gauge(
        "edctl_slurm_gres",
        "Generic resources of all nodes by name and type; MIG devices have types of their own.",
    );
    let mut allocated = Family::gauge(
        "edctl_slurm_gres_allocated",
        "Generic resources of all nodes that jobs have, by name and type.",
    );
    for ((name, kind), gres) in &nodes.gres {
        let labels = [("gres", name.as_str()), ("type", kind)];
        total.push_known(&labels, gres.total.said());
        allocated.push_known(&labels, gres.allocated.said());
    }
    page.add(total);
    page.add(allocated);
}

fn render_features(nodes: &NodeCounts, page: &mut Page) {
    if nodes.lacks_features {
        return;
    }
    let mut family = Family::gauge(
        "edctl_slurm_feature_nodes",
        "Nodes that have the feature active; a node counts for each of its features.",
    );
    for (feature, nodes) in &nodes.by_feature {
        family.push(&[("feature", feature)], *nodes);
    }
    page.add(family);
}

fn render_reasons(nodes: &NodeCounts, page: &mut Page) {
    let mut info = Family::gauge(
        "edctl_slurm_node_reason_info",
        "1, with state, reason and its author, for each node that somebody gave a reason.",
    )
    .limit(REASONS);
    let mut since = Family::gauge(
        "edctl_slurm_node_reason_timestamp_seconds",
        "Unix time since which the node has its reason.",
    )
    .limit(REASONS);
    for reason in &nodes.reasons {
        let node = ("node", reason.node.as_str());
        let state = ("state", reason.condition.word());
        info.push(&[node, state, ("user", &reason.user), ("reason", &reason.text)], 1u64);
        since.push_known(&[node], reason.since);
    }
    page.add(info);
    page.add(since);
}

fn render_partitions(nodes: &NodeCounts, page: &mut Page) {
    let mut by_state = Family::gauge(
        "edctl_slurm_partition_nodes",
        "Nodes of the partition by state; a node counts in each of its partitions.",
    );
    let mut cpus = Family::gauge(
        "edctl_slurm_partition_cpus",
        "CPUs of the partition's nodes: allocated (by jobs of any partition), idle, or other.",
    );
    for (name, partition) in &nodes.partitions {
        for condition in NodeCondition::ALL {
            let nodes = count(&partition.by_condition, condition);
            if nodes == 0 && !PARTITION_CONDITIONS.contains(condition) {
                continue;
            }
            by_state.push(&[("partition", name), ("state", condition.word())], nodes);
        }
        push_cpus(&mut cpus, &[("partition", name)], &partition.cpus);
    }
    page.add(by_state);
    page.add(cpus);
}

fn push_cpus(family: &mut Family, labels: &[(&'static str, &str)], cpus: &CpuCounts<Sum<u64>>) {
    for (state, value) in
        [("allocated", cpus.allocated), ("idle", cpus.idle), ("other", cpus.other)]
    {
        family.push_known(&[labels, &[("state", state)]].concat(), value.known());
    }
}
