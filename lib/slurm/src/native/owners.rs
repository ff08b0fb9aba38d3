//! Lines of the page of accounts and users.

use super::jobs::base_state;
use super::sample::Sample;
use crate::lost::{Field, LeftOut, RowError};
use crate::state::JobState;

/// Whose jobs a line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// An account's.
    Account(&'a str),
    /// A user's.
    User(&'a str),
}

/// Jobs of an account or a user in one base state.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnerJobs<'a> {
    /// Whose they are.
    pub owner: Owner<'a>,
    /// In which state.
    pub state: JobState,
    /// How many; all tasks of an array that wait are jobs.
    pub jobs: Field<u64>,
    /// What of the line could not be taken.
    pub left_out: LeftOut,
}

impl<'a> OwnerJobs<'a> {
    /// Reads one line; nothing from one that counts something else. Jobs without an account stand in lines
    /// without a label, and are in no account.
    ///
    /// # Errors
    /// Says why it is no line.
    pub fn parse(line: &'a str) -> Result<Option<Self>, RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(None) };
        let (owner, word) = if let Some(word) = sample.name.strip_prefix("account_jobs_") {
            (sample.of("account").map(Owner::Account), word)
        } else if let Some(word) = sample.name.strip_prefix("user_jobs_") {
            (sample.of("username").map(Owner::User), word)
        } else {
            return Ok(None);
        };
        let state = base_state(word);
        let (jobs, left_out) = (sample.value, sample.left_out());
        Ok(owner.zip(state).map(|(owner, state)| Self { owner, state, jobs, left_out }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_jobs_of_accounts_and_users() {
        let jobs = |owner, state, jobs| {
            Some(OwnerJobs { owner, state, jobs: Ok(jobs), left_out: LeftOut::default() })
        };
        for (line, wanted) in [
            (
                "slurm_account_jobs_pending{account=\"soc\"} 7",
                jobs(Owner::Account("soc"), JobState::Pending, 7),
            ),
            (
                "slurm_user_jobs_running{username=\"a\"} 9\"} 1",
                jobs(Owner::User("a\"} 9"), JobState::Running, 1),
            ),
            ("slurm_account_jobs_pending 7", None),
            ("slurm_account_jobs_pending{username=\"ada\"} 7", None),
            ("slurm_user_jobs{username=\"ada\"} 3", None),
            ("slurm_user_jobs_completing{username=\"ada\"} 3", None),
            ("slurm_jobs_pending 7", None),
        ] {
            assert_eq!(OwnerJobs::parse(line), Ok(wanted), "{line}");
        }
        let odd = OwnerJobs::parse("slurm_user_jobs_pending{username=\"ada\"} x").unwrap().unwrap();
        assert_eq!((odd.owner, odd.jobs), (Owner::User("ada"), Err(RowError::Number)));
        assert_eq!(odd.left_out.total(), 1);
        assert_eq!(OwnerJobs::parse("slurm_user_jobs_pending"), Err(RowError::Fields));
    }
}
