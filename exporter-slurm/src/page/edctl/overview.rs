//! What slurmctld itself says of nodes and jobs, in the place of what only rows of them tell.

use edctl_exposition::{Family, Page};
use edctl_slurm::native::{NodeCpus, NodeStates};
use edctl_slurm::{JobState, NodeFlag};

use crate::counts::{JobOverview, NodeOverview};

/// Adds nodes by base state and by flag, and CPUs. Whether a node can be used does not show in its base state,
/// so that neither nodes by state nor idle CPUs are known.
pub(super) fn render_nodes(nodes: &NodeOverview, page: &mut Page) {
    let mut by_base = Family::gauge(
        "edctl_slurm_base_state_nodes",
        "Nodes by base state, whatever their flags say: a node that is drained or away may be idle.",
    );
    let mut by_flag = super::nodes::flagged();
    let mut cpus = Family::gauge(
        "edctl_slurm_cpus",
        "CPUs of all nodes: allocated to jobs, or not. How many of the others can be had is not known.",
    );
    push_base_states(&mut by_base, &[], &nodes.states);
    for flag in NodeFlag::ALL {
        let nodes = nodes.states.flags.get(flag).copied();
        by_flag.push_known(&[("flag", flag.word())], nodes);
    }
    push_cpus(&mut cpus, &[], nodes.cpus);

    let mut by_base_of_partitions = Family::gauge(
        "edctl_slurm_partition_base_state_nodes",
        "Nodes of the partition by base state; a node counts in each of its partitions.",
    );
    let mut cpus_of_partitions = Family::gauge(
        "edctl_slurm_partition_cpus",
        "CPUs of the partition's nodes: allocated (to jobs of any partition), or not.",
    );
    for (name, partition) in &nodes.partitions {
        let label = ("partition", name.as_str());
        push_base_states(&mut by_base_of_partitions, &[label], &partition.states);
        push_cpus(&mut cpus_of_partitions, &[label], partition.node_cpus());
    }
    for family in [by_base, by_flag, cpus, by_base_of_partitions, cpus_of_partitions] {
        page.add(family);
    }
}

/// Adds jobs by base state, and the CPUs of running ones.
pub(super) fn render_jobs(jobs: &JobOverview, page: &mut Page) {
    let (mut by_state, mut cpus) = super::jobs::states();
    for (state, jobs) in &jobs.by_state {
        by_state.push_known(&[("state", state.word())], jobs.ok());
    }
    cpus.push_known(&[("state", JobState::Running.word())], jobs.running_cpus);
    page.add(by_state);
    page.add(cpus);
}

fn push_base_states(family: &mut Family, labels: &[(&'static str, &str)], states: &NodeStates) {
    for (base, nodes) in &states.base {
        family.push(&[labels, &[("state", base.word())]].concat(), *nodes);
    }
}

fn push_cpus(family: &mut Family, labels: &[(&'static str, &str)], cpus: Option<NodeCpus>) {
    let Some(NodeCpus { total, allocated }) = cpus else { return };
    let unallocated =
        total.zip(allocated).map(|(total, allocated)| total.saturating_sub(allocated));
    for (state, cpus) in [("allocated", allocated), ("unallocated", unallocated)] {
        family.push_known(&[labels, &[("state", state)]].concat(), cpus);
    }
}
