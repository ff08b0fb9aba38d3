//! The drainer as the daemon frame sees it.

use edctl_daemon::{Mode, Service};
use edctl_exposition::{Collect, OwnPage, Page};
use edctl_fault::Fault;
use std::sync::Arc;

use crate::config::Config;
use crate::families;
use crate::runner::{Runner, lock};

/// The running drainer. A single page has no rounds: it would act.
pub(crate) struct Drainer {
    runner: Option<Runner>,
}

impl Drainer {
    pub(crate) fn start(config: Config, mode: Mode) -> Result<Self, Fault> {
        let runner = match mode {
            Mode::Serve => Some(Runner::start(config)?),
            Mode::Once => None,
        };
        Ok(Self { runner })
    }
}

impl Collect for Drainer {
    fn collect(&mut self, page: &mut Page) {
        if let Some(runner) = &self.runner {
            families::collect(&runner.seen(), page);
        }
    }

    fn ready(&self) -> bool {
        self.runner.as_ref().is_none_or(|runner| {
            runner.seen().last.as_ref().is_some_and(|round| round.error.is_none())
        })
    }
}

impl Service for Drainer {
    type Config = Config;

    fn reload(&mut self, config: Config) -> Result<(), Fault> {
        match &self.runner {
            Some(runner) => runner.reload(config),
            None => Ok(()),
        }
    }

    fn pages(&self) -> Vec<OwnPage> {
        let page = |runner: &Runner| {
            let seen = runner.share();
            OwnPage {
                path: "/round",
                about: "what the last round saw, wanted and did",
                json: Arc::new(move |_| {
                    let mut json = serde_json::to_vec(&lock(&seen).last).unwrap_or_default();
                    json.push(b'\n');
                    json
                }),
            }
        };
        self.runner.iter().map(page).collect()
    }
}
