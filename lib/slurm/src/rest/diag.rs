//! slurmctld's figures of itself as `/diag` shows them.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::answer::Elements;
use super::value::Value;
use crate::diag::{Diag, Figure, RpcCount};
use crate::rows::{Rejected, RowError, optional_word};

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

/// Means, which are 0 where there was nothing that they could be of: then sdiag does not show them.
const MEANS: [(Figure, Figure); 7] = [
    (Figure::MainMeanCycle, Figure::MainCycles),
    (Figure::MainMeanDepth, Figure::MainCycles),
    (Figure::BackfillMeanCycle, Figure::BackfillCycles),
    (Figure::BackfillMeanDepth, Figure::BackfillCycles),
    (Figure::BackfillMeanTried, Figure::BackfillCycles),
    (Figure::BackfillMeanQueue, Figure::BackfillCycles),
    (Figure::BackfillMeanTable, Figure::BackfillCycles),
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
    fn count(&self, name: &Value) -> Result<RpcCount, RowError> {
        let name = optional_word(name.text()?)?.ok_or(RowError::Name)?.to_owned();
        Ok(RpcCount { name, count: self.count.whole()?, total_usec: self.total_time.whole()? })
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
                "req_time" => self.diag.asked = self.time(&map.next_value()?),
                "job_states_ts" => self.diag.jobs_counted = self.time(&map.next_value()?),
                "bf_active" => {
                    if let Value::Flag(is_active) = map.next_value()? {
                        self.diag.is_backfilling = Some(is_active);
                    }
                }
                "schedule_exit" | "bf_exit" => {
                    map.next_value_seed(Exits { object: &key, statistics: &mut self })?;
                }
                "req_time_start" => self.diag.since = self.time(&map.next_value()?),
                "bf_when_last_cycle" => {
                    self.diag.backfill_last_cycle = self.time(&map.next_value()?);
                }
                key => match FIGURES.iter().find(|(name, _)| *name == key) {
                    Some((_, figure)) => self.figure(*figure, &map.next_value()?),
                    None => _ = map.next_value::<IgnoredAny>()?,
                },
            }
        }
        let figures = &mut self.diag.figures;
        for (mean, of) in MEANS {
            if figures.get(&of).is_none_or(|cycles| *cycles == 0) {
                figures.remove(&mean);
            }
        }
        Ok(())
    }
}

impl Statistics<'_> {
    fn figure(&mut self, figure: Figure, value: &Value) {
        match value.known() {
            Ok(number) => self.diag.figures.extend(number.map(|number| (figure, number))),
            Err(error) => self.rejected.note(error),
        }
    }

    fn time(&mut self, value: &Value) -> Option<u64> {
        value
            .time()
            .unwrap_or_else(|error| {
                self.rejected.note(error);
                None
            })
            .map(u64::from)
    }
}

/// One of the objects of [`EXITS`].
struct Exits<'s, 'a> {
    object: &'s str,
    statistics: &'s mut Statistics<'a>,
}

impl<'de> DeserializeSeed<'de> for Exits<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Exits<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of reasons")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value()?;
            let known = |(object, name, _): &&_| (*object, *name) == (self.object, &*key);
            if let Some((.., figure)) = EXITS.iter().find(known) {
                self.statistics.figure(*figure, &value);
            }
        }
        Ok(())
    }
}

fn rpcs<'de>(
    counts: &mut Vec<RpcCount>,
    rejected: &mut Rejected,
    name: fn(&Rpc) -> &Value,
) -> impl DeserializeSeed<'de, Value = ()> {
    Elements::new(move |rpc: Option<Rpc>| {
        let count = rpc.ok_or(RowError::Fields).and_then(|rpc| rpc.count(name(&rpc)));
        match count {
            Ok(count) => counts.push(count),
            Err(error) => rejected.note(error),
        }
    })
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

    fn read(json: &str) -> (Diag, Vec<(RowError, u64)>) {
        let (mut diag, mut rejected) = (Diag::default(), Rejected::default());
        let content = Statistics { diag: &mut diag, rejected: &mut rejected };
        answer::read(json.as_bytes(), KEY, content).unwrap();
        (diag, rejected.iter().collect())
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
            let rpc =
                |name: &str, count, total_usec| RpcCount { name: name.into(), count, total_usec };
            let wanted = Diag {
                since: Some(1_795_647_799),
                asked: Some(1_795_647_801),
                jobs_counted: None,
                is_backfilling: Some(false),
                backfill_last_cycle: None,
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
            .replace("\"ada\"", "\"a\\u0000da\"")
            .replace("\"count\": 2", "\"count\": null");
        let (diag, rejected) = read(&json);
        assert_eq!((diag.since, diag.figures.get(&Figure::ServerThreads)), (None, None));
        assert_eq!((diag.rpcs_by_type, diag.rpcs_by_user), (vec![], vec![]));
        assert_eq!(rejected, [(RowError::Number, 2), (RowError::Name, 1), (RowError::Time, 1)]);
    }
}
