//! Where the last round's result stands, for pages, hooks and `status`: nobody waits for a check.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use edctl_health::{Fitness, VERSION, Verdict};
use sha2::{Digest, Sha256};

use super::round::{Stand, now_usec};

/// The node's own part of a verdict.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    name: String,
    boot_id: String,
    machine: String,
}

impl Node {
    pub(crate) fn read(rootfs: &Path, boot_id: &str) -> Self {
        let machine = std::fs::read_to_string(rootfs.join("etc/machine-id")).unwrap_or_default();
        Self {
            name: edctl_nodemetrics::read_uname().nodename,
            boot_id: boot_id.to_owned(),
            machine: digest(machine.trim()),
        }
    }
}

/// The machine's id itself is a secret: machine-id(5) wants it hashed before it leaves the machine.
fn digest(machine_id: &str) -> String {
    if machine_id.is_empty() {
        return String::new();
    }
    let digest = Sha256::digest(["edctl:", machine_id].concat());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The last round's result.
pub(crate) struct Board {
    node: Node,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    round: Option<Posted>,
    fitness: Option<(Fitness, u64)>,
    period_secs: u64,
}

struct Posted {
    stands: Vec<Stand>,
    at: Instant,
    time_usec: u64,
}

impl Board {
    pub(crate) fn new(node: Node) -> Self {
        Self { node, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a round's result up.
    pub(super) fn post(&self, stands: Vec<Stand>, period_secs: u64) {
        let fitness = Fitness::of(stands.iter().map(|stand| &stand.state));
        let time_usec = now_usec();
        let mut inner = self.lock();
        inner.period_secs = period_secs;
        if inner.fitness.is_none_or(|(before, _)| before != fitness) {
            inner.fitness = Some((fitness, time_usec));
        }
        inner.round = Some(Posted { stands, at: Instant::now(), time_usec });
    }

    /// Takes the result down: nothing is checked any more.
    pub(super) fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// The verdict; nothing before the first round.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let inner = self.lock();
        let (round, (verdict, since_usec)) = (inner.round.as_ref()?, inner.fitness?);
        Some(Verdict {
            v: VERSION,
            node: self.node.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot_id: self.node.boot_id.clone(),
            machine: self.node.machine.clone(),
            verdict,
            since_usec,
            time_usec: round.time_usec,
            age_secs: round.at.elapsed().as_secs_f64(),
            period_secs: inner.period_secs,
            refused_usec: None,
            checks: round.stands.iter().map(|stand| stand.state.clone()).collect(),
        })
    }

    /// How the checks stand.
    pub(super) fn stands(&self) -> Vec<Stand> {
        self.lock().round.as_ref().map(|round| round.stands.clone()).unwrap_or_default()
    }

    /// The page `/verdict`: the verdict as JSON, with when a prolog last refused a job, or an object that says why there is none.
    pub(crate) fn page(&self, refused_usec: Option<u64>) -> Vec<u8> {
        let page = match self.verdict().map(|verdict| Verdict { refused_usec, ..verdict }) {
            Some(verdict) => serde_json::to_vec(&verdict),
            None => serde_json::to_vec(&serde_json::json!({
                "v": VERSION,
                "error": "nothing is checked, or the first round is not done",
            })),
        };
        let mut page = page.unwrap_or_default();
        page.push(b'\n');
        page
    }
}
