//! Asks squeue about runs, each not too often, and no more of a Slurm that does not answer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edctl_fault::Chain;
use edctl_slurm::{Invocation, RunError, Runner, commands};

use super::answer::{Answer, Sighting};
use super::squeue::{Seen, find};
use super::words::{DEADLINE, is_unknown_job, job_name, one_line};
use crate::run::RunRecord;

/// Slurm is not asked more often about one run.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// A Slurm that cannot be asked about one run cannot be asked about the next: each try takes long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Slurm's queue, with the answers of the last seconds.
#[derive(Debug)]
pub(crate) struct Queue {
    bin_dir: PathBuf,
    sightings: HashMap<String, (Instant, Sighting)>,
    trouble: Option<(Instant, String)>,
}

impl Queue {
    /// A queue that is asked through the commands in `bin_dir`.
    pub(crate) fn new(bin_dir: &Path) -> Self {
        Self { bin_dir: bin_dir.to_owned(), sightings: HashMap::new(), trouble: None }
    }

    /// What Slurm says of the run's job. Its id is not known where a submission was cut off between
    /// sbatch and its record: then the name leads to the job, and its comment makes sure.
    pub(crate) fn ask(&mut self, run: &RunRecord, job_id: Option<u32>) -> Sighting {
        if let Some((when, sighting)) = self.sightings.get(&run.id)
            && when.elapsed() < ASK_EVERY
        {
            return sighting.clone();
        }
        let sighting = self.ask_now(run, job_id);
        self.sightings.insert(run.id.clone(), (Instant::now(), sighting.clone()));
        sighting
    }

    fn ask_now(&mut self, run: &RunRecord, job_id: Option<u32>) -> Sighting {
        if let Some((when, reason)) = &self.trouble
            && when.elapsed() < RETRY_AFTER
        {
            return Sighting { job_id, answer: Answer::Unknown { reason: reason.clone() } };
        }
        let which = match job_id {
            Some(id) => format!("--jobs={id}"),
            None => format!("--name={}", job_name(run)),
        };
        let invocation = Invocation::new(&commands::JOB).arg(which).deadline(DEADLINE);
        match Runner::new(&self.bin_dir).run(&invocation) {
            Ok(output) => sighting(&String::from_utf8_lossy(&output.stdout), run, job_id),
            Err(error) if is_unknown_job(&error) => Sighting { job_id, answer: Answer::Gone },
            Err(error) => Sighting { job_id, answer: self.note_trouble(&error) },
        }
    }

    fn note_trouble(&mut self, error: &RunError) -> Answer {
        let reason = one_line(&format!("Slurm cannot be asked: {}", Chain(&error)));
        self.trouble = Some((Instant::now(), reason.clone()));
        Answer::Unknown { reason }
    }
}

fn sighting(stdout: &str, run: &RunRecord, job_id: Option<u32>) -> Sighting {
    match find(stdout, &run.id) {
        Seen::Job { id, answer } => Sighting { job_id: Some(id), answer },
        Seen::None => Sighting { job_id, answer: Answer::Gone },
        Seen::Unclear => Sighting {
            job_id: None,
            answer: Answer::Unknown {
                reason: one_line(&format!(
                    "squeue's answer is not understood, it does not name this run: {}",
                    stdout.trim()
                )),
            },
        },
    }
}
