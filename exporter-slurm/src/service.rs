//! The exporter as the daemon frame sees it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use edctl_daemon::{Mode, Service};
use edctl_exposition::{BadQuery, Collect, Page, Query};
use edctl_fault::Fault;

use crate::asker::Asker;
use crate::config::{Config, Slurm};
use crate::flags::Profile;
use crate::page;
use crate::poller::{Poller, Shared};
use crate::source::Source;

/// How long after the start a page waits for the first polls. After that it never waits. Well below
/// the frame's patience at the end, so that a stop during the start still ends the poller.
const START_PATIENCE: Duration = Duration::from_secs(2);

/// What a page without is not worth much: the exporter is ready when these are fresh. A site without
/// accounts, say, never has shares.
const NEEDED: [Source; 2] = [Source::Nodes, Source::Jobs];

/// A board, and the poller that keeps it.
pub(crate) struct Exporter {
    shared: Arc<Shared>,
    /// None where one page is all that is wanted.
    poller: Option<Poller>,
    settings: Slurm,
    started: Instant,
}

impl Exporter {
    /// Starts polling, or polls once.
    pub(crate) fn start(config: Config, mode: Mode) -> Result<Self, Fault> {
        let shared = Arc::new(Shared::default());
        let settings = config.slurm;
        let poller = match mode {
            Mode::Serve => Some(Poller::start(&settings, Arc::clone(&shared))?),
            Mode::Once => {
                let mut asker = Asker::new(settings.clone(), None);
                for source in settings.asked() {
                    let _next = shared.poll(source, &mut asker);
                }
                None
            }
        };
        Ok(Self { shared, poller, settings, started: Instant::now() })
    }
}

impl Exporter {
    fn render(&self, profile: Profile, page: &mut Page) {
        self.shared.wait_for_first_polls(&self.settings, self.started + START_PATIENCE);
        page::render(&self.shared.board(), &self.settings, profile, Instant::now(), page);
    }
}

impl Collect for Exporter {
    fn collect(&mut self, page: &mut Page) {
        self.render(self.settings.profile, page);
    }

    fn collect_part(&mut self, query: &Query, page: &mut Page) -> Result<(), BadQuery> {
        self.render(Profile::of_query(query, self.settings.profile)?, page);
        Ok(())
    }

    fn ready(&self) -> bool {
        let board = self.shared.board();
        let (now, max_age) = (Instant::now(), self.settings.max_age());
        let needed = self.settings.sources.iter().filter(|source| NEEDED.contains(source));
        needed.into_iter().map(|source| board.health(*source)).all(|health| {
            // What will never be shown is not waited for.
            health.hidden.is_some() || health.is_fresh(now, max_age)
        })
    }
}

impl Service for Exporter {
    type Config = Config;

    fn reload(&mut self, config: Config) -> Result<(), Fault> {
        if let Some(poller) = &self.poller {
            poller.change(config.slurm.clone())?;
        }
        self.settings = config.slurm;
        Ok(())
    }
}
