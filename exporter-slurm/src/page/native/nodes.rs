//! Nodes: all, by partition, and one by one.

use edctl_exposition::{Page, Value};
use edctl_slurm::{NodeBase, NodeFlag};

use crate::counts::{Node, NodeCounts, NodeSums};
use crate::page::table::count;
use crate::page::table::{Column, Labelled, add_columns, add_family, labelled};

/// Adds all families of nodes and of what they have.
pub(super) fn render(nodes: &NodeCounts, page: &mut Page) {
    let all = [([], &nodes.all)];
    let partitions = labelled("partition", &nodes.partitions);
    for (of_all, of_partition, read) in STATES {
        let help = "Nodes of which this holds.";
        if let Some(end) = of_all {
            add_family(page, format!("slurm_nodes{end}"), help, &all, read);
        }
        add_family(page, format!("slurm_partition_nodes{of_partition}"), help, &partitions, read);
    }
    add_columns(page, PARTITION, &partitions);
    let number = nodes.partitions.len() as u64;
    add_family(page, "slurm_partitions", "Partitions.", &all, |_| Some(number.into()));
    let things: Vec<Labelled<'_, Node, 1>> =
        nodes.nodes.iter().map(|node| ([("node", node.name.as_str())], node)).collect();
    add_columns(page, NODE, &things);
}

/// How the names of a family of all nodes and of one of a partition's end, and what is counted. A base state
/// counts whatever flags stand beside it.
type State = (Option<&'static str>, &'static str, fn(&NodeSums) -> Option<Value>);

const STATES: &[State] = &[
    (Some(""), "", |sums| Some(sums.nodes.into())),
    (Some("_alloc"), "_alloc", |sums| base(sums, NodeBase::Allocated)),
    (Some("_blocked"), "_blocked", |sums| flag(sums, NodeFlag::Blocked)),
    (Some("_cloud"), "_cloud", |sums| flag(sums, NodeFlag::Cloud)),
    (Some("_completing"), "_cg", |sums| flag(sums, NodeFlag::Completing)),
    (Some("_down"), "_down", |sums| base(sums, NodeBase::Down)),
    (Some("_drain"), "_drain", |sums| flag(sums, NodeFlag::Drain)),
    (Some("_drained"), "_drained", drained),
    (Some("_draining"), "_draining", |sums| Some(sums.draining.into())),
    (Some("_dyn_future"), "_dyn_future", |sums| flag(sums, NodeFlag::DynamicFuture)),
    (Some("_dyn_normal"), "_dyn_normal", |sums| flag(sums, NodeFlag::DynamicNorm)),
    (Some("_external"), "_external", |sums| flag(sums, NodeFlag::External)),
    (Some("_fail"), "_fail", |sums| flag(sums, NodeFlag::Fail)),
    (Some("_future"), "_future", |sums| base(sums, NodeBase::Future)),
    (Some("_idle"), "_idle", |sums| base(sums, NodeBase::Idle)),
    (Some("_invalid_reg"), "_invalid_reg", |sums| flag(sums, NodeFlag::InvalidReg)),
    (Some("_maint"), "_maint", |sums| flag(sums, NodeFlag::Maintenance)),
    (Some("_mixed"), "_mixed", |sums| base(sums, NodeBase::Mixed)),
    (Some("_noresp"), "_no_resp", |sums| flag(sums, NodeFlag::NotResponding)),
    (Some("_other"), "_other", other),
    (Some("_planned"), "_planned", |sums| flag(sums, NodeFlag::Planned)),
    (Some("_power_down"), "_power_down", |sums| flag(sums, NodeFlag::PowerDown)),
    (Some("_power_up"), "_power_up", |sums| flag(sums, NodeFlag::PowerUp)),
    (Some("_powered_down"), "_powered_down", |sums| flag(sums, NodeFlag::PoweredDown)),
    (None, "_powering_down", |sums| flag(sums, NodeFlag::PoweringDown)),
    (Some("_powering_up"), "_powering_up", |sums| flag(sums, NodeFlag::PoweringUp)),
    (Some("_reboot_issued"), "_reboot_issued", |sums| flag(sums, NodeFlag::RebootIssued)),
    (Some("_reboot_req"), "_reboot_requested", |sums| flag(sums, NodeFlag::RebootRequested)),
    (Some("_resv"), "_resv", |sums| flag(sums, NodeFlag::Reserved)),
    (Some("_unknown"), "_unknown", |sums| base(sums, NodeBase::Unknown)),
];

fn base(sums: &NodeSums, base: NodeBase) -> Option<Value> {
    let has_jobs = matches!(base, NodeBase::Allocated | NodeBase::Mixed);
    let is_told = has_jobs || !sums.in_one_word;
    (is_told && !sums.lacks_base).then(|| count(&sums.by_base, &base).into())
}

/// Nodes in a base state that has no family, so that the families' sum is the number of nodes.
fn other(sums: &NodeSums) -> Option<Value> {
    let named: u64 = NAMED.iter().map(|base| count(&sums.by_base, base)).sum();
    (!sums.in_one_word).then(|| sums.nodes.saturating_sub(named).into())
}

/// The base states that have families.
const NAMED: [NodeBase; 6] = [
    NodeBase::Allocated,
    NodeBase::Down,
    NodeBase::Future,
    NodeBase::Idle,
    NodeBase::Mixed,
    NodeBase::Unknown,
];

fn flag(sums: &NodeSums, flag: NodeFlag) -> Option<Value> {
    flagged(sums, flag).map(Value::from)
}

fn drained(sums: &NodeSums) -> Option<Value> {
    Some(flagged(sums, NodeFlag::Drain)?.saturating_sub(sums.draining).into())
}

fn flagged(sums: &NodeSums, flag: NodeFlag) -> Option<u64> {
    (!sums.in_one_word).then(|| count(&sums.by_flag, &flag.word()))
}

const PARTITION: &[Column<NodeSums>] = &[
    ("slurm_partition_cpus", "All CPUs of its nodes.", |sums| {
        sums.cpus.total.known().map(Value::from)
    }),
    ("slurm_partition_gpus", "All GPUs of its nodes.", |sums| {
        sums.gpus.total.known().map(Value::from)
    }),
    ("slurm_partition_nodes_cpus_alloc", "CPUs of its nodes that jobs have.", |sums| {
        sums.cpus.allocated.known().map(Value::from)
    }),
    ("slurm_partition_nodes_cpus_idle", "CPUs of its nodes that are free.", |sums| {
        sums.cpus.idle.known().map(Value::from)
    }),
    (
        "slurm_partition_nodes_mem_alloc",
        "Memory of its nodes that jobs were given, in bytes.",
        |sums| sums.allocated_memory_bytes.known().map(Value::from),
    ),
    ("slurm_partition_nodes_mem_free", "Memory of its nodes that nobody uses, in bytes.", |sums| {
        sums.free_memory_bytes.said().map(Value::from)
    }),
    ("slurm_partition_nodes_mem_tot", "Memory of its nodes for jobs, in bytes.", |sums| {
        sums.memory_bytes.known().map(Value::from)
    }),
];

const NODE: &[Column<Node>] = &[
    ("slurm_node_cpus", "All its CPUs.", |node| node.cpus.total.map(Value::from)),
    ("slurm_node_cpus_alloc", "Its CPUs that jobs have.", |node| {
        node.cpus.allocated.map(Value::from)
    }),
    ("slurm_node_cpus_idle", "Its CPUs that are free.", |node| node.cpus.idle.map(Value::from)),
    ("slurm_node_gpus", "All its GPUs.", |node| node.gpus().total.said().map(Value::from)),
    ("slurm_node_gpus_alloc", "Its GPUs that jobs have.", |node| {
        node.gpus().allocated.said().map(Value::from)
    }),
    ("slurm_node_memory_bytes", "Its memory for jobs.", |node| node.memory_bytes.map(Value::from)),
    ("slurm_node_memory_free_bytes", "Its memory that nobody uses.", |node| {
        node.free_memory_bytes.map(Value::from)
    }),
    ("slurm_node_memory_alloc_bytes", "Its memory that jobs were given.", |node| {
        node.allocated_memory_bytes.map(Value::from)
    }),
];
