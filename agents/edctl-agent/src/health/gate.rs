//! Whether a prolog refuses a job: only where the verdict says that the node is unfit, the verdict is fresh, and the
//! drainer has said lately that its brake is off. Whatever is not known lets the job start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use edctl_health::{Reason, Verdict};
use edctl_hookmsg::Hook;

use super::board::Board;
use super::config::GateMode;
use super::round::now_usec;

/// For how long the drainer's word holds.
const WORD_HOLDS: Duration = Duration::from_secs(180);

/// The gate, shared by the hook server and the page on which the drainer speaks.
#[derive(Clone)]
pub(crate) struct Gate {
    board: Arc<Board>,
    inner: Arc<Inner>,
}

struct Inner {
    mode: Mutex<GateMode>,
    /// When the drainer last said that its brake is off.
    released: Mutex<Option<Instant>>,
    refused: AtomicU64,
    /// Microseconds since 1970; 0 before the first.
    refused_usec: AtomicU64,
}

impl Gate {
    pub(crate) fn new(board: Arc<Board>, mode: GateMode) -> Self {
        let inner = Inner {
            mode: Mutex::new(mode),
            released: Mutex::new(None),
            refused: AtomicU64::new(0),
            refused_usec: AtomicU64::new(0),
        };
        Self { board, inner: Arc::new(inner) }
    }

    pub(crate) fn set_mode(&self, mode: GateMode) {
        *self.inner.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Takes the drainer's word, which comes with each of its questions.
    pub(crate) fn hear(&self, word: &str) {
        let mut released = self.inner.released.lock().unwrap_or_else(PoisonError::into_inner);
        match word {
            "off" => *released = Some(Instant::now()),
            "on" => *released = None,
            _ => {}
        }
    }

    /// Why a job that is about to start has to go elsewhere; nothing where it may start.
    pub(crate) fn refuses(&self, hook: Hook) -> Option<Reason> {
        let mode = *self.inner.mode.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = match mode {
            GateMode::Off => true,
            GateMode::Always => false,
            GateMode::Brake => {
                let released = *self.inner.released.lock().unwrap_or_else(PoisonError::into_inner);
                released.is_none_or(|at| at.elapsed() > WORD_HOLDS)
            }
        };
        if is_open {
            return None;
        }
        let reason = self.board.verdict().as_ref().and_then(unfit)?;
        if hook == Hook::Prolog {
            self.inner.refused.fetch_add(1, Ordering::Relaxed);
            self.inner.refused_usec.store(now_usec(), Ordering::Relaxed);
        }
        Some(reason)
    }

    /// When the last job was refused, in microseconds since 1970.
    pub(crate) fn refused_usec(&self) -> Option<u64> {
        Some(self.inner.refused_usec.load(Ordering::Relaxed)).filter(|usec| *usec > 0)
    }

    /// How many jobs were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.inner.refused.load(Ordering::Relaxed)
    }
}

fn unfit(verdict: &Verdict) -> Option<Reason> {
    if verdict.is_stale() { None } else { verdict.unfit() }
}
