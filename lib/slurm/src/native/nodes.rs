//! The page of nodes, and numbers of nodes by state, which the page of partitions has too.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::Sample;
use super::wrapped::{NodeCpus, WRAP};
use crate::lost::{Field, LeftOut, RowError};
use crate::state::{NodeBase, NodeFlag};

/// Numbers of nodes by state. Only what Slurm told is there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct NodeStates {
    /// Nodes by base state; each node has one, whatever its flags are: a drained node is idle.
    pub base: BTreeMap<NodeBase, u64>,
    /// Nodes that have the flag; a node may have several.
    pub flags: BTreeMap<NodeFlag, u64>,
    draining: Option<u64>,
    drained: Option<u64>,
    /// Whether the number of a base state could not be read.
    lacks_base: bool,
    /// Flags whose numbers could not be read.
    unread_flags: BTreeSet<NodeFlag>,
}

impl NodeStates {
    /// Takes in the number that stands behind `nodes_`.
    pub(super) fn note(&mut self, word: &str, nodes: Field<u64>) {
        match (base_state(word), flag(word), nodes) {
            (Some(base), _, Ok(nodes)) => _ = self.base.insert(base, nodes),
            (Some(_), _, Err(_)) => self.lacks_base = true,
            (None, Some(flag), Ok(nodes)) => _ = self.flags.insert(flag, nodes),
            (None, Some(flag), Err(_)) => _ = self.unread_flags.insert(flag),
            (None, None, nodes) if word == "draining" => self.draining = nodes.ok(),
            (None, None, nodes) if word == "drain" => self.drained = nodes.ok(),
            (None, None, _) => {}
        }
        // A node that has the flag drain is counted once: as draining while a job runs there, else under
        // drain, and under drained once more.
        if let (Some(draining), Some(drained)) = (self.draining, self.drained) {
            self.flags.insert(NodeFlag::Drain, draining.saturating_add(drained));
        }
    }

    /// Puts nodes under `Other` that are in no base state which Slurm counts, so that the sum is `nodes`.
    pub(super) fn fill_up_to(&mut self, nodes: u64) {
        let counted = self.base.values().fold(0u64, |sum, nodes| sum.saturating_add(*nodes));
        if !self.lacks_base
            && let Some(others @ 1..) = nodes.checked_sub(counted)
        {
            self.base.insert(NodeBase::Other, others);
        }
    }
}

fn base_state(word: &str) -> Option<NodeBase> {
    Some(match word {
        "alloc" => NodeBase::Allocated,
        "down" => NodeBase::Down,
        "future" => NodeBase::Future,
        "idle" => NodeBase::Idle,
        "mixed" => NodeBase::Mixed,
        "unknown" => NodeBase::Unknown,
        _ => return None,
    })
}

/// The page of nodes and that of partitions have different words for three of them.
fn flag(word: &str) -> Option<NodeFlag> {
    Some(match word {
        "blocked" => NodeFlag::Blocked,
        "cloud" => NodeFlag::Cloud,
        "completing" | "cg" => NodeFlag::Completing,
        "dyn_future" => NodeFlag::DynamicFuture,
        "dyn_normal" => NodeFlag::DynamicNorm,
        "external" => NodeFlag::External,
        "fail" => NodeFlag::Fail,
        "invalid_reg" => NodeFlag::InvalidReg,
        "maint" => NodeFlag::Maintenance,
        "noresp" | "no_resp" => NodeFlag::NotResponding,
        "planned" => NodeFlag::Planned,
        "power_down" => NodeFlag::PowerDown,
        "power_up" => NodeFlag::PowerUp,
        "powered_down" => NodeFlag::PoweredDown,
        "powering_down" => NodeFlag::PoweringDown,
        "powering_up" => NodeFlag::PoweringUp,
        "reboot_issued" => NodeFlag::RebootIssued,
        "reboot_req" | "reboot_requested" => NodeFlag::RebootRequested,
        "resv" => NodeFlag::Reserved,
        _ => return None,
    })
}

/// What the page of nodes says. A sum over nodes of which one does not say its part is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeNodes {
    /// Numbers of nodes by state; empty where they have wrapped.
    pub states: NodeStates,
    /// CPUs of all nodes.
    pub cpus: NodeCpus,
    /// Memory of all nodes that Slurm may give to jobs.
    pub memory_bytes: Option<u64>,
    /// What jobs have of it.
    pub allocated_memory_bytes: Option<u64>,
    /// GPUs of all nodes; from Slurm 26.05 on.
    pub gpus: Option<u64>,
    /// What jobs have of them.
    pub allocated_gpus: Option<u64>,
}

/// Reads the page of nodes, line by line. Sums are taken over the single nodes, since Slurm has none of them
/// for all nodes.
#[derive(Debug, Default)]
pub struct NodesReader {
    states: NodeStates,
    /// `slurm_nodes`, with 16 bits in 25.11 and 26.05.
    told: Option<u64>,
    sums: Sums,
    /// Whether a number of nodes was there, whatever it was.
    is_page: bool,
}

#[derive(Debug, Default)]
struct Sums {
    cpus: Sum,
    allocated_cpus: Sum,
    mebibytes: Sum,
    allocated_mebibytes: Sum,
    gpus: Sum,
    allocated_gpus: Sum,
}

/// A sum, and over how many nodes it is.
#[derive(Debug, Default)]
struct Sum {
    nodes: u64,
    sum: u64,
}

impl NodesReader {
    /// Takes in one line, and says what of it could not be taken.
    ///
    /// # Errors
    /// Says why the line cannot be read.
    pub fn line(&mut self, line: &str) -> Result<LeftOut, RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(LeftOut::default()) };
        let Sample { name, value, .. } = sample;
        if sample.of("node").is_some() {
            self.sums.note(name, value);
        } else if name == "nodes" {
            self.told = value.ok();
            self.is_page = true;
        } else if let Some(word) = name.strip_prefix("nodes_") {
            self.states.note(word, value);
        }
        Ok(sample.left_out())
    }

    /// Ends the reading; nothing where it was no page of nodes.
    pub fn finish(self) -> Option<NativeNodes> {
        let Self { mut states, told, sums, is_page } = self;
        let nodes = sums.nodes();
        if !is_page || nodes == 0 {
            return None;
        }
        match told {
            Some(told) if nodes <= told => states.fill_up_to(told),
            None if nodes < WRAP => {}
            _ => states = NodeStates::default(),
        }
        // Slurm prints its number of nodes that are powering down under the name of those that are
        // powering up, and has no other number of either.
        let down = NodeFlag::PoweringDown;
        if !states.flags.contains_key(&down)
            && !states.unread_flags.contains(&down)
            && let Some(nodes) = states.flags.remove(&NodeFlag::PoweringUp)
        {
            states.flags.insert(down, nodes);
        }
        let of_all = |sum: &Sum| Some(sum.sum).filter(|_| sum.nodes == nodes);
        let bytes = |sum| of_all(sum).map(|mebibytes| mebibytes.saturating_mul(1 << 20));
        // Where gres/gpu is not among the accounts' TRES, no node has any, whatever jobs have.
        let counts_gpus = sums.gpus.sum > 0;
        Some(NativeNodes {
            states,
            cpus: NodeCpus { total: of_all(&sums.cpus), allocated: of_all(&sums.allocated_cpus) },
            memory_bytes: bytes(&sums.mebibytes),
            allocated_memory_bytes: bytes(&sums.allocated_mebibytes),
            gpus: of_all(&sums.gpus).filter(|_| counts_gpus),
            allocated_gpus: of_all(&sums.allocated_gpus).filter(|_| counts_gpus),
        })
    }
}

impl Sums {
    /// What is called bytes is in MiB: Slurm prints its `real_memory` and `alloc_memory` as they are.
    fn note(&mut self, name: &str, value: Field<u64>) {
        let sum = match name {
            "node_cpus" => &mut self.cpus,
            "node_cpus_alloc" => &mut self.allocated_cpus,
            "node_memory_bytes" => &mut self.mebibytes,
            "node_memory_alloc_bytes" => &mut self.allocated_mebibytes,
            "node_gpus" => &mut self.gpus,
            "node_gpus_alloc" => &mut self.allocated_gpus,
            _ => return,
        };
        if let Ok(value) = value {
            sum.nodes += 1;
            sum.sum = sum.sum.saturating_add(value);
        }
    }

    /// How many nodes there are: as many as say one of the numbers.
    fn nodes(&self) -> u64 {
        let sums = [&self.cpus, &self.allocated_cpus, &self.mebibytes, &self.allocated_mebibytes];
        sums.map(|sum| sum.nodes).into_iter().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of each node, in a release without GPUs.
    const OF_EACH: [&str; 4] =
        ["node_cpus", "node_cpus_alloc", "node_memory_bytes", "node_memory_alloc_bytes"];

    /// A page with one node, and these lines.
    fn one_node_and(lines: &[&str]) -> NativeNodes {
        let node = OF_EACH.map(|name| format!("slurm_{name}{{node=\"w1\"}} 4"));
        let node = node.iter().map(String::as_str);
        read(&node.chain(lines.iter().copied()).collect::<Vec<_>>()).unwrap()
    }

    fn read(lines: &[&str]) -> Option<NativeNodes> {
        let mut reader = NodesReader::default();
        for line in lines {
            reader.line(line).unwrap();
        }
        reader.finish()
    }

    #[test]
    fn sums_up_the_single_nodes_in_bytes() {
        let nodes = read(&[
            "# HELP slurm_node_cpus Total number of cpus in the node",
            "slurm_node_cpus{node=\"w1\"} 60000",
            "slurm_node_cpus{node=\"w2\"} 60000",
            "slurm_node_cpus_alloc{node=\"w1\"} 50000",
            "slurm_node_cpus_alloc{node=\"w2\"} 40000",
            "slurm_node_cpus_idle{node=\"w1\"} 10000",
            "slurm_node_memory_bytes{node=\"w1\"} 2000",
            "slurm_node_memory_bytes{node=\"w2\"} 1000",
            "slurm_node_memory_alloc_bytes{node=\"w1\"} 10",
            "slurm_node_memory_alloc_bytes{node=\"w2\"} 0",
            "slurm_node_memory_free_bytes{node=\"w1\"} 5",
            "slurm_nodes 2",
        ]);
        let nodes = nodes.unwrap();
        assert_eq!(nodes.cpus, NodeCpus { total: Some(120_000), allocated: Some(90_000) });
        assert_eq!(
            (nodes.memory_bytes, nodes.allocated_memory_bytes),
            (Some(3000 << 20), Some(10 << 20))
        );
        assert_eq!(nodes.gpus, None);
    }

    #[test]
    fn gpus_are_there_from_26_05_on() {
        let gpus = ["slurm_node_gpus{node=\"w1\"} 8", "slurm_node_gpus_alloc{node=\"w1\"} 3"];
        let nodes = one_node_and(&["slurm_nodes 1", gpus[0], gpus[1]]);
        assert_eq!((nodes.gpus, nodes.allocated_gpus), (Some(8), Some(3)));
        assert_eq!(one_node_and(&["slurm_nodes 1", gpus[0]]).allocated_gpus, None);
        let none = "slurm_node_gpus{node=\"w1\"} 0";
        let nodes = one_node_and(&["slurm_nodes 1", none, gpus[1]]);
        assert_eq!((nodes.gpus, nodes.allocated_gpus), (None, None));
    }

    #[test]
    fn base_states_add_up_and_flags_stand_beside_them() {
        let nodes = one_node_and(&[
            "slurm_nodes 9",
            "slurm_nodes_alloc 1",
            "slurm_nodes_idle 4",
            "slurm_nodes_down 2",
            "slurm_nodes_mixed 1",
            "slurm_nodes_drain 3",
            "slurm_nodes_drained 3",
            "slurm_nodes_draining 1",
            "slurm_nodes_noresp 2",
            "slurm_nodes_invented 7",
        ]);
        let NodeStates { base, flags, .. } = nodes.states;
        let wanted = [
            (NodeBase::Allocated, 1),
            (NodeBase::Idle, 4),
            (NodeBase::Down, 2),
            (NodeBase::Mixed, 1),
            (NodeBase::Other, 1),
        ];
        assert_eq!(base, wanted.into());
        assert_eq!(flags, [(NodeFlag::Drain, 4), (NodeFlag::NotResponding, 2)].into());
    }

    #[test]
    fn half_of_the_nodes_that_drain_are_not_told() {
        let mut states = NodeStates::default();
        states.note("draining", Ok(1));
        states.note("drained", Ok(1));
        assert!(states.flags.is_empty());
    }

    #[test]
    fn powering_up_is_powering_down_unless_both_are_told() {
        let nodes = one_node_and(&["slurm_nodes_powering_up 3", "slurm_nodes 5"]);
        assert_eq!(nodes.states.flags, [(NodeFlag::PoweringDown, 3)].into());
        let nodes = one_node_and(&[
            "slurm_nodes_powering_up 3",
            "slurm_nodes_powering_down 2",
            "slurm_nodes 5",
        ]);
        let flags = [(NodeFlag::PoweringDown, 2), (NodeFlag::PoweringUp, 3)];
        assert_eq!(nodes.states.flags, flags.into());
    }

    #[test]
    fn numbers_of_nodes_that_wrapped_are_not_told() {
        let mut reader = NodesReader::default();
        for node in 0..65_537 {
            for name in OF_EACH {
                reader.line(&format!("slurm_{name}{{node=\"w{node}\"}} 2")).unwrap();
            }
        }
        reader.line("slurm_nodes 1").unwrap();
        reader.line("slurm_nodes_idle 1").unwrap();
        let nodes = reader.finish().unwrap();
        assert_eq!(nodes.states, NodeStates::default());
        assert_eq!(nodes.cpus.total, Some(131_074));
    }

    #[test]
    fn what_is_no_page_of_nodes_tells_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["slurm_nodes 0", "slurm_partitions 1"]), None);
    }

    #[test]
    fn a_sum_without_one_node_s_part_is_not_told_and_the_others_are() {
        let told = |lines: &[&str]| {
            let nodes = one_node_and(lines);
            (nodes.cpus, nodes.memory_bytes, nodes.allocated_memory_bytes, nodes.states.base)
        };
        let w2 = [
            "slurm_node_cpus{node=\"w2\"} 4",
            "slurm_node_cpus_alloc{node=\"w2\"} 3",
            "slurm_node_memory_bytes{node=\"w2\"} 2",
            "slurm_node_memory_alloc_bytes{node=\"w2\"} 1",
            "slurm_nodes_idle 2",
            "slurm_nodes 2",
        ];
        let good = told(&w2);
        assert_eq!(good.0, NodeCpus { total: Some(8), allocated: Some(7) });
        for odd in 0..w2.len() {
            let mut lines = w2;
            let (series, _) = lines[odd].rsplit_once(' ').unwrap();
            let line = format!("{series} NaN");
            lines[odd] = &line;
            let (cpus, memory, allocated_memory, base) = told(&lines);
            let (total, allocated) = (cpus.total, cpus.allocated);
            let wanted = match odd {
                0 => (NodeCpus { total: None, ..good.0 }, good.1, good.2),
                1 => (NodeCpus { allocated: None, ..good.0 }, good.1, good.2),
                2 => (good.0, None, good.2),
                3 => (good.0, good.1, None),
                _ => (good.0, good.1, good.2),
            };
            assert_eq!((NodeCpus { total, allocated }, memory, allocated_memory), wanted, "{line}");
            let is_odd = odd == 4;
            assert_eq!(base, if is_odd { BTreeMap::new() } else { good.3.clone() }, "{line}");
        }
    }
}
