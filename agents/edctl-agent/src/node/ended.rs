//! What became of a job's part on this node: from its prolog to its epilog.

use edctl_hookmsg::Event;
use serde::{Deserialize, Serialize};

use super::job::Job;

/// A job whose epilog came. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Ended {
    pub(crate) job: Job,
    pub(crate) ended_usec: u64,
    /// The batch script's exit code, and the signal that ended it; absent where Slurm says neither.
    pub(crate) exit_code: Option<u32>,
    pub(crate) signal: Option<u32>,
    pub(crate) outcome: Outcome,
}

/// How a job ended, as its exit code tells; a limit or a cancellation shows as a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// With 0.
    Completed,
    /// With another code.
    Failed,
    /// By a signal.
    Signalled,
    /// Slurm did not say.
    Unknown,
}

impl Outcome {
    /// The word in labels and tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Signalled => "signalled",
            Self::Unknown => "unknown",
        }
    }
}

impl Ended {
    /// The end of `job` by its epilog.
    pub(super) fn of(job: Job, epilog: &Event) -> Self {
        let exit = epilog.facts.get("exit_code").and_then(|text| {
            let (code, signal) = text.split_once(':')?;
            Some((code.parse::<u32>().ok()?, signal.parse::<u32>().ok()?))
        });
        let outcome = match exit {
            None => Outcome::Unknown,
            Some((_, 1..)) => Outcome::Signalled,
            Some((1.., _)) => Outcome::Failed,
            Some(_) => Outcome::Completed,
        };
        Self {
            job,
            ended_usec: epilog.time_usec,
            exit_code: exit.map(|(code, _)| code),
            signal: exit.map(|(_, signal)| signal),
            outcome,
        }
    }

    /// How long it was here.
    pub(crate) fn seconds(&self) -> f64 {
        self.ended_usec.saturating_sub(self.job.since_usec) as f64 / 1e6
    }
}

/// All jobs of one kind that have ended here, since the state was first kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Total {
    pub(crate) partition: String,
    pub(crate) stage: String,
    pub(crate) outcome: Outcome,
    pub(crate) jobs: u64,
    pub(crate) usec: u64,
}

/// More kinds than that are one.
const MOST_KINDS: usize = 256;
const OTHER: &str = "other";

/// Adds a job to its kind.
pub(super) fn count(totals: &mut Vec<Total>, ended: &Ended) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut kind = (text(&ended.job.partition), text(&ended.job.stage));
    let is_of = |total: &Total, kind: &(String, String)| {
        (&total.partition, &total.stage) == (&kind.0, &kind.1) && total.outcome == ended.outcome
    };
    if totals.len() >= MOST_KINDS && !totals.iter().any(|total| is_of(total, &kind)) {
        kind = (OTHER.to_owned(), OTHER.to_owned());
    }
    let usec = ended.ended_usec.saturating_sub(ended.job.since_usec);
    match totals.iter_mut().find(|total| is_of(total, &kind)) {
        Some(total) => {
            total.jobs += 1;
            total.usec = total.usec.saturating_add(usec);
        }
        None => totals.push(Total {
            partition: kind.0,
            stage: kind.1,
            outcome: ended.outcome,
            jobs: 1,
            usec,
        }),
    }
}
