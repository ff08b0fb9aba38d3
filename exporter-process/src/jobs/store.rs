//! The jobs that run and those that ended lately. It does no input or output.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use edctl_jobcgroup::{Faults, JobName, Reading};

use super::counter::{CpuCounter, settle};
use super::pass::{JobSample, Pass, SlurmdSample};
use super::settings::Settings;
use super::tally::Tally;

/// A node and a job on it; several slurmd of one machine may run parts of the same job.
type Key = (Option<String>, JobName);

/// Steps that are kept for each job that may be, over all jobs.
const STEPS_PER_JOB: usize = 2;

/// When a pass was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    /// The same as seconds since 1970.
    pub(crate) unix_secs: f64,
    /// How long the pass took.
    pub(crate) took: Duration,
}

/// All that the page shows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) jobs: BTreeMap<Key, Job>,
    /// CPU time of all jobs ever, by node, once it could be read.
    slurmds: BTreeMap<Option<String>, Option<CpuCounter>>,
    pub(crate) ended: u64,
    pub(crate) samples: u64,
    pub(crate) sample_secs: f64,
    pub(crate) sampled_at: Option<Instant>,
    /// Not yet told to the page.
    faults: Faults,
}

/// A job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    pub(crate) id: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) tally: Tally,
    pub(crate) steps: BTreeMap<String, Step>,
    /// When it was read for the last time, in seconds since 1970.
    pub(crate) sampled_unix_secs: f64,
    pub(crate) ended: Option<Instant>,
    is_seen: bool,
}

/// A step of a job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) tally: Tally,
    ended: Option<Instant>,
    is_seen: bool,
}

impl Store {
    /// Takes a pass over all jobs: what it lacks has ended.
    pub(crate) fn take(&mut self, pass: Pass, moment: Moment, settings: &Settings) {
        let elapsed = self.sampled_at.map_or(Duration::ZERO, |at| moment.at.duration_since(at));
        self.forget(moment.at, settings);
        for slurmd in &pass.slurmds {
            self.take_slurmd(slurmd, moment, elapsed, settings);
        }
        for job in self.jobs.values_mut() {
            self.ended += u64::from(job.end_pass(moment.at));
        }
        self.faults.merge(pass.faults);
        self.samples += 1;
        self.sample_secs += moment.took.as_secs_f64();
        self.sampled_at = Some(moment.at);
    }

    /// Takes one job that was read between two passes.
    pub(crate) fn take_job(&mut self, node: Option<String>, sample: &JobSample, moment: Moment) {
        if let Some(job) = self.jobs.get_mut(&(node, sample.name.clone())) {
            job.take(sample, moment);
        }
    }

    /// Takes over what could not be read.
    pub(crate) fn note(&mut self, faults: Faults) {
        self.faults.merge(faults);
    }

    /// Hands over what could not be read since the last call.
    pub(crate) fn take_faults(&mut self) -> Faults {
        std::mem::take(&mut self.faults)
    }

    /// Whether any slurmd was ever seen.
    pub(crate) fn has_slurmd(&self) -> bool {
        !self.slurmds.is_empty()
    }

    /// The nodes whose jobs were seen, and the CPU time of each one's jobs.
    pub(crate) fn slurmds(
        &self,
    ) -> impl ExactSizeIterator<Item = (Option<&str>, Option<&CpuCounter>)> {
        self.slurmds.iter().map(|(node, cpu)| (node.as_deref(), cpu.as_ref()))
    }

    pub(crate) fn running(&self) -> usize {
        self.jobs.values().filter(|job| job.ended.is_none()).count()
    }

    fn take_slurmd(
        &mut self,
        slurmd: &SlurmdSample,
        moment: Moment,
        elapsed: Duration,
        settings: &Settings,
    ) {
        let mut all_kept = true;
        let steps: usize = self.jobs.values().map(|job| job.steps.len()).sum();
        let mut room = (settings.max * STEPS_PER_JOB).saturating_sub(steps);
        for sample in &slurmd.jobs {
            let key = (slurmd.node.clone(), sample.name.clone());
            if !self.jobs.contains_key(&key) && !self.make_room(settings.max) {
                self.faults.add("jobs", "max");
                all_kept = false;
                continue;
            }
            let job = self.jobs.entry(key).or_default();
            room = job.see(sample, room, &mut self.faults);
            job.take(sample, moment);
        }

        let total = self.slurmds.entry(slurmd.node.clone()).or_default();
        if let Some(cpu) = slurmd.cpu {
            let total = total.get_or_insert_default();
            total.take(cpu);
            total.is_read = true;
        }
        let Some(total) = total else { return };
        if total.was_read && total.is_read && all_kept {
            let jobs = self.jobs.iter_mut().filter(|((node, _), _)| *node == slurmd.node);
            settle_jobs(total.moved_secs, elapsed, jobs.map(|(_, job)| job).collect());
        }
        total.end_pass();
    }

    /// Forgets what ended long ago.
    fn forget(&mut self, now: Instant, settings: &Settings) {
        let keep = settings.keep_ended();
        let is_kept = |ended: Option<Instant>| ended.is_none_or(|at| now.duration_since(at) < keep);
        self.jobs.retain(|_, job| is_kept(job.ended));
        for job in self.jobs.values_mut() {
            job.steps.retain(|_, step| is_kept(step.ended));
        }
    }

    /// Makes room for one more job at the cost of the one that ended first. False where all run.
    fn make_room(&mut self, max: usize) -> bool {
        if self.jobs.len() < max {
            return true;
        }
        let ended = self.jobs.iter().filter_map(|(key, job)| Some((job.ended?, key)));
        let Some(oldest) = ended.min().map(|(_, key)| key.clone()) else { return false };
        self.jobs.remove(&oldest).is_some()
    }
}

/// Gives the CPU time after the last reading to the job that ended, and in each job to the step.
fn settle_jobs(total_secs: f64, elapsed: Duration, mut jobs: Vec<&mut Job>) {
    let ended =
        jobs.iter().find(|job| job.tally.cpu.is_some_and(|cpu| cpu.was_read && !cpu.is_read));
    let most_secs = ended.map_or(f64::INFINITY, |job| job.most_secs(elapsed));
    settle(total_secs, most_secs, jobs.iter_mut().filter_map(|job| job.tally.cpu.as_mut()));
    for job in jobs {
        let Some(cpu) = job.tally.cpu else { continue };
        let most_secs = job.most_secs(elapsed);
        let steps = job.steps.values_mut().filter_map(|step| step.tally.cpu.as_mut());
        settle(cpu.moved_secs, most_secs, steps);
    }
}

impl Job {
    /// Marks what a pass found, makes records of at most `room` new steps, and hands back how much
    /// room is left.
    fn see(&mut self, sample: &JobSample, mut room: usize, faults: &mut Faults) -> usize {
        self.id = sample.id.or(self.id);
        self.uid = sample.uid.or(self.uid);
        self.is_seen = true;
        self.ended = None;
        mark_read(&mut self.tally, &sample.reading);
        for step in &sample.steps {
            if !self.steps.contains_key(&step.name) {
                if room == 0 {
                    faults.add("steps", "max");
                    continue;
                }
                room -= 1;
            }
            let record = self.steps.entry(step.name.clone()).or_default();
            record.is_seen = true;
            record.ended = None;
            mark_read(&mut record.tally, &step.reading);
        }
        room
    }

    fn take(&mut self, sample: &JobSample, moment: Moment) {
        self.tally.take(&sample.reading);
        self.sampled_unix_secs = moment.unix_secs;
        for step in &sample.steps {
            if let Some(record) = self.steps.get_mut(&step.name) {
                record.tally.take(&step.reading);
            }
        }
    }

    /// Ends a pass; true where it found that the job has ended.
    fn end_pass(&mut self, now: Instant) -> bool {
        if let Some(cpu) = &mut self.tally.cpu {
            cpu.end_pass();
        }
        for step in self.steps.values_mut() {
            if let Some(cpu) = &mut step.tally.cpu {
                cpu.end_pass();
            }
            if !std::mem::take(&mut step.is_seen) {
                step.ended.get_or_insert(now);
            }
        }
        let has_ended = !std::mem::take(&mut self.is_seen) && self.ended.is_none();
        if has_ended {
            self.ended = Some(now);
        }
        has_ended
    }

    /// The most CPU time that it can have used in a time.
    fn most_secs(&self, elapsed: Duration) -> f64 {
        self.tally.cpus.map_or(f64::INFINITY, |cpus| cpus as f64 * elapsed.as_secs_f64())
    }
}

fn mark_read(tally: &mut Tally, reading: &Reading) {
    if reading.cpu.is_some() {
        tally.cpu.get_or_insert_default().is_read = true;
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
