//! Finds out how a run stands: the stage's own records first, the executor for what they lack.

use edctl_flow::Verdict;

use super::dirs::{RunDir, StageDir};
use super::files::read_json;
use super::record::{CancelRecord, JobRecord, MetricsRecord, ResultRecord, RunRecord, StartRecord};
use super::state::State;
use super::view::{RunView, StageView};
use crate::executor::{Answer, Executor, local, slurm};
use crate::problem::Problem;

/// Finds out how runs stand.
#[derive(Debug)]
pub(crate) struct Observer {
    slurm: slurm::Queue,
}

/// The records of one stage, as far as they are there.
struct Records {
    job: Option<JobRecord>,
    start: Option<StartRecord>,
    result: Option<ResultRecord>,
    cancel: Option<CancelRecord>,
}

impl Observer {
    /// An observer that asks Slurm through `slurm`.
    pub(crate) fn new(slurm: slurm::Queue) -> Self {
        Self { slurm }
    }

    /// How the run stands now.
    pub(crate) fn observe(&mut self, dir: &RunDir) -> Result<RunView, Problem> {
        let run = dir.read()?;
        let stages = vec![self.stage(dir, &run)?];
        Ok(RunView {
            schema: "edctl.status/v1",
            id: run.id,
            state: RunView::state_of(&stages),
            flow: run.flow,
            design: run.design,
            profile: run.profile,
            executor: run.executor,
            user: run.user,
            created_unix_ms: run.created_unix_ms,
            dir: dir.path().to_owned(),
            traceparent: run.traceparent,
            stages,
        })
    }

    fn stage(&mut self, dir: &RunDir, run: &RunRecord) -> Result<StageView, Problem> {
        let stage = dir.stage(run.flow);
        let mut records = Records::read(dir, &stage)?;
        let answer = match records.result {
            Some(_) => None,
            None => Some(self.ask(run, &records)),
        };
        if matches!(answer, Some(Answer::Ended { .. } | Answer::Gone)) {
            // It may have ended, and written its result, between our look and the answer.
            records.result = read_json(&stage.result())?;
        }
        let metrics: Option<MetricsRecord> = read_json(&stage.metrics())?;
        let mut view = records.view(run, &stage);
        view.metrics = metrics.map(|record| record.metrics).unwrap_or_default();
        match (records.result, answer) {
            (Some(result), _) => take_result(&mut view, result),
            (None, Some(answer)) => take_answer(&mut view, answer, records.cancel.is_some()),
            (None, None) => {}
        }
        Ok(view)
    }

    fn ask(&mut self, run: &RunRecord, records: &Records) -> Answer {
        match run.executor {
            Executor::Local => {
                let started = records.start.as_ref().map(|start| &start.process);
                let spawned = records.job.as_ref().and_then(|job| job.process.as_ref());
                local::ask(started.or(spawned), records.start.is_some())
            }
            Executor::Slurm => match records.job_id() {
                Some(job_id) => self.slurm.ask(job_id),
                None => self.slurm.find(&run.id),
            },
        }
    }
}

impl Records {
    fn read(dir: &RunDir, stage: &StageDir) -> Result<Self, Problem> {
        Ok(Self {
            result: read_json(&stage.result())?,
            job: read_json(&stage.job())?,
            start: read_json(&stage.start())?,
            cancel: read_json(&dir.cancel())?,
        })
    }

    fn job_id(&self) -> Option<u32> {
        let submitted = self.job.as_ref().and_then(|job| job.job_id);
        submitted.or_else(|| self.start.as_ref().and_then(|start| start.job_id))
    }

    fn view(&self, run: &RunRecord, stage: &StageDir) -> StageView {
        StageView {
            name: run.flow,
            state: State::Unknown,
            summary: String::new(),
            first_failure: None,
            subtests_passed: None,
            subtests_planned: None,
            job_id: self.job_id(),
            node: self.start.as_ref().map(|start| start.node.clone()),
            started_unix_ms: self.start.as_ref().map(|start| start.started_unix_ms),
            ended_unix_ms: None,
            subtests: Vec::new(),
            metrics: std::collections::BTreeMap::new(),
            log: stage.log(),
        }
    }
}

/// The stage's own word.
fn take_result(view: &mut StageView, result: ResultRecord) {
    let passed = result.subtests.iter().filter(|s| s.verdict == Verdict::Passed).count();
    view.subtests_passed = (!result.subtests.is_empty()).then_some(passed);
    view.subtests_planned = (!result.subtests.is_empty()).then_some(result.subtests.len());
    view.state = State::Ended(result.verdict);
    view.summary = result.summary;
    view.first_failure = result.first_failure;
    view.ended_unix_ms = Some(result.ended_unix_ms);
    view.subtests = result.subtests;
}

/// The executor's word, for a stage that left none.
fn take_answer(view: &mut StageView, answer: Answer, cancel_asked: bool) {
    match answer {
        Answer::Pending { reason } => {
            view.state = State::Pending;
            view.summary = reason;
        }
        Answer::Running { node } => {
            view.state = State::Running;
            view.node = view.node.take().or(node);
            let word = if cancel_asked { "is being cancelled" } else { "running" };
            view.summary = word.to_owned();
        }
        Answer::Ended { verdict, summary } => {
            view.state = State::Ended(verdict);
            view.summary = summary;
        }
        Answer::Gone if cancel_asked => {
            view.state = State::Ended(Verdict::Cancelled);
            view.summary = "cancelled".to_owned();
        }
        Answer::Gone => {
            view.state = State::Ended(Verdict::Error);
            view.summary = "it is gone and left no result".to_owned();
        }
        Answer::Unknown { reason } => {
            view.state = State::Unknown;
            view.summary = reason;
        }
    }
}
