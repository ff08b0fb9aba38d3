//! Asks a source's backend, and remembers what must be known at the next answer.

use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use edctl_slurm::{Diag, Rejected};

use crate::backend::{Backends, Teller};
use crate::config::Slurm;
use crate::counts::{
    Access, DiagCounters, DiagCounts, JobCounts, JobHistory, License, NodeCounts, Reservation,
    Shares,
};
use crate::source::{Answer, PollError, Source};

/// Those who are asked, and what is remembered from one answer to the next.
pub(crate) struct Asker {
    pub(crate) settings: Slurm,
    /// Closes when the exporter stops.
    cancel: Option<Arc<PipeReader>>,
    backends: Backends,
    diag: DiagCounters,
    jobs: JobHistory,
    /// Whether Slurm shows us only jobs of our own.
    hides_jobs: bool,
}

impl Asker {
    pub(crate) fn new(settings: Slurm, cancel: Option<Arc<PipeReader>>) -> Self {
        Self {
            backends: Backends::new(&settings, cancel.as_ref()),
            settings,
            cancel,
            diag: DiagCounters::default(),
            jobs: JobHistory::default(),
            hides_jobs: false,
        }
    }

    /// Goes on with other settings, and with what it remembers.
    pub(crate) fn change(&mut self, settings: Slurm) {
        self.backends = Backends::new(&settings, self.cancel.as_ref());
        self.settings = settings;
    }

    /// Who was asked last for a source.
    pub(crate) fn teller(&self, source: Source) -> Option<Teller> {
        self.backends.teller(source)
    }

    pub(crate) fn access(&mut self) -> Result<Answer<Access>, PollError> {
        let mut access = Access::default();
        let rejected = self.backends.choose(Source::Access).access(&mut access)?;
        self.hides_jobs = access.hides(Source::Jobs).is_some();
        Ok(Answer { counts: access, rejected })
    }

    /// The time until a source is asked again; `slowdown` times that while slurmctld is loaded.
    pub(crate) fn interval(&self, source: Source, slowdown: u32) -> Duration {
        self.settings.interval(source, slowdown, self.backends.least_interval(source))
    }

    pub(crate) fn diag(&mut self) -> Result<Answer<DiagCounts>, PollError> {
        let mut diag = Diag::default();
        let rejected = self.backends.choose(Source::Diag).diag(&mut diag)?;
        Ok(Answer { counts: self.diag.add(diag, self.settings.top), rejected })
    }

    pub(crate) fn nodes(&mut self) -> Result<Answer<NodeCounts>, PollError> {
        let mut counts = NodeCounts::default();
        let rejected = self.backends.choose(Source::Nodes).nodes(&mut counts)?;
        counts.done();
        // There is no cluster without nodes.
        if counts.is_empty() {
            Err(PollError::of_nothing(rejected))
        } else {
            Ok(Answer { counts, rejected })
        }
    }

    pub(crate) fn jobs(&mut self) -> Result<Answer<JobCounts>, PollError> {
        let mut counts = JobCounts::default();
        let mut comparison = self.jobs.compare(self.settings.top);
        let backend = self.backends.choose(Source::Jobs);
        let rejected = backend.jobs(&mut counts, &mut comparison)?;
        refuse_if_none_was_read(counts.is_empty(), &rejected)?;
        if self.hides_jobs {
            self.jobs.forget_snapshot();
        } else if backend.tells_each_job() {
            self.jobs = comparison.finish();
        }
        counts.totals = self.jobs.totals.clone();
        Ok(Answer { counts, rejected })
    }

    pub(crate) fn licenses(&mut self) -> Result<Answer<Vec<License>>, PollError> {
        let mut licenses = Vec::new();
        let rejected = self.backends.choose(Source::Licenses).licenses(&mut licenses)?;
        refuse_if_none_was_read(licenses.is_empty(), &rejected)?;
        Ok(Answer { counts: licenses, rejected })
    }

    pub(crate) fn reservations(&mut self) -> Result<Answer<Vec<Reservation>>, PollError> {
        let mut reservations = Vec::new();
        let rejected =
            self.backends.choose(Source::Reservations).reservations(&mut reservations)?;
        refuse_if_none_was_read(reservations.is_empty(), &rejected)?;
        Ok(Answer { counts: reservations, rejected })
    }

    pub(crate) fn shares(&mut self) -> Result<Answer<Shares>, PollError> {
        let mut shares = Shares::default();
        let rejected = self.backends.choose(Source::Shares).shares(&mut shares)?;
        refuse_if_none_was_read(shares.is_empty(), &rejected)?;
        Ok(Answer { counts: shares, rejected })
    }
}

/// There are clusters without jobs, licences or accounts, but none whose rows are all of another shape.
fn refuse_if_none_was_read(is_empty: bool, rejected: &Rejected) -> Result<(), PollError> {
    match rejected.total() {
        1.. if is_empty => Err(PollError::BadRows(rejected.clone())),
        _ => Ok(()),
    }
}
