//! The jobs that Slurm runs on this node, as their control groups tell.
//!
//! `reader.rs` reads them into a pass, `store.rs` derives what is known of each job, `page.rs` and
//! `jobstats.rs` expose it; `sampler.rs` is the thread that drives the first two, woken by `watch.rs`.

mod bell;
mod budget;
mod counter;
mod families;
mod jobstats;
mod labels;
mod page;
mod pass;
mod reader;
mod sampler;
mod settings;
mod store;
mod tally;
mod watch;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use edctl_daemon::{Mode, Paths};
use edctl_exposition::Page;

use self::bell::Bell;
use self::reader::Reader;
use self::sampler::{Orders, Shared};
use self::settings::Profile;

pub(crate) use self::settings::Settings;

/// The sampler, which ends with it.
pub(crate) struct Jobs {
    shared: Arc<Shared>,
    bell: Bell,
    settings: Settings,
}

impl Jobs {
    /// Starts to sample, or samples once for a single page.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(settings: Settings, roots: Paths, mode: Mode) -> io::Result<Self> {
        let orders = Orders { settings: settings.clone(), roots };
        let shared = Arc::new(Shared::new(orders.clone()));
        let bell = Bell::new()?;
        match mode {
            Mode::Serve => {
                let (shared, bell) = (Arc::clone(&shared), bell.clone());
                thread::Builder::new()
                    .name("jobs".to_owned())
                    .spawn(move || sampler::run(&shared, bell))?;
            }
            Mode::Once => {
                sampler::sample(&mut Reader::default(), &orders, &shared);
            }
        }
        Ok(Self { shared, bell, settings })
    }

    /// Takes a new configuration; what is known of the jobs stays.
    pub(crate) fn reload(&mut self, settings: Settings, roots: Paths) {
        self.settings = settings.clone();
        self.shared.order(Some(Orders { settings, roots }));
        self.bell.ring();
    }

    /// Adds what the last samples said to the page.
    pub(crate) fn collect(&self, page: &mut Page) {
        let mut store = self.shared.store();
        for (source, reason, count) in store.take_faults().iter() {
            for _ in 0..count {
                page.error(source, reason);
            }
        }
        if !store.has_slurmd() {
            return;
        }
        if self.settings.has(Profile::Edctl) {
            page::render(&store, Instant::now(), page);
        }
        if self.settings.has(Profile::Jobstats) {
            jobstats::render(&store, page);
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        // Nobody waits for the thread: it may hang.
        self.shared.order(None);
        self.bell.ring();
    }
}

#[cfg(test)]
mod tests;
