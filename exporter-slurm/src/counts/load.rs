//! What jobs are and have together, by their states.

use edctl_slurm::{JobRow, JobState, JobTres};

use super::{grow, grow_some};

/// Jobs and what they have. A sum that is too large stays at the largest number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) jobs: u64,
    /// Those of them that wait since somebody holds them.
    pub(crate) held: u64,
    /// CPUs that they have or ask for.
    pub(crate) cpus: u64,
    /// What else they have or ask for; of each kind nothing where Slurm says it of none of them. A node counts
    /// for each of its jobs.
    pub(crate) tres: JobTres,
}

impl Load {
    /// What a row stands for.
    pub(super) fn of(row: &JobRow<'_>) -> Self {
        let of_all = |each: Option<u64>| each.map(|each| each.saturating_mul(row.jobs));
        Self {
            jobs: row.jobs,
            held: if is_held(row) { row.jobs } else { 0 },
            cpus: row.jobs.saturating_mul(row.cpus_each),
            tres: JobTres {
                memory_bytes: of_all(row.tres.memory_bytes),
                nodes: of_all(row.tres.nodes),
                gpus: of_all(row.tres.gpus),
            },
        }
    }

    /// Adds another's jobs.
    pub(crate) fn add(&mut self, other: &Self) {
        grow(&mut self.jobs, other.jobs);
        grow(&mut self.held, other.held);
        grow(&mut self.cpus, other.cpus);
        let JobTres { memory_bytes, nodes, gpus } = &mut self.tres;
        grow_some(memory_bytes, other.tres.memory_bytes);
        grow_some(nodes, other.tres.nodes);
        grow_some(gpus, other.tres.gpus);
    }
}

/// Whether a job waits since somebody holds it.
pub(super) fn is_held(row: &JobRow<'_>) -> bool {
    let is_held = matches!(row.reason, Some("JobHeldUser" | "JobHeldAdmin"));
    is_held && row.state == JobState::Pending
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
