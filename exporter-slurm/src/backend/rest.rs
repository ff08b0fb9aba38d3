//! slurmrestd at its unix socket, of any version that `lib/slurm` knows.

use std::io::PipeReader;
use std::sync::Arc;

use edctl_slurm::{Diag, Rejected, Slurmrestd};

use super::cli::Cli;
use super::contract::{Backend, Teller};
use crate::config::Slurm;
use crate::counts::{Access, Comparison, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::{PollError, Source};

/// Makes one request at a time.
pub(super) struct Rest {
    slurmrestd: Slurmrestd,
    version: Option<String>,
    /// They run as the same user as slurmrestd does.
    commands: Cli,
}

impl Rest {
    pub(super) fn new(settings: &Slurm, cancel: Option<Arc<PipeReader>>) -> Self {
        let max_body_bytes = (settings.max_output_mib as u64) << 20;
        let slurmrestd = Slurmrestd::new(
            &settings.slurmrestd_socket,
            settings.deadline(),
            max_body_bytes,
            cancel.clone(),
        );
        Self { slurmrestd, version: None, commands: Cli::new(settings, cancel) }
    }

    fn ask(
        &mut self,
        question: impl FnOnce(&mut Slurmrestd) -> Result<Rejected, edctl_slurm::RestError>,
    ) -> Result<Rejected, PollError> {
        let answer = question(&mut self.slurmrestd);
        self.version = self.slurmrestd.version().or(self.version.take());
        answer.map_err(PollError::Rest)
    }
}

impl Backend for Rest {
    fn word(&self) -> &'static str {
        "slurmrestd"
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn teller(&self, source: Source) -> Teller {
        if source == Source::Access {
            return self.commands.teller(source);
        }
        let version = self.version.clone().unwrap_or_default();
        Teller { backend: self.word(), version }
    }

    fn can_tell(&self, source: Source) -> bool {
        let is_told = match source {
            Source::Access => false,
            Source::Shares => self.slurmrestd.has_shares(),
            _ => true,
        };
        is_told && self.slurmrestd.is_there()
    }

    /// No version of slurmrestd tells it.
    fn access(&mut self, access: &mut Access) -> Result<Rejected, PollError> {
        self.commands.access(access)
    }

    fn diag(&mut self, diag: &mut Diag) -> Result<Rejected, PollError> {
        let rejected = self.ask(|slurmrestd| slurmrestd.diag(diag))?;
        if diag.figures.is_empty() {
            return Err(PollError::of_nothing(rejected));
        }
        Ok(rejected)
    }

    fn nodes(&mut self, counts: &mut NodeCounts) -> Result<Rejected, PollError> {
        self.ask(|slurmrestd| slurmrestd.nodes(|row| counts.add(row)))
    }

    fn jobs(
        &mut self,
        counts: &mut JobCounts,
        comparison: &mut Comparison<'_>,
    ) -> Result<Rejected, PollError> {
        self.ask(|slurmrestd| {
            slurmrestd.jobs(|row| {
                counts.add(row);
                comparison.add(row);
            })
        })
    }

    fn licenses(&mut self, licenses: &mut Vec<License>) -> Result<Rejected, PollError> {
        self.ask(|slurmrestd| slurmrestd.licenses(|row| licenses.push(License::from(*row))))
    }

    fn reservations(&mut self, reservations: &mut Vec<Reservation>) -> Result<Rejected, PollError> {
        self.ask(|slurmrestd| {
            slurmrestd.reservations(|row| reservations.push(Reservation::from(*row)))
        })
    }

    fn shares(&mut self, shares: &mut Shares) -> Result<Rejected, PollError> {
        self.ask(|slurmrestd| slurmrestd.shares(|row| shares.add(row)))
    }
}
