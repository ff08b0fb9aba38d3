//! Slurm's hooks, as the agent hears of them: over the socket, and from the spool.
//!
//! The server has a thread and a runtime of its own, so that a hook's answer waits for no
//! collector and no scrape; the spool is replayed at the start, before the socket is there, and
//! then every few seconds, when also the jobs are looked after whose epilog was lost.

mod authority;
mod record;
mod replay;
mod server;
mod vanished;

use std::path::Path;
use std::sync::Arc;

use edctl_exposition::{Family, Page};

use crate::config::AgentConfig;
use crate::node::Store;
use crate::service::Reports;
use crate::status::About;
use authority::Authority;
use record::Record;
use replay::Replay;
use server::Server;
use vanished::Watch;

/// The running hook server and replayer; dropping it stops both and removes the socket.
pub(crate) struct Hooks {
    record: Arc<Record>,
    _replay: Replay,
    _server: Server,
}

impl Hooks {
    pub(crate) fn start(config: &AgentConfig, reports: Reports) -> Result<Self, String> {
        let directory = &config.state.directory;
        let boot_id = read_boot_id(&config.path.procfs)?;
        let (store, state) = Store::open(directory, &boot_id).map_err(|e| with_causes(&e))?;
        let record = Arc::new(Record::new(store, state));
        let watch = Watch::new(&config.path.cgroupfs);
        let replay = Replay::start(&directory.join("spool"), Arc::clone(&record), watch)?;
        let server = Server::start(
            &config.hooks.socket,
            server::Context {
                record: Arc::clone(&record),
                spool: replay.spool(),
                authority: Authority::of(&config.hooks.slurm_user),
                about: About::now(),
                reports,
            },
        )?;
        Ok(Self { record, _replay: replay, _server: server })
    }

    pub(crate) fn collect(&self, page: &mut Page) {
        let record = self.record.lock();
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
        page.add(events);
        page.add(refused);
        page.add(
            Family::gauge(
                "edctl_agent_jobs",
                "Jobs on this node between prolog and epilog, but for those without a cgroup for long.",
            )
            .with(&[], record.state().jobs().count() as u64),
        );
        page.add(
            Family::counter(
                "edctl_agent_state_errors_total",
                "How often the node's state could not be kept on disk.",
            )
            .with(&[], record.store_errors()),
        );
        drop(record);
        self._replay.collect(page);
    }
}

fn read_boot_id(procfs: &Path) -> Result<String, String> {
    let path = procfs.join("sys/kernel/random/boot_id");
    match std::fs::read_to_string(&path) {
        Ok(id) => Ok(id.trim().to_owned()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// An error with what caused it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
