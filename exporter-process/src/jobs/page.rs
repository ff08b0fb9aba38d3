//! From the store to the page: our own names.

use std::time::Instant;

use edctl_exposition::{Family, Page, Value};

use super::families::Families;
use super::labels::{Labels, named};
use super::store::Store;

/// Adds all families; `now` is when the page is made.
pub(crate) fn render(store: &Store, now: Instant, page: &mut Page) {
    render_node(store, now, page);
    let mut info = Family::gauge("edctl_job_info", "A job that runs or ended lately: 1.");
    let mut sampled = Family::gauge(
        "edctl_job_last_sample_timestamp_seconds",
        "Unix time at which the job was read for the last time.",
    );
    let mut jobs = Families::of_jobs();
    let mut steps = Families::of_steps();
    for named in named(store) {
        let job = named.job;
        let uid = job.uid.map(|uid| uid.to_string());
        let mut labels = named.labels();
        jobs.push(&labels, &job.tally);
        sampled.push(&labels, job.sampled_unix_secs);
        for (name, step) in &job.steps {
            let mut labels = labels.clone();
            labels.insert(1, ("step", name));
            steps.push(&labels, &step.tally);
        }
        labels.extend(uid.as_deref().map(|uid| ("uid", uid)));
        labels.extend(named.sluid.map(|sluid| ("sluid", sluid)));
        labels.push(("ended", if job.ended.is_some() { "true" } else { "false" }));
        info.push(&labels, 1u64);
    }
    for family in [info, sampled].into_iter().filter(|family| !family.samples.is_empty()) {
        page.add(family);
    }
    jobs.add_to(page);
    steps.add_to(page);
    for _ in store.jobs.values().filter(|job| job.id.is_none()) {
        page.error("jobs", "no_jobid");
    }
}

fn render_node(store: &Store, now: Instant, page: &mut Page) {
    let mut cpu = Family::counter(
        "edctl_jobs_cpu_seconds_total",
        "CPU time of all jobs ever, also of those that no sample saw.",
    );
    let several = store.slurmds().len() > 1;
    for (node, counter) in store.slurmds() {
        let Some(used) = counter.and_then(|counter| counter.value()) else { continue };
        let node = node.filter(|_| several);
        for (mode, secs) in [("user", used.user_secs), ("system", used.system_secs)] {
            let mut labels: Labels<'_> = vec![("mode", mode)];
            labels.extend(node.map(|node| ("node", node)));
            cpu.push(&labels, secs);
        }
    }
    if !cpu.samples.is_empty() {
        page.add(cpu);
    }
    let running = store.running() as u64;
    page.add(Family::gauge("edctl_jobs_running", "Jobs with a control group.").with(&[], running));
    for (name, help, value) in [
        ("edctl_jobs_ended_total", "Jobs whose end was seen.", Value::U64(store.ended)),
        ("edctl_jobs_samples_total", "Passes over all jobs.", Value::U64(store.samples)),
        ("edctl_jobs_sample_seconds_total", "Time that they took.", Value::F64(store.sample_secs)),
    ] {
        page.add(Family::counter(name, help).with(&[], value));
    }
    if let Some(at) = store.sampled_at {
        let age = now.saturating_duration_since(at).as_secs_f64();
        let help = "How long ago the last pass over all jobs was.";
        page.add(Family::gauge("edctl_jobs_snapshot_age_seconds", help).with(&[], age));
    }
}
