//! Jobs as `/jobs` shows them, array tasks that still wait together in one.

use serde::Deserialize;

use super::value::Value;
use crate::comment::JobComment;
use crate::jobs::{JobKey, JobRow, check_partitions, parse_id};
use crate::lost::{Field, LeftOut, RowError};
use crate::rows::{number, optional_word};
use crate::state::JobState;
use crate::tres::JobTres;

/// What counts of a job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) job_id: Value,
    /// 0 where the job is of no array.
    array_job_id: Value,
    /// Nothing where it is of no array, or stands for the tasks in `array_task_string`.
    array_task_id: Value,
    array_task_string: Value,
    /// 0 where the job is no component of another.
    het_job_id: Value,
    het_job_offset: Value,
    /// A list from v0.0.40 on.
    job_state: Value,
    state_reason: Value,
    partition: Value,
    /// Nothing where the job ended before it began.
    cpus: Value,
    /// Empty while the job waits; then the next counts.
    tres_alloc_str: Value,
    tres_req_str: Value,
    submit_time: Value,
    start_time: Value,
    end_time: Value,
    user_name: Value,
    account: Value,
    qos: Value,
    comment: Value,
}

impl Job {
    /// The row that it is.
    ///
    /// # Errors
    /// [`RowError::Fields`] where neither its id nor its state can be read: then it is no job.
    pub(super) fn row(&self) -> Result<JobRow<'_>, RowError> {
        let mut left_out = LeftOut::default();
        let (key, jobs) = self.key();
        let _counted = left_out.note(key.and(jobs));
        let state = self.job_state.words();
        let state = state.and_then(|words| JobState::of_words(&words).ok_or(RowError::State));
        let tres = self.tres().map_or_else(JobTres::unread, JobTres::parse);
        let _counted = left_out.note(tres.check());
        let partitions = self.partition.text();
        let _counted = left_out.note(partitions.and_then(check_partitions));
        let mut word = |value: &'_ Value| left_out.note(value.text().map(|_| ())).is_ok();
        let texts = [&self.user_name, &self.account, &self.qos, &self.state_reason, &self.comment];
        let _counted = texts.map(&mut word);
        let text = |value| Value::text(value).unwrap_or_default();
        let reason = optional_word(text(&self.state_reason));
        if key.is_err() && state.is_err() {
            return Err(RowError::Fields);
        }
        Ok(JobRow {
            key,
            jobs,
            state: left_out.note(state),
            cpus_each: left_out.note(self.cpus()),
            tres,
            submitted: left_out.note(self.submit_time.time()),
            started: left_out.note(self.start_time.time()),
            ended: left_out.note(self.ended(state)),
            user: optional_word(text(&self.user_name)),
            account: optional_word(text(&self.account)),
            qos: optional_word(text(&self.qos)),
            reason: reason.filter(|reason| *reason != "None"),
            label: JobComment::parse(text(&self.comment)),
            left_out,
            partitions: partitions.unwrap_or_default(),
        })
    }

    /// Which job it is, and how many it stands for.
    fn key(&self) -> (Field<JobKey>, Field<u64>) {
        match self.id() {
            Ok(id) => parse_id(&id),
            // That of an array may be the one that cannot be read.
            Err(error) => match self.array_task_string.text() {
                Ok("") => (Err(error), Ok(1)),
                Ok(tasks) => (Err(error), parse_id(&format!("_[{tasks}]")).1),
                Err(_) => (Err(error), Err(error)),
            },
        }
    }

    /// The id as squeue writes it.
    fn id(&self) -> Field<String> {
        let optional = |id: &Value| Ok(id.known()?.filter(|id| *id != 0));
        if let Some(job) = optional(&self.het_job_id)? {
            return Ok(format!("{job}+{}", self.het_job_offset.whole()?));
        }
        let Some(array) = optional(&self.array_job_id)? else {
            return Ok(self.job_id.whole()?.to_string());
        };
        match (self.array_task_id.known()?, self.array_task_string.text()?) {
            (Some(task), _) => Ok(format!("{array}_{task}")),
            (None, tasks) => Ok(format!("{array}_[{tasks}]")),
        }
    }

    /// The list of what it has or asks for.
    fn tres(&self) -> Field<&str> {
        let allocated = self.tres_alloc_str.text()?;
        if allocated.is_empty() { self.tres_req_str.text() } else { Ok(allocated) }
    }

    /// The CPUs that it has or asks for.
    fn cpus(&self) -> Field<u64> {
        if let Some(cpus) = self.cpus.known()? {
            return Ok(cpus);
        }
        let listed = self.tres()?.split(',').find_map(|resource| resource.strip_prefix("cpu="));
        number(listed.ok_or(RowError::Number)?)
    }

    /// When it ended or must end. One without a time limit must end when nobody lives any more.
    fn ended(&self, state: Field<JobState>) -> Field<Option<u32>> {
        let has_ended = state.is_ok_and(JobState::is_finished);
        match self.end_time.time() {
            Err(RowError::Time) if self.end_time.whole().is_ok() && !has_ended => Ok(None),
            time => time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(json: &str) -> Job {
        serde_json::from_str(json).unwrap()
    }

    const V38: &str = r#"{"account": "soc", "array_job_id": 0, "array_task_id": null,
        "array_task_string": "", "comment": "edctl/1 stage=sim", "cpus": 2, "end_time": 190,
        "het_job_id": 0, "het_job_offset": 0, "job_id": 7, "job_resources": {"nodes": "w1"},
        "job_state": "RUNNING", "partition": "fast,slow", "qos": "", "start_time": 130,
        "state_description": "", "state_reason": "None", "submit_time": 100, "time_limit": null,
        "tres_alloc_str": "cpu=2,mem=1G,node=1", "tres_req_str": "cpu=2,mem=2G,node=1",
        "user_name": "ada"}"#;

    /// The same job as newer releases write it.
    const V40: &str = r#"{"account": "soc", "array_job_id": {"set": true, "infinite": false, "number": 0},
        "array_task_id": {"set": false, "infinite": false, "number": 0}, "array_task_string": "",
        "comment": "edctl/1 stage=sim", "cpus": {"set": true, "infinite": false, "number": 2},
        "end_time": {"set": true, "infinite": false, "number": 190},
        "het_job_id": {"set": true, "infinite": false, "number": 0},
        "het_job_offset": {"set": true, "infinite": false, "number": 0}, "job_id": 7,
        "job_state": ["RUNNING"], "partition": "fast,slow", "qos": "",
        "start_time": {"set": true, "infinite": false, "number": 130}, "state_reason": "None",
        "submit_time": {"set": true, "infinite": false, "number": 100},
        "tres_alloc_str": "cpu=2,mem=1G,node=1", "tres_req_str": "cpu=2,mem=2G,node=1",
        "user_name": "ada"}"#;

    /// One of an array that waits, as v0.0.44 writes it.
    const V44: &str = r#"{"array_job_id": {"set": true, "infinite": false, "number": 9},
        "array_task_id": {"set": false, "infinite": false, "number": 0},
        "array_task_string": "1,3,5-9:2%3", "cpus": {"set": true, "infinite": false, "number": 1},
        "end_time": {"set": false, "infinite": false, "number": 0}, "job_id": 9,
        "job_state": ["PENDING", "REQUEUED"], "partition": "fast", "priority_by_partition": [{}],
        "start_time": {"set": true, "infinite": false, "number": 0}, "state_reason": "Resources",
        "submit_time": {"set": true, "infinite": false, "number": 100},
        "tres_alloc_str": "", "tres_req_str": "cpu=1,mem=2G,node=1,gres/gpu=1", "user_name": ""}"#;

    #[test]
    fn reads_the_same_of_any_release() {
        for json in [V38, V40] {
            let job = job(json);
            let row = job.row().unwrap();
            let label = JobComment { stage: Some("sim"), ..JobComment::default() };
            let (memory_bytes, nodes) = (Ok(Some(1 << 30)), Ok(Some(1)));
            let wanted = JobRow {
                key: parse_id("7").0,
                jobs: Ok(1),
                state: Ok(JobState::Running),
                cpus_each: Ok(2),
                tres: JobTres { memory_bytes, nodes, gpus: Ok(None) },
                submitted: Ok(Some(100)),
                started: Ok(Some(130)),
                ended: Ok(Some(190)),
                user: Some("ada"),
                account: Some("soc"),
                qos: None,
                reason: None,
                label,
                left_out: LeftOut::default(),
                partitions: "fast,slow",
            };
            assert_eq!(row, wanted);
        }
        let job = job(V44);
        let row = job.row().unwrap();
        assert_eq!((row.key, row.jobs), parse_id("9_[1,3,5-9:2%3]"));
        assert_eq!((row.state, row.reason), (Ok(JobState::Requeued), Some("Resources")));
        assert_eq!((row.submitted, row.started, row.ended), (Ok(Some(100)), Ok(None), Ok(None)));
        assert_eq!((row.user, row.account), (None, None));
        let (memory_bytes, nodes) = (Ok(Some(2 << 30)), Ok(Some(1)));
        assert_eq!(row.tres, JobTres { memory_bytes, nodes, gpus: Ok(Some(1)) });
    }

    #[test]
    fn tasks_components_and_jobs_without_an_end_have_their_places() {
        let id = |from: &str, to: &str| job(&V38.replacen(from, to, 1)).id().unwrap();
        assert_eq!(id("", ""), "7");
        assert_eq!(
            id(
                "\"array_job_id\": 0, \"array_task_id\": null",
                "\"array_job_id\": 5, \"array_task_id\": 0"
            ),
            "5_0"
        );
        let het = r#""het_job_id": 6, "het_job_offset": 1"#;
        assert_eq!(id(r#""het_job_id": 0, "het_job_offset": 0"#, het), "6+1");
        // Runs until Slurm's clock ends.
        let endless = V38.replace("190", "6090615134");
        assert_eq!(job(&endless).row().unwrap().ended, Ok(None));
        let ended = endless.replace("RUNNING", "COMPLETED");
        assert_eq!(job(&ended).row().unwrap().ended, Err(RowError::Time));
    }

    #[test]
    fn cpus_that_are_not_said_are_those_of_the_list() {
        let unsaid = V38.replacen("\"cpus\": 2", "\"cpus\": null", 1);
        assert_eq!(job(&unsaid).row().unwrap().cpus_each, Ok(2));
        let neither = unsaid.replacen("cpu=2,mem=1G", "mem=1G", 1);
        assert_eq!(job(&neither).row().unwrap().cpus_each, Err(RowError::Number));
    }

    #[test]
    fn one_odd_value_costs_itself_alone() {
        let good = job(V38);
        let good = good.row().unwrap();
        for (from, to, error) in [
            ("\"job_id\": 7", "\"job_id\": -7", RowError::Number),
            ("\"job_id\": 7", "\"job_id\": 4294967296", RowError::Number),
            ("\"job_id\": 7", "\"job_id\": \"7\"", RowError::Number),
            ("\"job_id\": 7", "\"job_id\": null", RowError::Number),
            ("\"array_job_id\": 0", "\"array_job_id\": []", RowError::Number),
            ("\"RUNNING\"", "null", RowError::State),
            ("\"RUNNING\"", "[]", RowError::State),
            ("\"RUNNING\"", "\"RUN NING\"", RowError::State),
            ("\"RUNNING\"", "{\"state\": 1}", RowError::Fields),
            ("\"cpus\": 2", "\"cpus\": 1e30", RowError::Number),
            ("100", "\"yesterday\"", RowError::Time),
            ("100", "-62135596800", RowError::Time),
            ("\"cpus\": 2", "\"cpus\": \"2\"", RowError::Number),
            ("mem=1G", "mem=lots", RowError::Number),
            ("\"cpu=2,mem=1G,node=1\"", "7", RowError::Fields),
            ("fast,slow", "", RowError::Name),
            ("\"fast,slow\"", "{}", RowError::Fields),
            ("\"ada\"", "17", RowError::Fields),
            ("edctl/1", &"x".repeat(70_000), RowError::TooLong),
        ] {
            let json = V38.replacen(from, to, 1);
            let job = job(&json);
            let row = job.row().unwrap();
            assert_eq!(row.left_out.iter().collect::<Vec<_>>(), [(error, 1)], "{from} {to:.80}");
            let same = [
                row.key == good.key,
                row.state == good.state,
                row.cpus_each == good.cpus_each,
                row.tres == good.tres,
                (row.submitted, row.started, row.ended)
                    == (Ok(Some(100)), Ok(Some(130)), Ok(Some(190))),
                row.partitions().eq(good.partitions()),
                row.user == good.user,
                (row.jobs, row.account, row.qos) == (Ok(1), Some("soc"), None),
                row.label == good.label,
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{from} {to:.80}: {same:?}");
        }
        for json in ["{}", "{\"job_id\": \"x\"}"] {
            assert_eq!(job(json).row(), Err(RowError::Fields), "{json}");
        }
        let odd = V38.replace("\"RUNNING\"", "[\"LEVITATING\"]");
        assert_eq!(job(&odd).row().unwrap().state, Ok(JobState::Other));
    }

    #[test]
    fn tasks_of_an_array_that_cannot_be_counted_are_some() {
        let cut = V44.replace("5-9:2%3", "5-9,...");
        assert_eq!(job(&cut).row().unwrap().jobs, Err(RowError::Array));
        // Whose tasks they are is another question.
        let unknown = V44.replacen("\"number\": 9", "\"number\": -9", 1);
        assert_eq!(
            (job(&unknown).row().unwrap().key, job(&unknown).row().unwrap().jobs),
            (Err(RowError::Number), Ok(5))
        );
    }
}
