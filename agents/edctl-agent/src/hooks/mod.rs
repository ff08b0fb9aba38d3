//! Slurm's hooks, as the agent hears of them: over the socket, and from the spool.
//!
//! The server has a thread and a runtime of its own, so that a hook's answer waits for no
//! collector and no scrape. Two threads ask disks and may hang with them: the writer, which owns the
//! state's files, and the replayer, which empties the spool at the start, before the socket is there,
//! then every few seconds, when also the jobs are looked after whose epilog was lost. Nobody waits for
//! these two longer than a moment.

mod authority;
mod batch;
mod error;
mod record;
mod replay;
mod server;
#[cfg(test)]
mod tests;
mod vanished;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edctl_exposition::{Family, Kind, Page};
use edctl_fault::Fault;

use crate::config::{AgentConfig, STATE_FLAG};
use crate::directory;
use crate::health::{Gate, Health};
use crate::node::{Disk, Store};
use crate::reports::Reports;
use crate::status::{About, Answering};
use authority::Authority;
use error::HooksError;
use replay::Replay;
use server::Server;
use vanished::Watch;
use writer::{Opened, Writer};

pub(crate) use record::{Inner, Record, STUCK};
pub(crate) use replay::SpoolView;

/// How long the start waits for the state and the spool.
const START_PATIENCE: Duration = Duration::from_secs(2);

/// The running hook server, replayer and writer; dropping it stops all, in this order, and removes the
/// socket.
pub(crate) struct Hooks {
    _server: Server,
    replay: Replay,
    _writer: Writer,
    record: Arc<Record>,
}

impl Hooks {
    pub(crate) fn start(
        config: &AgentConfig,
        boot_id: String,
        reports: Reports,
        health: &Health,
        gate: Gate,
    ) -> Result<Self, Fault> {
        let until = Instant::now() + START_PATIENCE;
        let left = || until.saturating_duration_since(Instant::now());
        let directory = config.state.directory.clone();
        let spool = directory.join("spool");
        let record = Arc::new(Record::new(boot_id.clone()));
        let open = move || open_store(&directory, &boot_id);
        let writer = Writer::start(Arc::clone(&record), open, left())?;
        let watch = Watch::new(&config.path.cgroupfs);
        let replay = Replay::start(&spool, Arc::clone(&record), watch, left())?;
        let server = Server::start(
            &config.hooks.socket,
            server::Context {
                record: Arc::clone(&record),
                authority: Authority::of(&config.hooks.slurm_user),
                gate,
                status: Answering {
                    about: About::now(&config.state.directory),
                    record: Arc::clone(&record),
                    spool: replay.view(),
                    reports,
                    board: Arc::clone(health.board()),
                },
            },
        )?;
        Ok(Self { _server: server, replay, _writer: writer, record })
    }

    pub(crate) fn collect(&self, page: &mut Page) {
        collect_record(&self.record.lock(), page);
        self.replay.collect(page);
    }
}

/// Opens the state's files in their directory; may hang with its disk.
fn open_store(directory: &Path, boot_id: &str) -> Opened {
    directory::make(directory, directory::PRIVATE, STATE_FLAG)?;
    let (store, state) = Store::open(directory, boot_id)?;
    let disk: Box<dyn Disk> = Box::new(store);
    Ok((disk, state))
}

fn collect_record(record: &Inner, page: &mut Page) {
    let mut events = Family::counter(
        "edctl_hook_events_total",
        "Events of Slurm's hooks, by the hook and by how they came.",
    );
    for ((hook, source), count) in record.counts() {
        events.push(&[("hook", hook.as_str()), ("source", source.as_str())], count);
    }
    let mut refused = Family::counter(
        "edctl_hook_requests_refused_total",
        "Requests on the hook socket that were not taken.",
    );
    for (reason, count) in record.refused() {
        refused.push(&[("reason", reason)], count);
    }
    let mut latencies = Family::new(
        "edctl_hook_request_duration_seconds",
        "Time from a hook's connection to its answer, by the hook.",
        Kind::Histogram,
    );
    for (hook, latency) in record.latencies() {
        latencies.push_histogram(&[("hook", hook.as_str())], latency);
    }
    page.add(latencies);
    page.add(events);
    page.add(refused);
    let mut ended = Family::counter(
        "edctl_job_ended_total",
        "Jobs whose epilog ran on this node, since the agent's state was first kept.",
    );
    let mut seconds = Family::counter(
        "edctl_job_run_seconds_total",
        "Time from prolog to epilog of the jobs that ended on this node.",
    );
    for total in record.state().totals() {
        let labels = [
            ("outcome", total.outcome.as_str()),
            ("partition", &*total.partition),
            ("stage", &*total.stage),
        ];
        ended.push(&labels, total.jobs);
        seconds.push(&labels, total.usec as f64 / 1e6);
    }
    page.add(ended);
    page.add(seconds);
    // Before the state is loaded, nobody knows how many there are.
    if record.is_loaded() {
        page.add(
            Family::gauge(
                "edctl_agent_jobs",
                "Jobs on this node between prolog and epilog, but for those without a cgroup for long.",
            )
            .with(&[], record.state().jobs().count() as u64),
        );
    } else {
        page.error("state", "timeout");
    }
    page.add(
        Family::counter(
            "edctl_agent_state_errors_total",
            "How often the node's state could not be kept on disk.",
        )
        .with(&[], record.disk().errors),
    );
    page.add(
        Family::gauge(
            "edctl_agent_state_unwritten_events",
            "Events of hooks that are in memory and not on disk yet.",
        )
        .with(&[], record.unwritten() as u64),
    );
    page.add(
        Family::gauge(
            "edctl_agent_state_stuck_seconds",
            "For how long the disk of the node's state has not answered; 0 while nothing is asked of it.",
        )
        .with(&[], record.disk().stuck().as_secs_f64()),
    );
}

/// The machine's present boot.
///
/// # Errors
/// Names the file that cannot be read.
pub(crate) fn read_boot_id(procfs: &Path) -> Result<String, HooksError> {
    let path = procfs.join("sys/kernel/random/boot_id");
    match std::fs::read_to_string(&path) {
        Ok(id) => Ok(id.trim().to_owned()),
        Err(source) => Err(HooksError::BootId { path, source }),
    }
}
