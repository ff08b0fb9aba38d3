//! What one snapshot says of nodes and partitions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use edctl_slurm::{CpuCounts, NodeBase, NodeCondition, NodeFlag, NodeRow};

use super::node::{GresCount, GresCounts, Node, gres_of};
use super::{NodeOverview, OTHER, grow, grow_some};

/// Most nodes that are kept one by one. No cluster has more.
const MOST_NODES: usize = 100_000;

/// Most sets of features that are told apart; further ones are counted as `other`.
const MOST_FEATURE_SETS: usize = 10_000;

/// Counts of nodes; each node once, however many partitions it is in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeCounts {
    /// Where each node stands among `nodes`, while rows come in.
    places: HashMap<String, usize>,
    /// Names of partitions and resources, each once, while rows come in.
    names: HashSet<Arc<str>>,
    pub(crate) all: NodeSums,
    /// Generic resources by name and type; the type is empty where there is none.
    pub(crate) gres: BTreeMap<(String, String), GresCount>,
    pub(crate) by_feature: BTreeMap<String, u64>,
    /// Nodes that somebody gave a reason, in the order of the rows.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) partitions: BTreeMap<String, NodeSums>,
    /// By partition and active features as Slurm lists them.
    pub(crate) feature_sets: BTreeMap<(String, String), FeatureSet>,
    /// The nodes one by one, in the order of the rows.
    pub(crate) nodes: Vec<Node>,
    /// Where no single nodes are known, this alone, with memory and GPUs.
    pub(crate) overview: Option<NodeOverview>,
}

/// Sums over the nodes of a cluster or of a partition. Those that are too large stay at the largest
/// number.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeSums {
    pub(crate) nodes: u64,
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    /// Base states, whatever flags stand beside them.
    pub(crate) by_base: BTreeMap<NodeBase, u64>,
    pub(crate) by_flag: BTreeMap<&'static str, u64>,
    /// Nodes that take no new jobs and still have some.
    pub(crate) draining: u64,
    /// Whether Slurm told states in one word, so that flags are hidden, and base states without jobs.
    pub(crate) in_one_word: bool,
    pub(crate) cpus: CpuCounts,
    pub(crate) use_by_condition: BTreeMap<NodeCondition, NodeUse>,
    /// GPUs, told apart as CPUs are.
    pub(crate) gpus: CpuCounts,
    pub(crate) memory_bytes: u64,
    pub(crate) allocated_memory_bytes: u64,
    /// Memory that nodes' kernels call free; nothing where no node says it, as the load.
    pub(crate) free_memory_bytes: Option<u64>,
    /// Load averages over five minutes.
    pub(crate) cpu_load: Option<f64>,
    pub(crate) weight: u64,
}

/// What the nodes in one condition have, and what of it jobs have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeUse {
    pub(crate) cpus: u64,
    pub(crate) allocated_cpus: u64,
    pub(crate) allocated_memory_bytes: u64,
}

/// Nodes of a partition that have the same active features.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FeatureSet {
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    /// Those that registered with less than slurm.conf says.
    pub(crate) invalid: u64,
}

/// Why a node is down or drained.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) node: String,
    pub(crate) condition: NodeCondition,
    pub(crate) text: String,
    /// Who said so; empty where that is not known.
    pub(crate) user: String,
    /// Since when, in seconds since the epoch.
    pub(crate) since: Option<u32>,
}

impl NodeCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &NodeRow<'_>) {
        let gres = gres_of(row);
        self.partitions.entry(row.partition.to_owned()).or_default().add(row, &gres);
        self.add_feature_set(row);
        let partition = self.name(row.partition);
        match self.places.get(row.node) {
            Some(place) => {
                if let Some(node) = self.nodes.get_mut(*place) {
                    node.partitions.push(partition);
                }
            }
            None => {
                self.places.insert(row.node.to_owned(), self.nodes.len());
                self.add_node(row, &gres, partition);
            }
        }
    }

    fn add_node(&mut self, row: &NodeRow<'_>, gres: &GresCounts<'_>, partition: Arc<str>) {
        self.all.add(row, gres);
        for ((name, kind), count) in gres {
            let key = ((*name).to_owned(), (*kind).to_owned());
            self.gres.entry(key).or_default().add(count);
        }
        for feature in row.features() {
            *self.by_feature.entry(feature.to_owned()).or_default() += 1;
        }
        self.reasons.extend(row.reason.map(|reason| Reason {
            node: row.node.to_owned(),
            condition: row.state.condition(),
            text: reason.text.to_owned(),
            user: reason.user.unwrap_or_default().to_owned(),
            since: reason.since,
        }));
        if self.nodes.len() < MOST_NODES {
            let gres = gres
                .iter()
                .map(|((name, kind), count)| (self.name(&label(name, kind)), *count))
                .collect();
            self.nodes.push(Node {
                name: row.node.to_owned(),
                state: row.state,
                cpus: row.cpus,
                memory_bytes: row.memory_bytes,
                allocated_memory_bytes: row.allocated_memory_bytes,
                free_memory_bytes: row.free_memory_bytes,
                partitions: [partition].into_iter().collect(),
                gres,
            });
        }
    }

    fn add_feature_set(&mut self, row: &NodeRow<'_>) {
        let features: Vec<&str> = row.features().collect();
        let mut key = (row.partition.to_owned(), features.join(","));
        if self.feature_sets.len() >= MOST_FEATURE_SETS && !self.feature_sets.contains_key(&key) {
            key.1 = OTHER.to_owned();
        }
        let set = self.feature_sets.entry(key).or_default();
        *set.by_condition.entry(row.state.condition()).or_default() += 1;
        set.invalid += u64::from(row.state.has(NodeFlag::InvalidReg));
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name = Arc::<str>::from(name);
        self.names.insert(Arc::clone(&name));
        name
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.partitions.is_empty() && self.overview.is_none()
    }

    /// Forgets what is needed only while rows come in.
    pub(crate) fn done(&mut self) {
        self.places = HashMap::new();
        self.names = HashSet::new();
        self.nodes.shrink_to_fit();
    }
}

impl NodeSums {
    fn add(&mut self, row: &NodeRow<'_>, gres: &GresCounts<'_>) {
        let condition = row.state.condition();
        self.nodes += 1;
        *self.by_condition.entry(condition).or_default() += 1;
        if let Some(base) = row.state.base {
            *self.by_base.entry(base).or_default() += 1;
        }
        for flag in row.state.flags() {
            *self.by_flag.entry(NodeFlag::word(flag)).or_default() += 1;
        }
        self.in_one_word |= row.is_in_one_word;
        self.draining += u64::from(row.state.is_draining());
        self.cpus.add(&row.cpus);
        let used = self.use_by_condition.entry(condition).or_default();
        grow(&mut used.cpus, row.cpus.total);
        grow(&mut used.allocated_cpus, row.cpus.allocated);
        grow(&mut used.allocated_memory_bytes, row.allocated_memory_bytes);
        for (_, gpus) in gres.iter().filter(|((name, _), _)| *name == "gpu") {
            let free = gpus.total.saturating_sub(gpus.allocated);
            let (idle, other) = if condition.takes_jobs() { (free, 0) } else { (0, free) };
            self.gpus.add(&CpuCounts { allocated: gpus.allocated, idle, other, total: gpus.total });
        }
        grow(&mut self.memory_bytes, row.memory_bytes);
        grow(&mut self.allocated_memory_bytes, row.allocated_memory_bytes);
        grow_some(&mut self.free_memory_bytes, row.free_memory_bytes);
        if let Some(load) = row.cpu_load {
            *self.cpu_load.get_or_insert_default() += load;
        }
        grow(&mut self.weight, row.weight);
    }
}

/// A resource's name and type in one word.
fn label(name: &str, kind: &str) -> String {
    if kind.is_empty() { name.to_owned() } else { format!("{name}:{kind}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(rows: &[&str]) -> NodeCounts {
        let mut counts = NodeCounts::default();
        for row in rows {
            counts.add(&NodeRow::parse(row).unwrap());
        }
        counts
    }

    #[test]
    fn a_node_in_two_partitions_counts_once_and_in_both() {
        let counts = nodes(&[
            "w1|latency|mixed|mixed|1/3/0/4|2000|100|500|0.50|1|gpu:a100:2|gpu:a100:1(IDX:0)|fast,r1|Unknown|root|none",
            "w1|throughput|mixed|mixed|1/3/0/4|2000|100|500|0.50|1|gpu:a100:2|gpu:a100:1(IDX:0)|fast,r1|Unknown|root|none",
            "w2|latency|idle+not_responding|idle*|0/4/0/4|2000|0|N/A|N/A|1|(null)|gpu:0|fast|1795549471|root|burnt",
            "w3|latency|down|down|0/4/0/4|2000|0|N/A|N/A|1|gpu:a100:2,gpu:1g.5gb:7||(null)|Unknown|Unknown|a|b",
        ]);
        assert_eq!(
            counts.all.by_condition,
            [
                (NodeCondition::Down, 1),
                (NodeCondition::NotResponding, 1),
                (NodeCondition::Mixed, 1),
            ]
            .into()
        );
        assert_eq!(counts.all.by_flag, [("not_responding", 1)].into());
        assert_eq!(counts.all.cpus, CpuCounts { allocated: 1, idle: 11, other: 0, total: 12 });
        assert_eq!(counts.all.memory_bytes, 6000 << 20);
        assert_eq!(counts.all.allocated_memory_bytes, 100 << 20);
        assert_eq!(counts.partitions["latency"].cpus.total, 12);
        assert_eq!(counts.partitions["throughput"].cpus.total, 4);
        let gres = |kind: &str| counts.gres[&("gpu".to_owned(), kind.to_owned())];
        assert_eq!(gres("a100"), GresCount { total: 4, allocated: 1 });
        assert_eq!(gres("1g.5gb"), GresCount { total: 7, allocated: 0 });
        assert_eq!(counts.gres.len(), 2);
        assert_eq!(counts.by_feature, [("fast".to_owned(), 2), ("r1".to_owned(), 1)].into());
        // w1 has one GPU of two left; those of w3 are not to be had.
        let gpus = CpuCounts { allocated: 1, idle: 1, other: 9, total: 11 };
        assert_eq!((counts.all.gpus, counts.partitions["latency"].gpus), (gpus, gpus));
        let w1 = &counts.nodes[0];
        assert_eq!((w1.name.as_str(), &*w1.partitions[1]), ("w1", "throughput"));
        assert_eq!(w1.gres[0], ("gpu:a100".into(), GresCount { total: 2, allocated: 1 }));
        assert_eq!(counts.nodes[2].gpus(), GresCount { total: 9, allocated: 0 });
        let set = &counts.feature_sets[&("throughput".to_owned(), "fast,r1".to_owned())];
        assert_eq!(set.by_condition, [(NodeCondition::Mixed, 1)].into());
        let reason = |node: &str, condition, text: &str, user: &str, since| Reason {
            node: node.to_owned(),
            condition,
            text: text.to_owned(),
            user: user.to_owned(),
            since,
        };
        assert_eq!(
            counts.reasons,
            [
                reason("w2", NodeCondition::NotResponding, "burnt", "root", Some(1_795_549_471)),
                reason("w3", NodeCondition::Down, "a|b", "", None),
            ]
        );
    }

    #[test]
    fn sums_stay_at_the_largest_number() {
        let most = u64::MAX;
        let memory = most >> 20;
        let row = |node: &str| {
            let cpus = format!("{most}/{most}/{most}/{most}");
            let gres = format!("gpu:{most}|gpu:{most}");
            format!(
                "{node}|p|mixed|mixed|{cpus}|{memory}|{memory}|N/A|N/A|1|{gres}|(null)|Unknown|root|none"
            )
        };
        let counts = nodes(&[&row("w1"), &row("w2"), &row("w3")]);
        let cpus = CpuCounts { allocated: most, idle: most, other: most, total: most };
        assert_eq!((counts.all.cpus, counts.partitions["p"].cpus), (cpus, cpus));
        assert_eq!((counts.all.memory_bytes, counts.all.allocated_memory_bytes), (most, most));
        let gpus = counts.gres[&("gpu".to_owned(), String::new())];
        assert_eq!(gpus, GresCount { total: most, allocated: most });
    }
}
