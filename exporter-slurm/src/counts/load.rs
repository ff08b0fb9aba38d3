//! What jobs are and have together, by their states.

use edctl_slurm::{Field, JobRow, JobState};

use super::sum::Sum;

/// Jobs and what they have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) jobs: Sum<u64>,
    /// Those of them that wait since somebody holds them.
    pub(crate) held: Sum<u64>,
    /// CPUs that they have or ask for.
    pub(crate) cpus: Sum<u64>,
    /// What else they have or ask for; of each kind nothing where Slurm says it of none of them.
    pub(crate) memory_bytes: Sum<u64>,
    /// A node counts for each of its jobs.
    pub(crate) nodes: Sum<u64>,
    pub(crate) gpus: Sum<u64>,
}

impl Load {
    /// What a row stands for.
    pub(super) fn of(row: &JobRow<'_>) -> Self {
        let of_all = |each: Field<u64>| Ok(row.jobs?.saturating_mul(each?));
        let mut load = Self::default();
        load.jobs.add(row.jobs);
        load.held.add(if is_held(row) { row.jobs } else { Ok(0) });
        load.cpus.add(of_all(row.cpus_each));
        for (sum, each) in [
            (&mut load.memory_bytes, row.tres.memory_bytes),
            (&mut load.nodes, row.tres.nodes),
            (&mut load.gpus, row.tres.gpus),
        ] {
            sum.add_some(each.transpose().map(of_all).transpose());
        }
        load
    }

    /// Jobs of which nothing is known but their number.
    pub(super) fn of_jobs(jobs: Field<u64>) -> Self {
        let mut load = Self::default();
        load.jobs.add(jobs);
        load
    }

    /// Adds another's jobs.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { jobs, held, cpus, memory_bytes, nodes, gpus } = self;
        jobs.add_sum(other.jobs);
        held.add_sum(other.held);
        cpus.add_sum(other.cpus);
        memory_bytes.add_sum(other.memory_bytes);
        nodes.add_sum(other.nodes);
        gpus.add_sum(other.gpus);
    }
}

/// Whether a job waits since somebody holds it.
pub(super) fn is_held(row: &JobRow<'_>) -> bool {
    let is_held = matches!(row.reason, Some("JobHeldUser" | "JobHeldAdmin"));
    is_held && row.state == Ok(JobState::Pending)
}

/// Jobs by state. Most names have jobs in two or three states, so that a short list does.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ByState(Vec<(JobState, Load)>);

impl ByState {
    /// Counts jobs in a state.
    pub(super) fn add(&mut self, state: JobState, load: &Load) {
        let place = match self.0.binary_search_by_key(&state, |(state, _)| *state) {
            Ok(place) => place,
            Err(place) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(2);
                }
                self.0.insert(place, (state, Load::default()));
                place
            }
        };
        self.0[place].1.add(load);
    }

    /// The jobs in a state.
    pub(crate) fn get(&self, state: JobState) -> Load {
        self.sum(|one| one == state)
    }

    /// The jobs in all states that `is_wanted` names.
    pub(crate) fn sum(&self, is_wanted: impl Fn(JobState) -> bool) -> Load {
        let mut sum = Load::default();
        for (_, load) in self.0.iter().filter(|(state, _)| is_wanted(*state)) {
            sum.add(load);
        }
        sum
    }

    /// The states in which there are jobs, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (JobState, &Load)> {
        self.0.iter().map(|(state, load)| (*state, load))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
