//! The collectors' last reports, written by the page and read by `status`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edctl_nodemetrics::Report;

/// Shared by the service and the hook server.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reports(Arc<Mutex<Vec<Report>>>);

impl Reports {
    pub(crate) fn replace(&self, reports: Vec<Report>) {
        *self.lock() = reports;
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<Report>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
