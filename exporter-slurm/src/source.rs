//! The questions that slurmctld is asked, and what their answers become.

use std::io::PipeReader;
use std::sync::Arc;

use edctl_slurm::{
    DiagReader, Figure, Invocation, JobRow, LicenseRow, NodeRow, Rejected, ReservationRow,
    RowError, RunError, Runner, ShareRow, commands, query,
};
use serde::Deserialize;

use crate::config::Slurm;
use crate::counts::{
    DiagCounters, DiagCounts, JobCounts, JobHistory, License, NodeCounts, Reservation, Shares,
};

/// A question, by the word in the label `source` and in the configuration. A new one gets a variant
/// here, a slot on the [`Board`](crate::board::Board) and a function in [`page`](crate::page).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Diag,
    Nodes,
    Jobs,
    Licenses,
    Reservations,
    Shares,
}

impl Source {
    /// All sources, in the order in which they are asked first.
    pub(crate) const ALL: [Source; 6] = [
        Source::Diag,
        Source::Nodes,
        Source::Jobs,
        Source::Licenses,
        Source::Reservations,
        Source::Shares,
    ];

    /// Whether what it tells changes so slowly that it is asked less than the others.
    pub(crate) fn is_slow(self) -> bool {
        matches!(self, Self::Licenses | Self::Reservations | Self::Shares)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Diag => "diag",
            Self::Nodes => "nodes",
            Self::Jobs => "jobs",
            Self::Licenses => "licenses",
            Self::Reservations => "reservations",
            Self::Shares => "shares",
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum PollError {
    /// The command gave none.
    Run(RunError),
    /// It ended well, but within a row: there was more.
    Truncated,
    /// It printed rows, but none that could be read, or none where there must be some.
    NoRows,
}

impl PollError {
    /// All reasons that the label `reason` can show.
    pub(crate) const REASONS: [&str; 8] =
        ["start", "timeout", "too_large", "exit_status", "cancelled", "io", "truncated", "no_rows"];

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Run(error) => error.reason(),
            Self::Truncated => "truncated",
            Self::NoRows => "no_rows",
        }
    }
}

impl std::fmt::Display for PollError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(RunError::Start { program, source }) => {
                write!(f, "cannot start {}: {source}", program.display())
            }
            Self::Run(error) => error.fmt(f),
            Self::Truncated => f.write_str("the output ended within a row"),
            Self::NoRows => f.write_str("the output had no row that could be read"),
        }
    }
}

/// What was read and which rows were not.
pub(crate) struct Answer<T> {
    pub(crate) counts: T,
    pub(crate) rejected: Rejected,
}

/// What every question needs, and what is remembered from one answer to the next.
pub(crate) struct Asker {
    runner: Runner,
    pub(crate) settings: Slurm,
    /// Closes when the exporter stops.
    cancel: Option<Arc<PipeReader>>,
    diag: DiagCounters,
    jobs: JobHistory,
}

impl Asker {
    pub(crate) fn new(settings: Slurm, cancel: Option<Arc<PipeReader>>) -> Self {
        Self {
            runner: Runner::new(&settings.bin_dir),
            settings,
            cancel,
            diag: DiagCounters::default(),
            jobs: JobHistory::default(),
        }
    }

    /// Goes on with other settings, and with what it remembers.
    pub(crate) fn change(&mut self, settings: Slurm) {
        self.runner = Runner::new(&settings.bin_dir);
        self.settings = settings;
    }

    pub(crate) fn diag(&mut self) -> Result<Answer<DiagCounts>, PollError> {
        let mut reader = DiagReader::default();
        let rejected = self.ask(&commands::DIAG, |line| reader.line(line))?;
        let diag = reader.finish();
        // Every sdiag says this, whatever else it says in other words.
        if !diag.figures.contains_key(&Figure::ServerThreads) {
            return Err(PollError::NoRows);
        }
        Ok(Answer { counts: self.diag.add(diag, self.settings.top), rejected })
    }

    pub(crate) fn nodes(&self) -> Result<Answer<NodeCounts>, PollError> {
        let mut counts = NodeCounts::default();
        let rejected = self.ask(&commands::NODES, |row| {
            counts.add(&NodeRow::parse(row)?);
            Ok(())
        })?;
        counts.done();
        // There is no cluster without nodes.
        if counts.is_empty() { Err(PollError::NoRows) } else { Ok(Answer { counts, rejected }) }
    }

    pub(crate) fn jobs(&mut self) -> Result<Answer<JobCounts>, PollError> {
        let mut counts = JobCounts::default();
        let mut comparison = self.jobs.compare(self.settings.top);
        let rejected = self.ask(&commands::JOBS, |row| {
            let row = JobRow::parse(row)?;
            counts.add(&row);
            comparison.add(&row);
            Ok(())
        })?;
        refuse_if_none_was_read(counts.is_empty(), &rejected)?;
        self.jobs = comparison.finish();
        counts.totals = self.jobs.totals.clone();
        Ok(Answer { counts, rejected })
    }

    pub(crate) fn licenses(&self) -> Result<Answer<Vec<License>>, PollError> {
        let mut licenses = Vec::new();
        let rejected = self.ask(&commands::LICENSES, |row| {
            licenses.extend(LicenseRow::parse(row)?.map(License::from));
            Ok(())
        })?;
        refuse_if_none_was_read(licenses.is_empty(), &rejected)?;
        Ok(Answer { counts: licenses, rejected })
    }

    pub(crate) fn reservations(&self) -> Result<Answer<Vec<Reservation>>, PollError> {
        let mut reservations = Vec::new();
        let rejected = self.ask(&commands::RESERVATIONS, |row| {
            reservations.extend(ReservationRow::parse(row)?.map(Reservation::from));
            Ok(())
        })?;
        refuse_if_none_was_read(reservations.is_empty(), &rejected)?;
        Ok(Answer { counts: reservations, rejected })
    }

    pub(crate) fn shares(&self) -> Result<Answer<Shares>, PollError> {
        let mut shares = Shares::default();
        let rejected = self.ask(&commands::SHARES, |row| {
            shares.add(&ShareRow::parse(row)?);
            Ok(())
        })?;
        refuse_if_none_was_read(shares.is_empty(), &rejected)?;
        Ok(Answer { counts: shares, rejected })
    }

    fn ask(
        &self,
        command: &'static commands::Command,
        on_row: impl FnMut(&str) -> Result<(), RowError>,
    ) -> Result<Rejected, PollError> {
        let mut call = Invocation::new(command)
            .deadline(self.settings.deadline())
            .max_stdout_bytes(self.settings.max_output_mib << 20);
        if let Some(cancel) = &self.cancel {
            call = call.cancel_on_close(Arc::clone(cancel));
        }
        let rejected = query(&self.runner, &call, on_row).map_err(PollError::Run)?;
        let is_truncated = rejected.iter().any(|(error, _)| error == RowError::Truncated);
        if is_truncated { Err(PollError::Truncated) } else { Ok(rejected) }
    }
}

/// There are clusters without jobs, licences or accounts, but none whose rows are all of another shape.
fn refuse_if_none_was_read(is_empty: bool, rejected: &Rejected) -> Result<(), PollError> {
    if is_empty && rejected.total() > 0 { Err(PollError::NoRows) } else { Ok(()) }
}
