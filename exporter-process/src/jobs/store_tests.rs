use edctl_jobcgroup::{Cpu, Memory};

use super::*;
use crate::jobs::pass::StepSample;

fn reading(secs: f64) -> Reading {
    let memory = Memory { current_bytes: Some(100), anon_bytes: Some(50), ..Memory::default() };
    let cpu = Some(Cpu::of(secs, 0.0));
    Reading { cpu, memory, cpus: Some(1), ..Reading::default() }
}

fn job(id: u32, secs: f64) -> JobSample {
    let steps = vec![StepSample { name: "0".into(), reading: reading(secs) }];
    let reading = reading(secs);
    JobSample { name: JobName::Id(id), id: Some(id), uid: Some(2000), reading, steps }
}

fn pass(total_secs: f64, jobs: Vec<JobSample>) -> Pass {
    let cpu = Some(Cpu::of(total_secs, 0.0));
    let slurmds = vec![SlurmdSample { node: None, cpu, jobs }];
    Pass { slurmds, ..Pass::default() }
}

/// A store that takes a pass each second.
struct Watched {
    store: Store,
    settings: Settings,
    start: Instant,
    now_secs: u64,
}

impl Watched {
    fn new(settings: Settings) -> Self {
        Self { store: Store::default(), settings, start: Instant::now(), now_secs: 0 }
    }

    fn moment(&self) -> Moment {
        let at = self.start + Duration::from_secs(self.now_secs);
        Moment { at, unix_secs: 1e9 + self.now_secs as f64, took: Duration::from_millis(1) }
    }

    fn take(&mut self, pass: Pass) {
        self.now_secs += 1;
        self.store.take(pass, self.moment(), &self.settings);
    }

    /// Each job with its CPU time, that of its step, and whether it runs.
    fn jobs(&self) -> Vec<(u32, f64, f64, bool)> {
        let secs = |tally: &Tally| tally.cpu.unwrap().total_secs();
        let jobs = self.store.jobs.values();
        jobs.map(|job| {
            let step = secs(&job.steps["0"].tally);
            (job.id.unwrap(), secs(&job.tally), step, job.ended.is_none())
        })
        .collect()
    }

    fn faults(&mut self) -> Vec<(&'static str, &'static str, u64)> {
        self.store.take_faults().iter().collect()
    }
}

#[test]
fn a_job_stays_for_a_while_after_its_end() {
    let settings = Settings { keep_ended_secs: 2, ..Settings::default() };
    let mut watched = Watched::new(settings);
    watched.take(pass(5.0, vec![job(1, 5.0)]));
    assert_eq!(watched.jobs(), [(1, 5.0, 5.0, true)]);
    watched.take(pass(5.0, vec![]));
    assert_eq!(watched.jobs(), [(1, 5.0, 5.0, false)]);
    assert_eq!((watched.store.running(), watched.store.ended), (0, 1));
    watched.take(pass(5.0, vec![]));
    assert_eq!(watched.jobs().len(), 1);
    assert_eq!(watched.store.jobs.values().next().unwrap().sampled_unix_secs, 1e9 + 1.0);
    watched.take(pass(5.0, vec![]));
    assert_eq!(watched.jobs().len(), 0);
    assert_eq!((watched.store.ended, watched.store.samples), (1, 4));
    let (_, total) = watched.store.slurmds().next().unwrap();
    assert_eq!(total.unwrap().total_secs(), 5.0, "what ended stays in the node's counter");
}

#[test]
fn what_a_job_used_after_its_last_reading_is_found_above() {
    let mut watched = Watched::new(Settings::default());
    watched.take(pass(10.0, vec![job(1, 1.0), job(2, 2.0)]));
    // Between the passes, when its task ended.
    let moment = watched.moment();
    watched.store.take_job(None, &job(1, 1.25), moment);
    watched.take(pass(11.0, vec![job(2, 2.5)]));
    assert_eq!(watched.jobs(), [(1, 1.5, 1.5, false), (2, 2.5, 2.5, true)]);
}

#[test]
fn it_is_nobodys_where_two_jobs_ended() {
    let mut watched = Watched::new(Settings::default());
    watched.take(pass(10.0, vec![job(1, 1.0), job(2, 2.0)]));
    watched.take(pass(11.0, vec![]));
    assert_eq!(watched.jobs(), [(1, 1.0, 1.0, false), (2, 2.0, 2.0, false)]);
}

#[test]
fn it_is_nobodys_where_the_group_above_could_not_be_read() {
    let mut watched = Watched::new(Settings::default());
    watched.take(pass(10.0, vec![job(1, 1.0), job(2, 2.0)]));
    let mut unread = pass(0.0, vec![job(1, 1.5), job(2, 2.0)]);
    unread.slurmds[0].cpu = None;
    watched.take(unread);
    watched.take(pass(11.0, vec![job(2, 2.25)]));
    assert_eq!(watched.jobs(), [(1, 1.5, 1.5, false), (2, 2.25, 2.25, true)]);
    let (_, total) = watched.store.slurmds().next().unwrap();
    assert_eq!(total.unwrap().total_secs(), 11.0);
}

#[test]
fn a_job_uses_no_more_than_its_cpus_can_do() {
    let mut watched = Watched::new(Settings::default());
    watched.take(pass(10.0, vec![job(1, 1.0)]));
    watched.take(pass(19.0, vec![]));
    assert_eq!(watched.jobs(), [(1, 2.0, 2.0, false)]);
}

#[test]
fn a_requeued_job_counts_on() {
    let mut watched = Watched::new(Settings::default());
    watched.take(pass(5.0, vec![job(1, 5.0)]));
    watched.take(pass(5.0, vec![]));
    watched.take(pass(6.0, vec![job(1, 1.0)]));
    assert_eq!(watched.jobs(), [(1, 6.0, 6.0, true)]);
    assert_eq!(watched.store.ended, 1);
}

#[test]
fn there_are_no_more_jobs_than_allowed_and_the_rest_is_counted() {
    let mut watched = Watched::new(Settings { max: 2, ..Settings::default() });
    watched.take(pass(1.0, vec![job(1, 0.0), job(2, 0.0), job(3, 0.0)]));
    assert_eq!(watched.jobs().len(), 2);
    assert_eq!(watched.faults(), [("jobs", "max", 1)]);
    watched.take(pass(1.0, vec![job(2, 0.0)]));
    watched.take(pass(1.0, vec![job(2, 0.0), job(4, 0.0)]));
    let ids: Vec<u32> = watched.jobs().iter().map(|job| job.0).collect();
    assert_eq!(ids, [2, 4], "the one that ended made room");
    assert_eq!(watched.faults(), []);
}

#[test]
fn there_are_no_more_steps_than_allowed_and_the_rest_is_counted() {
    let mut watched = Watched::new(Settings { max: 1, ..Settings::default() });
    let mut many = job(1, 0.0);
    for step in ["1", "2", "3"] {
        many.steps.push(StepSample { name: step.into(), reading: reading(0.0) });
    }
    watched.take(pass(1.0, vec![many]));
    assert_eq!(watched.store.jobs.values().next().unwrap().steps.len(), STEPS_PER_JOB);
    assert_eq!(watched.faults(), [("steps", "max", 2)]);
}

#[test]
fn the_parts_of_a_job_on_two_nodes_are_two() {
    let mut watched = Watched::new(Settings::default());
    let mut both = pass(3.0, vec![job(1, 3.0)]);
    both.slurmds.push(SlurmdSample { node: Some("w2".into()), ..both.slurmds[0].clone() });
    watched.take(both);
    assert_eq!(watched.jobs().len(), 2);
    assert_eq!(watched.store.slurmds().len(), 2);
    assert!(watched.store.has_slurmd());
}
