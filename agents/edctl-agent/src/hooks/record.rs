//! The one place through which every event goes, whether it came by socket or by spool: it is
//! applied, written to the log, counted and told to the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use edctl_hookmsg::{Event, Hook};

use super::with_causes;
use crate::node::{Applied, NodeState, Source, Store, StoreError};

/// The node's state, shared by server, replayer and page.
pub(crate) struct Record {
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    state: NodeState,
    store: Store,
    counts: BTreeMap<(Hook, Source), u64>,
    refused: BTreeMap<&'static str, u64>,
    store_errors: u64,
}

impl Record {
    pub(crate) fn new(store: Store, state: NodeState) -> Self {
        Self {
            inner: Mutex::new(Inner {
                state,
                store,
                counts: BTreeMap::new(),
                refused: BTreeMap::new(),
                store_errors: 0,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    pub(crate) fn state(&self) -> &NodeState {
        &self.state
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = ((Hook, Source), u64)> {
        self.counts.iter().map(|(key, count)| (*key, *count))
    }

    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused.iter().map(|(reason, count)| (*reason, *count))
    }

    pub(crate) fn store_errors(&self) -> u64 {
        self.store_errors
    }

    /// Counts a request that was not taken.
    pub(crate) fn refuse(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    /// Takes an event; whether it is on disk too is only counted, since a full disk must not stop
    /// the account of what runs.
    pub(crate) fn take(&mut self, event: &Event, source: Source) {
        let boot_id = self.store.boot_id().to_owned();
        if self.state.apply(event, source, &boot_id) == Applied::Known {
            return;
        }
        *self.counts.entry((event.hook, source)).or_default() += 1;
        tell_journal(event, source);
        let kept = self.store.append(event, source, &self.state);
        self.note(kept).ok();
    }

    /// Notes which jobs have ended though no epilog came.
    pub(crate) fn note_vanished(&mut self, vanished: BTreeSet<u32>) {
        for job_id in self.state.set_vanished(vanished) {
            tracing::warn!(
                job_id,
                "job {job_id} has no control group any more: its epilog was lost"
            );
        }
    }

    /// Makes what was taken survive the machine's death.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        let synced = self.store.sync();
        self.note(synced)
    }

    fn note(&mut self, kept: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(error) = &kept {
            self.store_errors += 1;
            tracing::error!("the node's state is not kept: {}", with_causes(error));
        }
        kept
    }
}

fn tell_journal(event: &Event, source: Source) {
    let hook = event.hook.as_str();
    let source = source.as_str();
    let user = event.user.as_deref().unwrap_or("");
    match event.job_id {
        Some(job_id) if event.hook.runs_as_user() => {
            let (step, task) = event.task.map_or((0, 0), |task| (task.step, task.proc_id));
            tracing::info!(job_id, hook, source, user, step, task, "{hook} of job {job_id}");
        }
        Some(job_id) => tracing::info!(job_id, hook, source, user, "{hook} of job {job_id}"),
        None => tracing::debug!(hook, source, "{hook}"),
    }
}
