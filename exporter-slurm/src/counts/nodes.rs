//! What one snapshot says of nodes and partitions.

use std::collections::{BTreeMap, HashSet};

use edctl_slurm::{CpuCounts, Gres, NodeCondition, NodeFlag, NodeRow};

use super::grow;

/// Counts of nodes; each node once, however many partitions it is in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NodeCounts {
    seen: HashSet<String>,
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    pub(crate) by_flag: BTreeMap<&'static str, u64>,
    pub(crate) cpus: CpuCounts,
    pub(crate) memory_bytes: u64,
    pub(crate) allocated_memory_bytes: u64,
    /// Generic resources by name and type; the type is empty where there is none.
    pub(crate) gres: BTreeMap<(String, String), GresCount>,
    pub(crate) by_feature: BTreeMap<String, u64>,
    /// Nodes that somebody gave a reason, in the order of the rows.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) partitions: BTreeMap<String, PartitionCounts>,
}

/// Generic resources that nodes have, and what of them jobs have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GresCount {
    pub(crate) total: u64,
    pub(crate) allocated: u64,
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

/// A partition's share of [`NodeCounts`].
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PartitionCounts {
    pub(crate) by_condition: BTreeMap<NodeCondition, u64>,
    pub(crate) cpus: CpuCounts,
}

impl NodeCounts {
    /// Takes in one row.
    pub(crate) fn add(&mut self, row: &NodeRow<'_>) {
        let condition = row.state.condition();
        let partition = self.partitions.entry(row.partition.to_owned()).or_default();
        *partition.by_condition.entry(condition).or_default() += 1;
        partition.cpus.add(&row.cpus);

        if self.seen.contains(row.node) {
            return;
        }
        self.seen.insert(row.node.to_owned());
        *self.by_condition.entry(condition).or_default() += 1;
        for flag in row.state.flags() {
            *self.by_flag.entry(NodeFlag::word(flag)).or_default() += 1;
        }
        self.cpus.add(&row.cpus);
        grow(&mut self.memory_bytes, row.memory_bytes);
        grow(&mut self.allocated_memory_bytes, row.allocated_memory_bytes);
        for gres in &row.gres {
            grow(&mut self.gres_count(gres).total, gres.count);
        }
        // Slurm shows 0 of each name on nodes that have none of it.
        for gres in row.allocated_gres.iter().filter(|gres| gres.count > 0) {
            grow(&mut self.gres_count(gres).allocated, gres.count);
        }
        for feature in row.features() {
            *self.by_feature.entry(feature.to_owned()).or_default() += 1;
        }
        self.reasons.extend(row.reason.map(|reason| Reason {
            node: row.node.to_owned(),
            condition,
            text: reason.text.to_owned(),
            user: reason.user.unwrap_or_default().to_owned(),
            since: reason.since,
        }));
    }

    fn gres_count(&mut self, gres: &Gres<'_>) -> &mut GresCount {
        let kind = gres.kind.unwrap_or_default();
        self.gres.entry((gres.name.to_owned(), kind.to_owned())).or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// Forgets the names, which are needed only while rows come in.
    pub(crate) fn done(&mut self) {
        self.seen = HashSet::new();
    }
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
            "w1|latency|mixed|1/3/0/4|2000|100|500|0.50|1|gpu:a100:2|gpu:a100:1(IDX:0)|fast,r1|Unknown|root|none",
            "w1|throughput|mixed|1/3/0/4|2000|100|500|0.50|1|gpu:a100:2|gpu:a100:1(IDX:0)|fast,r1|Unknown|root|none",
            "w2|latency|idle+not_responding|0/4/0/4|2000|0|N/A|N/A|1|(null)|gpu:0|fast|1795549471|root|burnt",
            "w3|latency|down|0/4/0/4|2000|0|N/A|N/A|1|gpu:a100:2,gpu:1g.5gb:7||(null)|Unknown|Unknown|a|b",
        ]);
        assert_eq!(
            counts.by_condition,
            [
                (NodeCondition::Down, 1),
                (NodeCondition::NotResponding, 1),
                (NodeCondition::Mixed, 1),
            ]
            .into()
        );
        assert_eq!(counts.by_flag, [("not_responding", 1)].into());
        assert_eq!(counts.cpus, CpuCounts { allocated: 1, idle: 11, other: 0, total: 12 });
        assert_eq!(counts.memory_bytes, 6000 << 20);
        assert_eq!(counts.allocated_memory_bytes, 100 << 20);
        assert_eq!(counts.partitions["latency"].cpus.total, 12);
        assert_eq!(counts.partitions["throughput"].cpus.total, 4);
        let gres = |kind: &str| counts.gres[&("gpu".to_owned(), kind.to_owned())];
        assert_eq!(gres("a100"), GresCount { total: 4, allocated: 1 });
        assert_eq!(gres("1g.5gb"), GresCount { total: 7, allocated: 0 });
        assert_eq!(counts.gres.len(), 2);
        assert_eq!(counts.by_feature, [("fast".to_owned(), 2), ("r1".to_owned(), 1)].into());
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
                "{node}|p|mixed|{cpus}|{memory}|{memory}|N/A|N/A|1|{gres}|(null)|Unknown|root|none"
            )
        };
        let counts = nodes(&[&row("w1"), &row("w2"), &row("w3")]);
        let cpus = CpuCounts { allocated: most, idle: most, other: most, total: most };
        assert_eq!((counts.cpus, counts.partitions["p"].cpus), (cpus, cpus));
        assert_eq!((counts.memory_bytes, counts.allocated_memory_bytes), (most, most));
        let gpus = counts.gres[&("gpu".to_owned(), String::new())];
        assert_eq!(gpus, GresCount { total: most, allocated: most });
    }
}
