//! Nodes as `/nodes` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::gres::Gres;
use crate::nodes::{CpuCounts, NodeReason, NodeRow};
use crate::rows::{RowError, name, optional_word};
use crate::state::{NodeBase, NodeFlag, NodeState};

/// What counts of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    name: Value,
    /// A list from v0.0.39 on.
    partitions: Value,
    /// The base state; from v0.0.39 on a list, in which the flags stand too.
    state: Value,
    /// To v0.0.38.
    state_flags: Value,
    cpus: Value,
    alloc_cpus: Value,
    /// In MiB, as the next.
    real_memory: Value,
    alloc_memory: Value,
    /// From v0.0.39 on `free_mem`.
    #[serde(alias = "free_mem")]
    free_memory: Value,
    /// In hundredths.
    cpu_load: Value,
    weight: Value,
    gres: Value,
    gres_used: Value,
    /// A list from v0.0.39 on, before with commas.
    active_features: Value,
    reason: Value,
    reason_set_by_user: Value,
    reason_changed_at: Value,
}

impl Node {
    /// Hands on its rows, one for each of its partitions.
    ///
    /// # Errors
    /// Names the first value that is not what Slurm writes there; then there is no row.
    pub(super) fn rows(&self, mut on_row: impl FnMut(&NodeRow<'_>)) -> Result<(), RowError> {
        let partitions = self.partitions.words()?;
        let names = partitions.into_iter().filter(|partition| !partition.is_empty()).map(name);
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let features = self.active_features.words()?.join(",");
        let features = optional_word(&features)?.unwrap_or_default();
        let mut row = self.row(features)?;
        for partition in names {
            row.partition = partition;
            on_row(&row);
        }
        Ok(())
    }

    /// The row in no partition yet.
    fn row<'a>(&'a self, features: &'a str) -> Result<NodeRow<'a>, RowError> {
        let mut state = self.state.words()?;
        state.extend(self.state_flags.words()?.into_iter().filter(|flag| !flag.is_empty()));
        let state = NodeState::parse(&state.join("+")).ok_or(RowError::State)?;
        let text = Some(self.reason.text()?.trim()).filter(|text| !text.is_empty());
        let user = optional_word(self.reason_set_by_user.text()?)?;
        let since = self.reason_changed_at.time()?;
        Ok(NodeRow {
            node: name(self.name.text()?)?,
            partition: "",
            cpus: self.cpus(state)?,
            state,
            is_in_one_word: false,
            memory_bytes: bytes(self.real_memory.whole()?)?,
            allocated_memory_bytes: bytes(self.alloc_memory.whole()?)?,
            free_memory_bytes: self.free_memory.known()?.map(bytes).transpose()?,
            cpu_load: self.cpu_load.known()?.map(|load| load as f64 / 100.0),
            weight: self.weight.whole()?,
            gres: Gres::parse_list(self.gres.text()?)?,
            allocated_gres: Gres::parse_list(self.gres_used.text()?)?,
            reason: text.map(|text| NodeReason { text, user, since }),
            features,
        })
    }

    /// The counts as sinfo makes them: what no job has of a node that is down or drained is not idle.
    fn cpus(&self, state: NodeState) -> Result<CpuCounts, RowError> {
        let (total, allocated) = (self.cpus.whole()?, self.alloc_cpus.whole()?);
        let free = total.checked_sub(allocated).ok_or(RowError::Number)?;
        let is_out = state.base == Some(NodeBase::Down) || state.has(NodeFlag::Drain);
        let (idle, other) = if is_out { (0, free) } else { (free, 0) };
        Ok(CpuCounts { allocated, idle, other, total })
    }
}

fn bytes(mebibytes: u64) -> Result<u64, RowError> {
    mebibytes.checked_mul(1 << 20).ok_or(RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).unwrap()
    }

    const V38: &str = r#"{"name": "w1", "partitions": ["fast", "slow"], "state": "mixed",
        "state_flags": ["DRAIN"], "cpus": 4, "alloc_cpus": 3, "idle_cpus": 1, "real_memory": 2000,
        "alloc_memory": 512, "gres": "gpu:a100:2(S:0-1)", "gres_used": "gpu:a100:1(IDX:0)",
        "active_features": "avx512,rack1", "reason": "disk \"full\"\nsince noon",
        "reason_set_by_user": "root", "reason_changed_at": 1795549471, "tres_weighted": 3.0, "cpu_load": 125,
        "free_memory": 900, "weight": 10}"#;

    /// The same node as newer releases write it.
    const V42: &str = r#"{"name": "w1", "partitions": ["fast", "slow"], "state": ["MIXED", "DRAIN"],
        "cpus": 4, "effective_cpus": 4, "alloc_cpus": 3, "alloc_idle_cpus": 1, "real_memory": 2000,
        "alloc_memory": 512, "gres": "gpu:a100:2(S:0-1)", "gres_used": "gpu:a100:1(IDX:0)",
        "active_features": ["avx512", "rack1"], "reason": "disk \"full\"\nsince noon",
        "reason_set_by_user": "root", "external_sensors": {}, "topology": "t1",
        "cpu_load": 125, "free_mem": {"set": true, "infinite": false, "number": 900}, "weight": 10,
        "reason_changed_at": {"set": true, "infinite": false, "number": 1795549471}}"#;

    #[test]
    fn reads_the_same_of_any_release() {
        for json in [V38, V42] {
            let node = node(json);
            let mut partitions = Vec::new();
            let rows = node.rows(|row| {
                partitions.push(row.partition.to_owned());
                let cpus = CpuCounts { allocated: 3, idle: 0, other: 1, total: 4 };
                assert_eq!((row.node, row.cpus), ("w1", cpus));
                assert_eq!(row.state.condition().word(), "draining");
                assert_eq!((row.memory_bytes, row.allocated_memory_bytes), (2000 << 20, 512 << 20));
                assert_eq!((row.free_memory_bytes, row.cpu_load), (Some(900 << 20), Some(1.25)));
                assert_eq!(row.weight, 10);
                assert_eq!((row.gres[0].count, row.allocated_gres[0].count), (2, 1));
                assert_eq!(row.features().collect::<Vec<_>>(), ["avx512", "rack1"]);
                let text = "disk \"full\"\nsince noon";
                let (user, since) = (Some("root"), Some(1_795_549_471));
                assert_eq!(row.reason, Some(NodeReason { text, user, since }));
            });
            assert_eq!((rows, partitions), (Ok(()), vec!["fast".to_owned(), "slow".to_owned()]));
        }
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let bare = node(
            r#"{"name": "w2", "partitions": ["p"], "state": ["SLEEPING", "SPARKLING"], "cpus": 4,
                "alloc_cpus": 1, "real_memory": 1000, "alloc_memory": 0, "gres": "", "gres_used": "",
                "active_features": [], "reason": "", "reason_set_by_user": null,
                "reason_changed_at": 0, "free_memory": -2, "cpu_load": 4294967294, "weight": 1}"#,
        );
        let rows = bare.rows(|row| {
            assert_eq!((row.state.base, row.reason), (Some(NodeBase::Other), None));
            assert_eq!(row.state.flags().collect::<Vec<_>>(), [NodeFlag::Other]);
            assert_eq!((row.cpus.idle, row.cpus.other), (3, 0));
            assert_eq!((row.free_memory_bytes, row.cpu_load), (None, None));
            assert_eq!((row.gres.len(), row.features().count()), (0, 0));
        });
        assert_eq!(rows, Ok(()));
        // sinfo shows no row of a node in no partition either.
        let nowhere = V42.replace(r#"["fast", "slow"]"#, "[]");
        assert_eq!(node(&nowhere).rows(|row| panic!("{row:?}")), Ok(()));
    }

    #[test]
    fn never_guesses() {
        for (from, to, error) in [
            (V42, "{}", RowError::State),
            ("\"w1\"", "\"\"", RowError::Name),
            ("\"w1\"", "\"w[1-2]\"", RowError::Name),
            ("\"w1\"", "7", RowError::Fields),
            ("\"fast\"", "\"fa st\"", RowError::Name),
            ("\"fast\"", "{}", RowError::Fields),
            ("\"MIXED\"", "\"MIX ED\"", RowError::State),
            ("\"MIXED\", \"DRAIN\"", "", RowError::State),
            ("\"alloc_cpus\": 3", "\"alloc_cpus\": 5", RowError::Number),
            ("\"real_memory\": 2000", "\"real_memory\": 18446744073709551615", RowError::Number),
            ("gpu:a100:2(S:0-1)", "gpu:a100:2(S:0-1", RowError::Gres),
            ("\"rack1\"", "\"ra\\tck1\"", RowError::Name),
            ("\"number\": 1795549471", "\"number\": 1e12", RowError::Time),
        ] {
            let json = V42.replacen(from, to, 1);
            assert_eq!(node(&json).rows(|row| panic!("{row:?}")), Err(error), "{json}");
        }
    }
}
