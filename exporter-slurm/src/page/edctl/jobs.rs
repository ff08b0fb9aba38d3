//! What squeue says of jobs, and what became of them.

use edctl_exposition::{Family, Kind, Page};
use edctl_slurm::JobState;

use crate::counts::{ByState, JobCounts, STEADY_STATES, Tally};

/// Each partition and profile has a series of 14 samples.
const HISTOGRAM_SAMPLES: usize = 50_000;

/// Adds all families of jobs, with `top` names in each. A partition without jobs is known only from
/// its nodes.
pub(super) fn render<'a>(
    jobs: &'a JobCounts,
    partitions_of_nodes: impl Iterator<Item = &'a String>,
    top: usize,
    page: &mut Page,
) {
    if jobs.overview.is_none() {
        render_states(jobs, page);
    }
    render_partitions(jobs, partitions_of_nodes, page);
    render_reasons(&jobs.by_reason, top, page);
    for (tally, name, label, help) in [
        (
            &jobs.by_account,
            "edctl_slurm_account_jobs",
            "account",
            "Jobs by account and state; accounts without series of their own are other.",
        ),
        (
            &jobs.by_user,
            "edctl_slurm_user_jobs",
            "user",
            "Jobs by user and state; users without series of their own are other.",
        ),
        (
            &jobs.by_qos,
            "edctl_slurm_qos_jobs",
            "qos",
            "Jobs by QOS and state; QOS without series of their own are other.",
        ),
        (
            &jobs.by_flow,
            "edctl_slurm_flow_jobs",
            "flow",
            "Jobs that edctl submitted, by their flow and state.",
        ),
        (
            &jobs.by_stage,
            "edctl_slurm_stage_jobs",
            "stage",
            "Jobs that edctl submitted, by their stage and state.",
        ),
        (
            &jobs.by_profile,
            "edctl_slurm_profile_jobs",
            "profile",
            "Jobs that edctl submitted, by their profile and state.",
        ),
    ] {
        let mut family = Family::gauge(name, help);
        for (name, by_state) in tally.top(top) {
            push_states(&mut family, (label, name), &by_state, jobs);
        }
        page.add(family);
    }
    render_totals(jobs, page);
}

fn render_states(jobs: &JobCounts, page: &mut Page) {
    let (mut by_state, mut cpus) = states();
    for state in JobState::ALL {
        let load = jobs.by_state.get(*state);
        by_state.push_known(&[("state", state.word())], load.jobs.known());
        if !state.is_finished() {
            cpus.push_known(&[("state", state.word())], load.cpus.known());
        }
    }
    page.add(by_state);
    page.add(cpus);
}

/// The families of jobs by state and of their CPUs.
pub(super) fn states() -> (Family, Family) {
    let by_state = Family::gauge(
        "edctl_slurm_jobs",
        "Jobs by state, each task of an array as one; finished jobs for slurm.conf's MinJobAge.",
    );
    let cpus = Family::gauge(
        "edctl_slurm_job_cpus",
        "CPUs that unfinished jobs have or ask for, by the jobs' state.",
    );
    (by_state, cpus)
}

fn render_partitions<'a>(
    jobs: &'a JobCounts,
    partitions_of_nodes: impl Iterator<Item = &'a String>,
    page: &mut Page,
) {
    let mut by_partition = Family::gauge(
        "edctl_slurm_partition_jobs",
        "Jobs by partition and state; a job that waits in several partitions counts in each.",
    );
    let mut partitions: Vec<&String> =
        jobs.by_partition.names().chain(partitions_of_nodes).collect();
    partitions.sort_unstable();
    partitions.dedup();
    let none = ByState::default();
    for partition in partitions {
        let by_state = jobs.by_partition.get(partition).unwrap_or(&none);
        push_states(&mut by_partition, ("partition", partition), by_state, jobs);
    }
    page.add(by_partition);
}

fn render_reasons(reasons: &Tally, top: usize, page: &mut Page) {
    let mut family = Family::gauge(
        "edctl_slurm_reason_jobs",
        "Jobs by state and Slurm's reason for it, without those that have none.",
    );
    for (reason, by_state) in reasons.top(top) {
        for (state, load) in by_state.iter() {
            let labels = [("state", state.word()), ("reason", reason)];
            family.push_known(&labels, load.jobs.known());
        }
    }
    page.add(family);
}

fn render_totals(jobs: &JobCounts, page: &mut Page) {
    let word = |state: Option<JobState>, none| state.map_or(none, JobState::word);
    let mut transitions = Family::counter(
        "edctl_slurm_job_transitions_total",
        "Changes of jobs' states between two polls; from new, or to gone without an end.",
    );
    for ((from, to), jobs) in &jobs.totals.transitions {
        let labels = [("from", word(*from, "new")), ("to", word(*to, "gone"))];
        transitions.push(&labels, *jobs);
    }
    page.add(transitions);

    let mut outcomes = Family::counter(
        "edctl_slurm_jobs_ended_total",
        "Jobs that ended, by their last state and edctl's profile (empty for others' jobs).",
    );
    for ((state, profile), jobs) in &jobs.totals.outcomes {
        outcomes.push(&[("state", state.word()), ("profile", profile)], *jobs);
    }
    page.add(outcomes);

    for (histograms, name, help) in [
        (
            &jobs.totals.waits,
            "edctl_slurm_job_wait_seconds",
            "Time from submission to start, of jobs that started.",
        ),
        (
            &jobs.totals.runs,
            "edctl_slurm_job_run_seconds",
            "Time from start to end, of jobs that ran and ended.",
        ),
    ] {
        let mut family = Family::new(name, help, Kind::Histogram).limit(HISTOGRAM_SAMPLES);
        for ((partition, profile), histogram) in histograms {
            family.push_histogram(&[("partition", partition), ("profile", profile)], histogram);
        }
        page.add(family);
    }
}

/// Where single jobs are known, a state in which there are none has 0; else one that is not told has nothing.
fn push_states(
    family: &mut Family,
    label: (&'static str, &str),
    by_state: &ByState,
    counts: &JobCounts,
) {
    for state in JobState::ALL {
        let jobs = by_state.get(*state).jobs;
        let jobs = if counts.overview.is_some() { jobs.said() } else { jobs.known() };
        let is_shown = |jobs: &u64| *jobs > 0 || STEADY_STATES.contains(state);
        family.push_known(&[label, ("state", state.word())], jobs.filter(is_shown));
    }
}
