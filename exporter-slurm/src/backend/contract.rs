//! What every backend can be asked.

use std::time::Duration;

use edctl_slurm::{Diag, Rejected};

use crate::counts::{Access, Comparison, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::{PollError, Source};

/// The word of the backend that is Slurm's commands: its version is Slurm's.
pub(crate) const CLI: &str = "cli";

/// A way to ask Slurm. Each question adds its answer to what it is given, which counts for nothing after
/// an error, and returns the rows that could not be read.
pub(crate) trait Backend: Send {
    /// Its word in the label `backend`, the same as in the configuration.
    fn word(&self) -> &'static str;

    /// The version of what answers, once that is known.
    fn version(&self) -> Option<&str>;

    /// Who answers for the source where it is asked.
    fn teller(&self, _source: Source) -> Teller {
        let version = self.version().unwrap_or_default().to_owned();
        Teller { backend: self.word(), version }
    }

    /// Whether it can be asked for the source here and now, as far as that shows without asking.
    fn can_tell(&self, source: Source) -> bool;

    /// Whether [`jobs`](Self::jobs) tells of each job, so that two of its answers can be compared.
    fn tells_each_job(&self) -> bool {
        true
    }

    /// What of the other answers Slurm keeps from our user.
    fn access(&mut self, access: &mut Access) -> Result<Rejected, PollError>;

    /// The time between two polls of the source, unless another is configured for it.
    fn least_interval(&self, _source: Source) -> Duration {
        Duration::ZERO
    }

    fn diag(&mut self, diag: &mut Diag) -> Result<Rejected, PollError>;

    fn nodes(&mut self, counts: &mut NodeCounts) -> Result<Rejected, PollError>;

    fn jobs(
        &mut self,
        counts: &mut JobCounts,
        comparison: &mut Comparison<'_>,
    ) -> Result<Rejected, PollError>;

    fn licenses(&mut self, licenses: &mut Vec<License>) -> Result<Rejected, PollError>;

    fn reservations(&mut self, reservations: &mut Vec<Reservation>) -> Result<Rejected, PollError>;

    fn shares(&mut self, shares: &mut Shares) -> Result<Rejected, PollError>;
}

/// Who answers for a source, as the page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Teller {
    pub(crate) backend: &'static str,
    /// Empty where it is not known.
    pub(crate) version: String,
}
