//! slurmctld's own pages, from Slurm 25.11 on: sums, and no single nodes and jobs.

use std::collections::BTreeMap;
use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use edctl_slurm::http::{Client, Endpoint};
use edctl_slurm::native::{
    self, JobsReader, NativePartition, NodeCpus, NodesReader, OwnerJobs, PartitionsReader,
    SchedulerReader,
};
use edctl_slurm::{Diag, LeftOut, Rejected, RowError};

use super::contract::Backend;
use crate::config::Slurm;
use crate::counts::{Access, Comparison, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::{PollError, Source};

/// SchedMD's metrics guide advises to ask every 60 to 120 seconds: slurmctld holds locks while it counts.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);

/// Makes one request at a time.
pub(super) struct Native {
    client: Client,
    /// As the last page of nodes told them.
    cpus: Option<NodeCpus>,
}

impl Native {
    pub(super) fn new(
        settings: &Slurm,
        endpoint: Endpoint,
        cancel: Option<Arc<PipeReader>>,
    ) -> Self {
        let deadline = settings.deadline();
        let max_body_bytes = (settings.max_output_mib as u64) << 20;
        Self { client: Client { endpoint, deadline, max_body_bytes, cancel }, cpus: None }
    }

    fn ask(
        &self,
        path: &str,
        rejected: &mut Rejected,
        on_line: impl FnMut(&str) -> Result<LeftOut, RowError>,
    ) -> Result<(), PollError> {
        let page = native::fetch(&self.client, path, on_line).map_err(PollError::Http)?;
        if page.iter().any(|(error, _)| error == RowError::Truncated) {
            return Err(PollError::Truncated);
        }
        rejected.add(&page);
        Ok(())
    }

    fn partitions(
        &self,
        rejected: &mut Rejected,
    ) -> Result<BTreeMap<String, NativePartition>, PollError> {
        let mut reader = PartitionsReader::default();
        self.ask(native::PARTITIONS, rejected, |line| reader.line(line))?;
        found(reader.finish(), rejected)
    }
}

/// What a page said, if it was one.
fn found<T>(page: Option<T>, rejected: &Rejected) -> Result<T, PollError> {
    page.ok_or_else(|| PollError::of_nothing(rejected.clone()))
}

impl Backend for Native {
    fn word(&self) -> &'static str {
        "native"
    }

    /// No page tells it.
    fn version(&self) -> Option<&str> {
        None
    }

    fn can_tell(&self, source: Source) -> bool {
        matches!(source, Source::Access | Source::Diag | Source::Nodes | Source::Jobs)
    }

    fn tells_each_job(&self) -> bool {
        false
    }

    /// Its pages show all to everybody, or are refused: with PrivateData set, say.
    fn access(&mut self, _access: &mut Access) -> Result<Rejected, PollError> {
        Ok(Rejected::default())
    }

    /// The page of the schedulers needs no lock.
    fn least_interval(&self, source: Source) -> Duration {
        match source {
            Source::Nodes | Source::Jobs => LEAST_INTERVAL,
            _ => Duration::ZERO,
        }
    }

    fn diag(&mut self, diag: &mut Diag) -> Result<Rejected, PollError> {
        let mut rejected = Rejected::default();
        let mut reader = SchedulerReader::default();
        self.ask(native::SCHEDULER, &mut rejected, |line| reader.line(line))?;
        *diag = found(reader.finish(), &rejected)?;
        Ok(rejected)
    }

    fn nodes(&mut self, counts: &mut NodeCounts) -> Result<Rejected, PollError> {
        let mut rejected = Rejected::default();
        let mut reader = NodesReader::default();
        self.ask(native::NODES, &mut rejected, |line| reader.line(line))?;
        let nodes = found(reader.finish(), &rejected)?;
        self.cpus = Some(nodes.cpus);
        counts.take_overview(nodes, self.partitions(&mut rejected)?);
        Ok(rejected)
    }

    fn jobs(
        &mut self,
        counts: &mut JobCounts,
        _comparison: &mut Comparison<'_>,
    ) -> Result<Rejected, PollError> {
        let mut rejected = Rejected::default();
        let mut reader = JobsReader::default();
        self.ask(native::JOBS, &mut rejected, |line| reader.line(line))?;
        let jobs = found(reader.finish(), &rejected)?;
        counts.take_overview(jobs, self.cpus.as_ref(), &self.partitions(&mut rejected)?);
        self.ask(native::OWNERS, &mut rejected, |line| {
            let row = OwnerJobs::parse(line)?;
            row.iter().for_each(|row| counts.take_owner(row));
            Ok(row.map(|row| row.left_out).unwrap_or_default())
        })?;
        Ok(rejected)
    }

    fn licenses(&mut self, _licenses: &mut Vec<License>) -> Result<Rejected, PollError> {
        Err(PollError::NotOffered)
    }

    fn reservations(
        &mut self,
        _reservations: &mut Vec<Reservation>,
    ) -> Result<Rejected, PollError> {
        Err(PollError::NotOffered)
    }

    fn shares(&mut self, _shares: &mut Shares) -> Result<Rejected, PollError> {
        Err(PollError::NotOffered)
    }
}
