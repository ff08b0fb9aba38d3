//! Slurm's commands, in text form: those of any release from 20.11 on.

use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use edctl_slurm::commands::{self, Command};
use edctl_slurm::{
    ConfigReader, Diag, DiagReader, Invocation, JobRow, LeftOut, LicenseRow, NodeRow, Rejected,
    ReservationRow, RowError, Runner, ShareRow, UserRow, query,
};

use super::contract::{Backend, CLI};
use crate::config::Slurm;
use crate::counts::{Access, Comparison, JobCounts, License, NodeCounts, Reservation, Shares};
use crate::source::{PollError, Source};

/// What prints more than this prints no version.
const MAX_VERSION_BYTES: usize = 4096;

/// Runs one command at a time.
pub(super) struct Cli {
    runner: Runner,
    deadline: Duration,
    max_output_bytes: usize,
    cancel: Option<Arc<PipeReader>>,
    version: Option<String>,
    /// Whether the commands may be others than when their version was asked.
    is_version_due: bool,
    /// Whose number the commands' requests carry.
    uid: u32,
}

const ROOT: u32 = 0;

impl Cli {
    pub(super) fn new(settings: &Slurm, cancel: Option<Arc<PipeReader>>) -> Self {
        Self {
            runner: Runner::new(&settings.bin_dir),
            deadline: settings.deadline(),
            max_output_bytes: settings.max_output_mib << 20,
            cancel,
            version: None,
            is_version_due: true,
            uid: rustix::process::getuid().as_raw(),
        }
    }

    fn ask(
        &mut self,
        command: &'static Command,
        on_row: impl FnMut(&str) -> Result<LeftOut, RowError>,
    ) -> Result<Rejected, PollError> {
        let outcome = query(&self.runner, &self.call(command), on_row);
        if outcome.is_err() {
            self.is_version_due = true;
        } else if std::mem::take(&mut self.is_version_due) {
            self.version = self.ask_version();
        }
        let rejected = outcome.map_err(PollError::Run)?;
        let is_truncated = rejected.iter().any(|(error, _)| error == RowError::Truncated);
        if is_truncated { Err(PollError::Truncated) } else { Ok(rejected) }
    }

    fn ask_whether_operator(&mut self) -> Result<(bool, Rejected), PollError> {
        let uid = self.uid;
        let mut is_operator = false;
        let outcome = self.ask(&commands::USERS, |line| {
            if let Some(user) = UserRow::parse(line)?.filter(|user| user.uid == uid) {
                is_operator = user.is_operator;
            }
            Ok(LeftOut::default())
        });
        match outcome {
            // 22.05's scontrol cannot read the answer that there is nobody whom the asker may see.
            Err(error) if error.reason() == "exit_status" => Ok((false, Rejected::default())),
            outcome => outcome.map(|rejected| (is_operator, rejected)),
        }
    }

    fn ask_version(&self) -> Option<String> {
        let call = self.call(&commands::VERSION).max_stdout_bytes(MAX_VERSION_BYTES);
        let output = self.runner.run(&call).ok()?;
        commands::read_version(&output.stdout).map(str::to_owned)
    }

    fn call(&self, command: &'static Command) -> Invocation {
        let call = Invocation::new(command)
            .deadline(self.deadline)
            .max_stdout_bytes(self.max_output_bytes);
        match &self.cancel {
            Some(cancel) => call.cancel_on_close(Arc::clone(cancel)),
            None => call,
        }
    }
}

/// The command that tells a source.
fn command_of(source: Source) -> &'static Command {
    match source {
        Source::Access => &commands::CONFIG,
        Source::Diag => &commands::DIAG,
        Source::Nodes => &commands::NODES,
        Source::Jobs => &commands::JOBS,
        Source::Licenses => &commands::LICENSES,
        Source::Reservations => &commands::RESERVATIONS,
        Source::Shares => &commands::SHARES,
    }
}

impl Backend for Cli {
    fn word(&self) -> &'static str {
        CLI
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn can_tell(&self, source: Source) -> bool {
        self.runner.path(command_of(source)).is_file()
    }

    fn access(&mut self, access: &mut Access) -> Result<Rejected, PollError> {
        let mut reader = ConfigReader::default();
        let mut rejected = self.ask(command_of(Source::Access), |line| Ok(reader.line(line)))?;
        let data = reader.finish().ok_or(PollError::NoRows)?;
        access.is_privileged = self.uid == ROOT || Some(self.uid) == data.slurm_user;
        // Of no consequence where nothing is private.
        if !access.is_privileged && !data.kinds.is_empty() {
            let (is_operator, more) = self.ask_whether_operator()?;
            access.is_privileged = is_operator;
            rejected.add(&more);
        }
        access.private = data.kinds;
        Ok(rejected)
    }

    fn diag(&mut self, diag: &mut Diag) -> Result<Rejected, PollError> {
        let mut reader = DiagReader::default();
        let rejected = self.ask(command_of(Source::Diag), |line| reader.line(line))?;
        match reader.finish() {
            Some(read) => *diag = read,
            None => return Err(PollError::of_nothing(rejected)),
        }
        Ok(rejected)
    }

    fn nodes(&mut self, counts: &mut NodeCounts) -> Result<Rejected, PollError> {
        self.ask(command_of(Source::Nodes), |row| {
            let row = NodeRow::parse(row)?;
            counts.add(&row);
            Ok(row.left_out)
        })
    }

    fn jobs(
        &mut self,
        counts: &mut JobCounts,
        comparison: &mut Comparison<'_>,
    ) -> Result<Rejected, PollError> {
        self.ask(command_of(Source::Jobs), |row| {
            let row = JobRow::parse(row)?;
            counts.add(&row);
            comparison.add(&row);
            Ok(row.left_out)
        })
    }

    fn licenses(&mut self, licenses: &mut Vec<License>) -> Result<Rejected, PollError> {
        self.ask(command_of(Source::Licenses), |row| {
            let row = LicenseRow::parse(row)?;
            licenses.extend(row.map(License::from));
            Ok(row.map(|row| row.left_out).unwrap_or_default())
        })
    }

    fn reservations(&mut self, reservations: &mut Vec<Reservation>) -> Result<Rejected, PollError> {
        self.ask(command_of(Source::Reservations), |row| {
            let row = ReservationRow::parse(row)?;
            reservations.extend(row.map(Reservation::from));
            Ok(row.map(|row| row.left_out).unwrap_or_default())
        })
    }

    fn shares(&mut self, shares: &mut Shares) -> Result<Rejected, PollError> {
        self.ask(command_of(Source::Shares), |row| {
            let row = ShareRow::parse(row)?;
            shares.add(&row);
            Ok(row.left_out)
        })
    }
}
