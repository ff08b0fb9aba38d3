//! Nodes as `/nodes` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::cpus::CpuCounts;
use crate::gres::GresList;
use crate::lost::{Field, LeftOut, RowError};
use crate::nodes::{NodeReason, NodeRow};
use crate::rows::{name, optional_word};
use crate::state::{NodeBase, NodeFlag, NodeState};

/// What counts of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) name: Value,
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
    /// Hands on its rows, one for each of its partitions, or one in none where it is in none.
    ///
    /// # Errors
    /// The node has no name.
    pub(super) fn rows(&self, mut on_row: impl FnMut(&NodeRow<'_>)) -> Result<LeftOut, RowError> {
        let features = self.active_features.words().map(|words| words.join(","));
        let mut row = self.row(features.as_deref().map_err(|error| *error))?;
        let partitions = row.left_out.note(self.partitions.words()).unwrap_or_default();
        let mut is_in_one = false;
        for partition in partitions.into_iter().filter(|partition| !partition.is_empty()) {
            if let Ok(partition) = row.left_out.note(name(partition)) {
                row.partition = Ok(Some(partition));
                on_row(&row);
                is_in_one = true;
            }
        }
        if !is_in_one {
            on_row(&row);
        }
        Ok(row.left_out)
    }

    /// The row in no partition.
    fn row<'a>(&'a self, features: Field<&'a str>) -> Result<NodeRow<'a>, RowError> {
        let mut left_out = LeftOut::default();
        let mut words = left_out.note(self.state.words()).unwrap_or_else(|_| vec!["other"]);
        let flags = left_out.note(self.state_flags.words()).unwrap_or_default();
        words.extend(flags.into_iter().filter(|flag| !flag.is_empty()));
        let (state, is_state) = NodeState::read(&words.join("+"));
        let cpus = self.cpus(state, self.state.words().is_ok() && left_out.note(is_state).is_ok());
        let _counted = left_out.note(cpus.check());
        let gres = left_out.note(self.gres.text()).map_or_else(GresList::unread, GresList::parse);
        let allocated_gres = left_out.note(self.gres_used.text());
        let allocated_gres = allocated_gres.map_or_else(GresList::unread, GresList::parse);
        let _counted = (left_out.note(gres.check()), left_out.note(allocated_gres.check()));
        let text = left_out.note(self.reason.text()).unwrap_or_default().trim();
        let user = left_out.note(self.reason_set_by_user.text()).ok().and_then(optional_word);
        let since = left_out.note(self.reason_changed_at.time());
        Ok(NodeRow {
            node: name(self.name.text()?)?,
            partition: Ok(None),
            cpus,
            state,
            is_in_one_word: false,
            memory_bytes: left_out.note(self.real_memory.whole().and_then(bytes)),
            allocated_memory_bytes: left_out.note(self.alloc_memory.whole().and_then(bytes)),
            free_memory_bytes: left_out
                .note(self.free_memory.known().and_then(|memory| memory.map(bytes).transpose())),
            cpu_load: left_out
                .note(self.cpu_load.known())
                .map(|load| load.map(|load| load as f64 / 100.0)),
            weight: left_out.note(self.weight.whole()),
            gres,
            allocated_gres,
            reason: Some(text).filter(|text| !text.is_empty()).map(|text| NodeReason {
                text,
                user,
                since,
            }),
            features: left_out.note(features).map(|text| optional_word(text).unwrap_or_default()),
            left_out,
        })
    }

    /// The counts as sinfo makes them: what no job has of a node that is down or drained is not idle.
    fn cpus(&self, state: NodeState, is_state_known: bool) -> CpuCounts<Field<u64>> {
        let (total, allocated) = (self.cpus.whole(), self.alloc_cpus.whole());
        let free = total.and_then(|total| {
            total.checked_sub(allocated?).filter(|_| is_state_known).ok_or(RowError::Number)
        });
        let none = if is_state_known { Ok(0) } else { Err(RowError::State) };
        let is_out = state.base == Some(NodeBase::Down) || state.has(NodeFlag::Drain);
        let (idle, other) = if is_out { (none, free) } else { (free, none) };
        CpuCounts { allocated, idle, other, total }
    }
}

fn bytes(mebibytes: u64) -> Field<u64> {
    mebibytes.checked_mul(1 << 20).ok_or(RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).unwrap()
    }

    const NOTHING: Result<u64, RowError> = Ok(0);

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
                partitions.push(row.partition.unwrap().unwrap().to_owned());
                let cpus = CpuCounts { allocated: 3, idle: 0, other: 1, total: 4 }.map(Ok);
                assert_eq!((row.node, row.cpus), ("w1", cpus));
                assert_eq!(row.state.condition().word(), "draining");
                let memory = (row.memory_bytes, row.allocated_memory_bytes, row.free_memory_bytes);
                assert_eq!(memory, (Ok(2000 << 20), Ok(512 << 20), Ok(Some(900 << 20))));
                assert_eq!((row.cpu_load, row.weight), (Ok(Some(1.25)), Ok(10)));
                let (gres, allocated) = (&row.gres.known[0], &row.allocated_gres.known[0]);
                assert_eq!((gres.count, allocated.count), (Ok(2), Ok(1)));
                assert_eq!(row.features().collect::<Vec<_>>(), ["avx512", "rack1"]);
                let text = "disk \"full\"\nsince noon";
                let (user, since) = (Some("root"), Ok(Some(1_795_549_471)));
                assert_eq!(row.reason, Some(NodeReason { text, user, since }));
            });
            let left_out = rows.map(|left_out| left_out.total());
            assert_eq!(
                (left_out, partitions),
                (NOTHING, vec!["fast".to_owned(), "slow".to_owned()])
            );
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
            assert_eq!((row.cpus.idle, row.cpus.other), (Ok(3), Ok(0)));
            assert_eq!((row.free_memory_bytes, row.cpu_load), (Ok(None), Ok(None)));
            assert_eq!((row.gres.known.len(), row.features().count()), (0, 0));
        });
        assert_eq!(rows.map(|left_out| left_out.total()), NOTHING);
    }

    #[test]
    fn a_node_in_no_partition_is_a_node() {
        for (partitions, left_out) in
            [("[]", 0), ("[\"\"]", 0), ("null", 0), ("{}", 1), ("[\"a b\"]", 1)]
        {
            let mut rows = 0;
            let nowhere = V42.replace(r#"["fast", "slow"]"#, partitions);
            let outcome = node(&nowhere).rows(|row| {
                assert_eq!((row.partition, row.cpus.total), (Ok(None), Ok(4)));
                rows += 1;
            });
            assert_eq!((rows, outcome.map(|left_out| left_out.total())), (1, Ok(left_out)));
        }
    }

    #[test]
    fn one_odd_value_costs_itself_alone() {
        let values = |json: &str| {
            let mut values = Vec::new();
            let left_out = node(json).rows(|row| {
                values = vec![
                    format!("{:?} {:?}", row.state.base, row.state.flags().collect::<Vec<_>>()),
                    format!("{:?}", row.cpus.allocated.ok()),
                    format!("{:?} {:?}", row.cpus.idle.ok(), row.cpus.other.ok()),
                    format!("{:?}", row.cpus.total.ok()),
                    format!("{:?}", row.memory_bytes.ok()),
                    format!("{:?}", row.free_memory_bytes.ok()),
                    format!("{:?}", row.cpu_load.ok()),
                    format!("{:?}", row.weight.ok()),
                    format!("{:?}", row.gres.check()),
                    format!("{:?}", row.allocated_gres.check()),
                    format!("{:?}", row.reason),
                    format!("{:?}", row.features),
                ];
            });
            (values, left_out.map(|left_out| left_out.iter().collect::<Vec<_>>()))
        };
        let (good, _) = values(V42);
        // Which CPUs are free is made of the state and of the other two.
        for (from, to, error, different) in [
            ("\"MIXED\"", "\"MIX ED\"", RowError::State, 2),
            ("\"MIXED\", \"DRAIN\"", "", RowError::State, 2),
            ("[\"MIXED\", \"DRAIN\"]", "7", RowError::Fields, 2),
            ("\"alloc_cpus\": 3", "\"alloc_cpus\": 5", RowError::Number, 2),
            ("\"alloc_cpus\": 3", "\"alloc_cpus\": null", RowError::Number, 2),
            ("\"cpus\": 4", "\"cpus\": -4", RowError::Number, 2),
            ("\"real_memory\": 2000", "\"real_memory\": 18446744073709551615", RowError::Number, 1),
            ("\"number\": 900", "\"number\": \"many\"", RowError::Number, 1),
            ("\"cpu_load\": 125", "\"cpu_load\": {}", RowError::Number, 1),
            ("\"weight\": 10", "\"weight\": []", RowError::Number, 1),
            ("gpu:a100:2(S:0-1)", "gpu:a100:2(S:0-1", RowError::Gres, 1),
            ("\"gpu:a100:1(IDX:0)\"", "1", RowError::Fields, 1),
            ("[\"avx512\", \"rack1\"]", "{}", RowError::Fields, 1),
            ("\"number\": 1795549471", "\"number\": 1e12", RowError::Time, 1),
        ] {
            let (now, left_out) = values(&V42.replacen(from, to, 1));
            let reasons: Vec<_> = left_out.unwrap().iter().map(|(error, _)| *error).collect();
            assert!(reasons.contains(&error), "{from} {to}: {reasons:?}");
            let count = now.iter().zip(&good).filter(|(now, good)| now != good).count();
            assert!(count <= different && count > 0, "{from} {to}: {now:?}");
        }
        for (from, to, error) in [
            ("\"w1\"", "\"\"", RowError::Name),
            ("\"w1\"", "\"w[1-2]\"", RowError::Name),
            ("\"w1\"", "7", RowError::Fields),
        ] {
            assert_eq!(values(&V42.replacen(from, to, 1)).1, Err(error), "{from} {to}");
        }
    }
}
