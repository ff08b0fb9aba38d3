//! The answer to `status`, put together where the agent runs.

use std::sync::{Arc, Mutex, PoisonError};

use super::model::{About, Status};
use crate::health::Board;
use crate::hooks::{Record, SpoolView};
use crate::reports::Reports;

/// Everything that an answer is made of.
pub(crate) struct Answering {
    pub(crate) about: About,
    pub(crate) record: Arc<Record>,
    pub(crate) spool: Arc<Mutex<SpoolView>>,
    pub(crate) reports: Reports,
    pub(crate) board: Arc<Board>,
}

impl Answering {
    /// One line of JSON.
    pub(crate) fn line(&self) -> Vec<u8> {
        let status = Status::of(
            &self.about,
            &self.record.lock(),
            &self.spool.lock().unwrap_or_else(PoisonError::into_inner),
            &self.reports.lock(),
            self.board.verdict(),
        );
        let mut line = serde_json::to_vec(&status).unwrap_or_default();
        line.push(b'\n');
        line
    }
}
