//! slurmctld's figures of itself as `/diag` shows them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::answer::{Elements, MaybeElements, Object};
use super::value::Value;
use crate::diag::{Diag, Figure, RpcCount, Stamp};
use crate::lost::{LeftOut, Rejected, RowError};
use crate::rows::optional_word;

/// The key under which they stand.
pub(super) const KEY: &str = "statistics";

/// Where each figure stands.
const FIGURES: [(&str, Figure); 35] = [
    ("server_thread_count", Figure::ServerThreads),
    ("agent_queue_size", Figure::AgentQueue),
    ("agent_count", Figure::Agents),
    ("agent_thread_count", Figure::AgentThreads),
    ("dbd_agent_queue_size", Figure::DbdAgentQueue),
    ("jobs_submitted", Figure::JobsSubmitted),
    ("jobs_started", Figure::JobsStarted),
    ("jobs_completed", Figure::JobsCompleted),
    ("jobs_canceled", Figure::JobsCanceled),
    ("jobs_failed", Figure::JobsFailed),
    ("jobs_pending", Figure::JobsPending),
    ("jobs_running", Figure::JobsRunning),
    ("schedule_cycle_last", Figure::MainLastCycle),
    ("schedule_cycle_max", Figure::MainMaxCycle),
    ("schedule_cycle_total", Figure::MainCycles),
    ("schedule_cycle_mean", Figure::MainMeanCycle),
    ("schedule_cycle_mean_depth", Figure::MainMeanDepth),
    ("schedule_cycle_per_minute", Figure::MainCyclesPerMinute),
    ("schedule_queue_length", Figure::MainQueue),
    ("bf_backfilled_jobs", Figure::BackfilledJobs),
    ("bf_last_backfilled_jobs", Figure::BackfilledSinceReset),
    ("bf_backfilled_het_jobs", Figure::BackfilledHetComponents),
    ("bf_cycle_counter", Figure::BackfillCycles),
    ("bf_cycle_last", Figure::BackfillLastCycle),
    ("bf_cycle_max", Figure::BackfillMaxCycle),
    ("bf_cycle_mean", Figure::BackfillMeanCycle),
    // The next two from v0.0.39 on.
    ("bf_last_depth", Figure::BackfillLastDepth),
    ("bf_last_depth_try", Figure::BackfillLastTried),
    ("bf_depth_mean", Figure::BackfillMeanDepth),
    ("bf_depth_mean_try", Figure::BackfillMeanTried),
    ("bf_queue_len", Figure::BackfillQueue),
    ("bf_queue_len_mean", Figure::BackfillMeanQueue),
    ("bf_table_size", Figure::BackfillTable),
    ("bf_table_size_mean", Figure::BackfillMeanTable),
    ("gettimeofday_latency", Figure::ClockLatency),
];

/// Why cycles ended, from v0.0.40 on: each figure, and the object in which it stands.
const EXITS: [(&str, &str, Figure); 12] = [
    ("schedule_exit", "end_job_queue", Figure::MainExitEnd),
    ("schedule_exit", "default_queue_depth", Figure::MainExitDepth),
    ("schedule_exit", "max_job_start", Figure::MainExitStarts),
    ("schedule_exit", "licenses", Figure::MainExitLicenses),
    ("schedule_exit", "max_rpc_cnt", Figure::MainExitRpcs),
    ("schedule_exit", "max_sched_time", Figure::MainExitTimeout),
    ("bf_exit", "end_job_queue", Figure::BackfillExitEnd),
    ("bf_exit", "bf_max_job_start", Figure::BackfillExitStarts),
    ("bf_exit", "bf_max_job_test", Figure::BackfillExitTests),
    ("bf_exit", "state_changed", Figure::BackfillExitChanged),
    ("bf_exit", "bf_node_space_size", Figure::BackfillExitTable),
    ("bf_exit", "bf_max_time", Figure::BackfillExitTimeout),
];

/// Requests by type or by user.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Rpc {
    message_type: Value,
    user: Value,
    count: Value,
    total_time: Value,
}

impl Rpc {
    fn count(&self, name: &Value, left_out: &mut LeftOut) -> Result<RpcCount, RowError> {
        let name = optional_word(name.text()?).ok_or(RowError::Name)?.to_owned();
        let count = left_out.note(self.count.whole());
        Ok(RpcCount { name, count, total_usec: left_out.note(self.total_time.whole()) })
    }
}

/// Takes in the object under [`KEY`].
pub(super) struct Statistics<'a> {
    pub(super) diag: &'a mut Diag,
    pub(super) rejected: &'a mut Rejected,
}

impl<'de> DeserializeSeed<'de> for Statistics<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Statistics<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of figures")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "rpcs_by_message_type" => {
                    let (counts, rejected) = (&mut self.diag.rpcs_by_type, &mut *self.rejected);
                    map.next_value_seed(rpcs(counts, rejected, |rpc| &rpc.message_type))?;
                }
                "rpcs_by_user" => {
                    let (counts, rejected) = (&mut self.diag.rpcs_by_user, &mut *self.rejected);
                    map.next_value_seed(rpcs(counts, rejected, |rpc| &rpc.user))?;
                }
                "req_time" => self.diag.asked = self.stamp(&key, &map.next_value()?),
                "job_states_ts" => self.diag.jobs_counted = self.stamp(&key, &map.next_value()?),
                "req_time_start" => self.diag.since = self.stamp(&key, &map.next_value()?),
                "bf_when_last_cycle" => {
                    self.diag.backfill_last_cycle = self.stamp(&key, &map.next_value()?);
                }
                "bf_active" => {
                    let mut left_out = LeftOut::default();
                    let flag = left_out.note(map.next_value::<Value>()?.flag());
                    self.diag.is_backfilling = flag.ok();
                    self.rejected.note(&Ok(left_out), &key);
                }
                "schedule_exit" | "bf_exit" => self.exits(&key, map.next_value()?),
                key => match FIGURES.iter().find(|(name, _)| *name == key) {
                    Some((_, figure)) => self.figure(*figure, key, &map.next_value()?),
                    None => _ = map.next_value::<IgnoredAny>()?,
                },
            }
        }
        *self.diag = std::mem::take(self.diag).without_what_never_was();
        Ok(())
    }
}

impl Statistics<'_> {
    fn figure(&mut self, figure: Figure, key: &str, value: &Value) {
        let mut left_out = LeftOut::default();
        if let Ok(Some(number)) = left_out.note(value.known()) {
            self.diag.figures.insert(figure, number);
        }
        self.rejected.note(&Ok(left_out), key);
    }

    fn stamp(&mut self, key: &str, value: &Value) -> Option<Stamp> {
        let mut left_out = LeftOut::default();
        let stamp = left_out.note(value.stamp());
        self.rejected.note(&Ok(left_out), key);
        stamp.ok().flatten()
    }

    /// Takes in one of the objects of [`EXITS`].
    fn exits(&mut self, object: &str, exits: Object<BTreeMap<String, Value>>) {
        let Some(exits) = exits.0 else {
            self.rejected.note(&Err(RowError::Fields), object);
            return;
        };
        for (name, value) in exits {
            let known = |exit: &&(&str, &str, _)| (exit.0, exit.1) == (object, &*name);
            if let Some((.., figure)) = EXITS.iter().find(known) {
                self.figure(*figure, &name, &value);
            }
        }
    }
}

fn rpcs<'de>(
    counts: &mut Vec<RpcCount>,
    rejected: &mut Rejected,
    name: fn(&Rpc) -> &Value,
) -> impl DeserializeSeed<'de, Value = ()> {
    MaybeElements(Elements::new(move |rpc: Option<Rpc>| {
        let mut left_out = LeftOut::default();
        let count = rpc.as_ref().ok_or(RowError::Fields);
        let count = count.and_then(|rpc| rpc.count(name(rpc), &mut left_out));
        let sample = rpc.as_ref().map_or(Ok("requests"), |rpc| name(rpc).text());
        rejected.note(
            &count.map(|count| {
                counts.push(count);
                left_out
            }),
            sample.unwrap_or_default(),
        );
    }))
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    const V38: &str = r#"{"errors": [], "statistics": {"rpcs_by_message_type": [
        {"message_type": "REQUEST_PING", "type_id": 1008, "count": 2, "average_time": 5, "total_time": 10}],
        "rpcs_by_user": [{"user": "ada", "user_id": 7, "count": 3, "average_time": 1, "total_time": 4}],
        "req_time": 1795647801, "req_time_start": 1795647799, "server_thread_count": 3,
        "schedule_cycle_total": 2, "schedule_cycle_mean": 51, "bf_cycle_counter": 0, "bf_cycle_mean": 0,
        "bf_depth_mean": 0, "bf_when_last_cycle": 0, "bf_active": false}}"#;

    /// What was read, and the reasons for which values were left out and rows given up.
    fn read(json: &str) -> (Diag, Vec<(RowError, u64)>) {
        let (mut diag, mut rejected) = (Diag::default(), Rejected::default());
        let content = Statistics { diag: &mut diag, rejected: &mut rejected };
        answer::read(json.as_bytes(), KEY, content).unwrap();
        (diag, rejected.values().chain(rejected.iter()).collect())
    }

    #[test]
    fn reads_the_same_of_any_release() {
        let wrapped = |json: &str, number: &str| {
            let now = format!(r#"{{"set": true, "infinite": false, "number": {number}}}"#);
            json.replace(number, &now)
        };
        let v42 = wrapped(V38, "1795647799").replace(
            "\"bf_active\"",
            "\"bf_exit\": {\"bf_max_time\": 4, \"x\": []}, \"bf_active\"",
        );
        for (json, exits) in [(V38, None), (&*v42, Some((Figure::BackfillExitTimeout, 4)))] {
            let (diag, rejected) = read(json);
            let rpc = |name: &str, count, total_usec| RpcCount {
                name: name.into(),
                count: Ok(count),
                total_usec: Ok(total_usec),
            };
            let wanted = Diag {
                since: Some(Stamp::At(1_795_647_799)),
                asked: Some(Stamp::At(1_795_647_801)),
                jobs_counted: None,
                is_backfilling: Some(false),
                backfill_last_cycle: Some(Stamp::Never),
                figures: [
                    (Figure::ServerThreads, 3),
                    (Figure::MainCycles, 2),
                    (Figure::MainMeanCycle, 51),
                    (Figure::BackfillCycles, 0),
                ]
                .into_iter()
                .chain(exits)
                .collect(),
                rpcs_by_type: vec![rpc("REQUEST_PING", 2, 10)],
                rpcs_by_user: vec![rpc("ada", 3, 4)],
            };
            assert_eq!((diag, rejected), (wanted, Vec::new()), "{json}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_there() {
        let json = V38
            .replace("\"server_thread_count\": 3", "\"server_thread_count\": \"many\"")
            .replace("1795647799", "-1")
            .replace("\"ada\"", "7")
            .replace("\"count\": 2", "\"count\": null")
            .replace("\"bf_active\": false", "\"bf_active\": {}, \"bf_exit\": 7");
        let (diag, rejected) = read(&json);
        assert_eq!((diag.since, diag.figures.get(&Figure::ServerThreads)), (None, None));
        assert_eq!((diag.is_backfilling, diag.rpcs_by_user), (None, vec![]));
        let ping = RpcCount {
            name: "REQUEST_PING".to_owned(),
            count: Err(RowError::Number),
            total_usec: Ok(10),
        };
        assert_eq!(diag.rpcs_by_type, [ping]);
        let (values, rows) = rejected.split_at(3);
        assert_eq!(values, [(RowError::Fields, 1), (RowError::Number, 2), (RowError::Time, 1)]);
        assert_eq!(rows, [(RowError::Fields, 2)]);
        for no_list in ["7", "{}", "\"x\""] {
            let json = V38
                .replace("\"rpcs_by_user\": [", &format!("\"rpcs_by_user\": {no_list}, \"x\": ["));
            let (diag, rejected) = read(&json);
            assert_eq!((diag.rpcs_by_type.len(), diag.rpcs_by_user.len()), (1, 0));
            assert_eq!(rejected, [(RowError::Fields, 1)], "{no_list}");
        }
    }
}
