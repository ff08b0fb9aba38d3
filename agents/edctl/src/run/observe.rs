//! Finds out how a run stands: the stage's own records first, the executor for what they lack.

use std::collections::BTreeMap;
use std::fs;

use edctl_flow::Verdict;

use super::dirs::{RunDir, StageDir};
use super::files::read_json;
use super::metrics::MetricsRecord;
use super::record::{CancelRecord, JobRecord, ResultRecord, RunRecord, StartRecord};
use super::state::State;
use super::view::{RunView, StageView};
use crate::executor::{Answer, Executor, Queue, Sighting, local};
use crate::problem::Problem;
use crate::time::now_unix_ms;

/// A submission without a job that is younger may still be under way; sbatch has 30 s.
const SUBMISSION_MS: u64 = 60_000;

/// Finds out how runs stand.
#[derive(Debug)]
pub(crate) struct Observer {
    slurm: Queue,
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
    pub(crate) fn new(slurm: Queue) -> Self {
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
        let sighting = match records.result {
            Some(_) => None,
            None => Some(self.ask(run, &records)),
        };
        if matches!(&sighting, Some(seen) if is_over(&seen.answer)) {
            // It may have ended, and written its result, between our look and the answer. On NFS
            // opening the directory shows a file that a moment ago was not there.
            let _ = fs::read_dir(stage.path());
            records.result = read_json(&stage.result())?;
        }
        let mut view = records.view(run, &stage);
        match read_json::<MetricsRecord>(&stage.metrics()) {
            Ok(figures) => take_figures(&mut view, figures),
            // The verdict stands in another file: it is shown all the same.
            Err(problem) => {
                view.left_out
                    .extend(problem.message().map(|text| ("metrics.json".to_owned(), text)));
            }
        }
        match (&records.result, sighting) {
            (Some(result), _) => take_result(&mut view, result.clone()),
            (None, Some(seen)) => {
                view.job_id = seen.job_id;
                records.take_answer(&mut view, run, seen.answer);
            }
            (None, None) => {}
        }
        Ok(view)
    }

    fn ask(&mut self, run: &RunRecord, records: &Records) -> Sighting {
        match run.executor {
            Executor::Local => {
                let started = records.start.as_ref().map(|start| &start.process);
                let spawned = records.job.as_ref().and_then(|job| job.process.as_ref());
                let answer = local::ask(started.or(spawned), records.start.is_some());
                Sighting { job_id: None, answer }
            }
            Executor::Slurm => self.slurm.ask(run, records.job_id()),
        }
    }
}

fn is_over(answer: &Answer) -> bool {
    matches!(answer, Answer::Ended { .. } | Answer::Gone)
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
            metrics: BTreeMap::new(),
            left_out: BTreeMap::new(),
            log: stage.log(),
        }
    }

    /// The executor's word, for a stage that left none.
    fn take_answer(&self, view: &mut StageView, run: &RunRecord, answer: Answer) {
        let cancel_asked = self.cancel.is_some();
        (view.state, view.summary) = match answer {
            Answer::Pending { reason } => (State::Pending, reason),
            Answer::Running { node } => {
                view.node = view.node.take().or(node);
                let word = if cancel_asked { "is being cancelled" } else { "running" };
                (State::Running, word.to_owned())
            }
            Answer::Ended { verdict, summary } => (State::Ended(verdict), summary),
            Answer::Gone if cancel_asked => {
                (State::Ended(Verdict::Cancelled), "cancelled".to_owned())
            }
            Answer::Gone if self.was_submitted() => {
                (State::Ended(Verdict::Error), self.describe_loss(run))
            }
            Answer::Gone if is_young(run) => (State::Pending, "being submitted".to_owned()),
            Answer::Gone => {
                let words = "its submission was cut off before there was a job: submit it again";
                (State::Ended(Verdict::Error), words.to_owned())
            }
            Answer::Unknown { reason } => (State::Unknown, reason),
        };
    }

    fn was_submitted(&self) -> bool {
        self.job.is_some() || self.start.is_some()
    }

    fn describe_loss(&self, run: &RunRecord) -> String {
        match (run.executor, self.job_id()) {
            (Executor::Slurm, Some(id)) => format!(
                "Slurm no longer knows job {id}, and it left no result: it was killed, or its node \
                 lost; executor.log may say more"
            ),
            _ => "its process is gone and left no result: it was killed; executor.log may say more"
                .to_owned(),
        }
    }
}

/// By either direction of the clock: it may have been set back since.
fn is_young(run: &RunRecord) -> bool {
    now_unix_ms().abs_diff(run.created_unix_ms) < SUBMISSION_MS
}

fn take_figures(view: &mut StageView, figures: Option<MetricsRecord>) {
    let Some(figures) = figures else { return };
    view.metrics = figures.metrics;
    view.left_out = figures.left_out;
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
