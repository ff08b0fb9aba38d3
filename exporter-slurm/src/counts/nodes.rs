//! What one snapshot says of nodes and partitions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use edctl_slurm::{CpuCounts, Field, NodeBase, NodeCondition, NodeFlag, NodeRow, RowError};

use super::adding::OTHER;
use super::node::{GresCount, GresCounts, Node, gres_of, lacks_gres};
use super::overview::NodeOverview;
use super::sum::Sum;

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
    /// Names of resources of which a node's list cannot be read in full, while rows come in; an empty one stands
    /// for any. The second set is of those that jobs have.
    unread_gres: [BTreeSet<String>; 2],
    pub(crate) all: NodeSums,
    /// Generic resources by name and type; the type is empty where the resource has no types.
    pub(crate) gres: BTreeMap<(String, String), GresCount>,
    pub(crate) by_feature: BTreeMap<String, u64>,
    /// Whether the features of a node cannot be read, so that how many nodes have one is not known.
    pub(crate) lacks_features: bool,
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

/// Sums over the nodes of a cluster or of a partition.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeSums {
    pub(crate) nodes: u64,
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    /// Base states, whatever flags stand beside them.
    pub(crate) by_base: BTreeMap<NodeBase, u64>,
    pub(crate) by_flag: BTreeMap<&'static str, u64>,
    /// Nodes that take no new jobs and still have some.
    pub(crate) draining: u64,
    /// Whether the base state of a node is hidden, and its CPUs that would tell it cannot be read.
    pub(crate) lacks_base: bool,
    /// Whether Slurm told states in one word, so that flags are hidden, and base states without jobs.
    pub(crate) in_one_word: bool,
    pub(crate) cpus: CpuCounts<Sum<u64>>,
    pub(crate) use_by_condition: BTreeMap<NodeCondition, NodeUse>,
    /// GPUs, told apart as CPUs are.
    pub(crate) gpus: CpuCounts<Sum<u64>>,
    pub(crate) memory_bytes: Sum<u64>,
    pub(crate) allocated_memory_bytes: Sum<u64>,
    /// Memory that nodes' kernels call free; nothing where no node says it, as the load.
    pub(crate) free_memory_bytes: Sum<u64>,
    /// Load averages over five minutes.
    pub(crate) cpu_load: Sum<f64>,
    pub(crate) weight: Sum<u64>,
}

/// What the nodes in one condition have, and what of it jobs have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeUse {
    pub(crate) cpus: Sum<u64>,
    pub(crate) allocated_cpus: Sum<u64>,
    pub(crate) allocated_memory_bytes: Sum<u64>,
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
    /// Takes in one row. A node in no partition, or in one whose name cannot be read, is a node all the same.
    pub(crate) fn add(&mut self, row: &NodeRow<'_>) {
        let gres = gres_of(row);
        let partition = row.partition.ok().flatten();
        if let Some(partition) = partition {
            self.partitions.entry(partition.to_owned()).or_default().add(row, &gres);
            self.add_feature_set(partition, row);
        }
        let partition = partition.map(|partition| self.name(partition));
        match self.places.get(row.node) {
            Some(place) => {
                if let Some(node) = self.nodes.get_mut(*place) {
                    node.partitions.extend(partition);
                }
            }
            None => {
                self.places.insert(row.node.to_owned(), self.nodes.len());
                self.add_node(row, &gres, partition);
            }
        }
    }

    fn add_node(&mut self, row: &NodeRow<'_>, gres: &GresCounts<'_>, partition: Option<Arc<str>>) {
        self.all.add(row, gres);
        for ((name, kind), count) in gres {
            let key = ((*name).to_owned(), (*kind).to_owned());
            self.gres.entry(key).or_default().add(count);
        }
        for (unread, list) in self.unread_gres.iter_mut().zip([&row.gres, &row.allocated_gres]) {
            unread.extend(list.unread.iter().map(|name| (*name).to_owned()));
        }
        self.lacks_features |= row.lacks_features();
        for feature in row.features() {
            *self.by_feature.entry(feature.to_owned()).or_default() += 1;
        }
        self.reasons.extend(row.reason.map(|reason| Reason {
            node: row.node.to_owned(),
            condition: row.state.condition(),
            text: reason.text.to_owned(),
            user: reason.user.unwrap_or_default().to_owned(),
            since: reason.since.ok().flatten(),
        }));
        if self.nodes.len() < MOST_NODES {
            let gres = gres
                .iter()
                .map(|((name, kind), count)| (self.name(&label(name, kind)), *count))
                .collect();
            self.nodes.push(Node {
                name: row.node.to_owned(),
                state: row.state,
                cpus: row.cpus.map(Result::ok),
                memory_bytes: row.memory_bytes.ok(),
                allocated_memory_bytes: row.allocated_memory_bytes.ok(),
                free_memory_bytes: row.free_memory_bytes.ok().flatten(),
                partitions: partition.into_iter().collect(),
                gres,
                lacks_gpus: lacks_gres(row, GPU),
            });
        }
    }

    fn add_feature_set(&mut self, partition: &str, row: &NodeRow<'_>) {
        let features: Vec<&str> = row.features().collect();
        let mut key = (partition.to_owned(), features.join(","));
        let is_full =
            self.feature_sets.len() >= MOST_FEATURE_SETS && !self.feature_sets.contains_key(&key);
        if is_full || row.lacks_features() {
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
        self.all.nodes == 0 && self.overview.is_none()
    }

    /// Ends the counting, and forgets what is needed only while rows come in.
    pub(crate) fn done(&mut self) {
        let [total, allocated] = std::mem::take(&mut self.unread_gres);
        for ((name, _), count) in &mut self.gres {
            let lacks = |unread: &BTreeSet<String>| unread.contains("") || unread.contains(name);
            count.forget((lacks(&total), lacks(&allocated)));
        }
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
        let hides_base =
            matches!((row.cpus.allocated, row.cpus.total), (Err(_), _) | (Ok(1..), Err(_)));
        self.lacks_base |= row.state.base.is_none() && hides_base;
        self.draining += u64::from(row.state.is_draining());
        add_cpus(&mut self.cpus, &row.cpus);
        let used = self.use_by_condition.entry(condition).or_default();
        used.cpus.add(row.cpus.total);
        used.allocated_cpus.add(row.cpus.allocated);
        used.allocated_memory_bytes.add(row.allocated_memory_bytes);
        let mut gpus = GresCount { total: Sum::Of(0), allocated: Sum::Of(0) };
        for (_, count) in gres.iter().filter(|((name, _), _)| *name == GPU) {
            gpus.add(count);
        }
        gpus.forget(lacks_gres(row, GPU));
        add_cpus(&mut self.gpus, &told_apart(&gpus, condition));
        self.memory_bytes.add(row.memory_bytes);
        self.allocated_memory_bytes.add(row.allocated_memory_bytes);
        self.free_memory_bytes.add_some(row.free_memory_bytes);
        self.cpu_load.add_some(row.cpu_load);
        self.weight.add(row.weight);
    }
}

/// The name of the resources that have sums of their own.
const GPU: &str = "gpu";

fn add_cpus(sums: &mut CpuCounts<Sum<u64>>, cpus: &CpuCounts<Field<u64>>) {
    sums.allocated.add(cpus.allocated);
    sums.idle.add(cpus.idle);
    sums.other.add(cpus.other);
    sums.total.add(cpus.total);
}

/// Resources of a node in the condition, told apart as CPUs are.
fn told_apart(count: &GresCount, condition: NodeCondition) -> CpuCounts<Field<u64>> {
    let known = |sum: Sum<u64>| sum.known().ok_or(RowError::Gres);
    let (total, allocated) = (known(count.total), known(count.allocated));
    let free = match total {
        // A node without the resource has none left, whatever jobs have.
        Ok(0) => Ok(0),
        total => total.and_then(|total| Ok(total.saturating_sub(allocated?))),
    };
    let none = Ok(0);
    let (idle, other) = if condition.takes_jobs() { (free, none) } else { (none, free) };
    CpuCounts { allocated, idle, other, total }
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
        counts.done();
        counts
    }

    fn gres_count(total: u64, allocated: u64) -> GresCount {
        GresCount { total: Sum::Of(total), allocated: Sum::Of(allocated) }
    }

    #[test]
    fn a_sum_of_which_one_node_lacks_its_part_is_not_told_and_the_others_are() {
        let good =
            "w1|p|idle|idle|1/3/0/4|2000|100|500|0.50|1|gpu:a100:2|gpu:a100:1|f|Unknown|root|none";
        let w2 = good.replacen("w1", "w2", 1);
        let both = nodes(&[good, &w2]).all;
        for (from, to) in [
            ("|1/3/0/4|", "|1/3/0/-4|"),
            ("|1/3/0/4|", "|x/3/0/4|"),
            ("|2000|", "|(null)|"),
            ("|100|", "||"),
            ("|500|", "|-1|"),
            ("|0.50|", "|NaN|"),
            ("|1|gpu", "|one|gpu"),
            ("gpu:a100:2", "gpu:a100:-2"),
            ("gpu:a100:2", "gpu:a b:2"),
            ("gpu:a100:2", "gpu:a100:2(S:0"),
            ("gpu:a100:1", "gpu:a100:(null)"),
        ] {
            let all = nodes(&[good, &w2.replacen(from, to, 1)]).all;
            let same = [
                all.cpus.allocated == both.cpus.allocated,
                all.cpus.total == both.cpus.total,
                all.memory_bytes == both.memory_bytes,
                all.allocated_memory_bytes == both.allocated_memory_bytes,
                all.free_memory_bytes == both.free_memory_bytes,
                all.cpu_load == both.cpu_load,
                all.weight == both.weight,
                all.gpus == both.gpus,
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{to}: {same:?}");
            assert_eq!((all.nodes, &all.by_condition), (2, &both.by_condition), "{to}");
        }
    }

    #[test]
    fn which_resources_a_list_may_lack_is_told_by_its_name() {
        let row = |node: &str, gres: &str| {
            format!("{node}|p|idle|idle|0/4/0/4|2000|0|500|0.5|1|{gres}|gpu:0|f|Unknown|root|none")
        };
        let gres = |odd: &str| {
            let counts = nodes(&[&row("w1", "gpu:a100:2,mps:7"), &row("w2", odd)]);
            let total = |name: &str, kind: &str| {
                counts.gres.get(&(name.to_owned(), kind.to_owned())).map(|count| count.total)
            };
            (total("gpu", "a100"), total("mps", ""), counts.all.gpus.total)
        };
        let (gpus, mps) = (Some(Sum::Of(2)), Some(Sum::Of(7)));
        assert_eq!(gres("gpu:(null):3"), (gpus, mps, Sum::Of(5)));
        assert_eq!(gres("gpu:a b:3"), (Some(Sum::Unknown), mps, Sum::Unknown));
        assert_eq!(gres("gpu:-3"), (gpus, mps, Sum::Unknown));
        assert_eq!(gres("mps:x:y:3"), (gpus, Some(Sum::Unknown), Sum::Of(2)));
        assert_eq!(gres("(3"), (Some(Sum::Unknown), Some(Sum::Unknown), Sum::Unknown));
    }

    #[test]
    fn a_node_in_no_partition_counts() {
        let counts = nodes(&[
            "w1||down|down|0/0/4/4|2000|0|500|0.5|1|(null)|gpu:0|f|Unknown|root|burnt",
            "w2|(x)|idle|idle|0/4/0/4|2000|0|500|0.5|1|(null)|gpu:0|f|Unknown|root|none",
        ]);
        assert_eq!((counts.all.nodes, counts.partitions.len(), counts.reasons.len()), (2, 0, 1));
        assert!(!counts.is_empty());
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
        assert_eq!(
            counts.all.cpus,
            CpuCounts { allocated: 1, idle: 11, other: 0, total: 12 }.map(Sum::Of)
        );
        assert_eq!(counts.all.memory_bytes, Sum::Of(6000 << 20));
        assert_eq!(counts.all.allocated_memory_bytes, Sum::Of(100 << 20));
        assert_eq!(counts.partitions["latency"].cpus.total, Sum::Of(12));
        assert_eq!(counts.partitions["throughput"].cpus.total, Sum::Of(4));
        let gres = |kind: &str| counts.gres[&("gpu".to_owned(), kind.to_owned())];
        assert_eq!(gres("a100"), gres_count(4, 1));
        assert_eq!(gres("1g.5gb"), gres_count(7, 0));
        assert_eq!(counts.gres.len(), 2);
        assert_eq!(counts.by_feature, [("fast".to_owned(), 2), ("r1".to_owned(), 1)].into());
        // w1 has one GPU of two left; those of w3 are not to be had.
        let gpus = CpuCounts { allocated: 1, idle: 1, other: 9, total: 11 }.map(Sum::Of);
        assert_eq!((counts.all.gpus, counts.partitions["latency"].gpus), (gpus, gpus));
        let w1 = &counts.nodes[0];
        assert_eq!((w1.name.as_str(), &*w1.partitions[1]), ("w1", "throughput"));
        assert_eq!(w1.gres[0], ("gpu:a100".into(), gres_count(2, 1)));
        assert_eq!(counts.nodes[2].gpus(), gres_count(9, 0));
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
        let (most, part) = (u64::MAX, u64::MAX >> 1);
        let memory = part >> 20;
        let row = |node: &str| {
            let cpus = format!("{part}/{part}/{part}/{part}");
            let gres = format!("gpu:{part}|gpu:{part}");
            format!(
                "{node}|p|mixed|mixed|{cpus}|{memory}|{memory}|N/A|N/A|1|{gres}|(null)|Unknown|root|none"
            )
        };
        let counts = nodes(&[&row("w1"), &row("w2"), &row("w3")]);
        let cpus = CpuCounts { allocated: most, idle: most, other: most, total: most }.map(Sum::Of);
        assert_eq!((counts.all.cpus, counts.partitions["p"].cpus), (cpus, cpus));
        assert_eq!(
            (counts.all.memory_bytes, counts.all.allocated_memory_bytes),
            (Sum::Of(most), Sum::Of(most))
        );
        let gpus = counts.gres[&("gpu".to_owned(), String::new())];
        assert_eq!(gpus, gres_count(most, most));
    }
}
