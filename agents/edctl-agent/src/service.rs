//! The agent as a daemon: its collectors and its hook server.

use edctl_daemon::{Mode, Service};
use edctl_exposition::{BadQuery, Collect, Page, Query};
use edctl_fault::Fault;
use edctl_nodemetrics::{Collectors, Host};

use crate::config::{AgentConfig, HooksConfig, StateConfig};
use crate::hooks::Hooks;
use crate::reports::Reports;

/// The running agent.
pub(crate) struct Agent {
    collectors: Collectors,
    reports: Reports,
    /// Absent for a single page.
    hooks: Option<Hooks>,
    fixed: Fixed,
}

/// What only a restart can change.
#[derive(PartialEq, Eq)]
struct Fixed {
    hooks: HooksConfig,
    state: StateConfig,
}

impl Fixed {
    fn of(config: &AgentConfig) -> Self {
        Self { hooks: config.hooks.clone(), state: config.state.clone() }
    }
}

impl Agent {
    pub(crate) fn start(config: AgentConfig, mode: Mode) -> Result<Self, Fault> {
        let reports = Reports::default();
        let hooks = match mode {
            Mode::Serve => Some(Hooks::start(&config, reports.clone())?),
            Mode::Once => None,
        };
        let fixed = Fixed::of(&config);
        let collectors = new_collectors(config);
        Ok(Self { collectors, reports, hooks, fixed })
    }
}

impl Collect for Agent {
    fn collect(&mut self, page: &mut Page) {
        self.reports.replace(self.collectors.collect(page));
        if let Some(hooks) = &self.hooks {
            hooks.collect(page);
        }
    }

    /// A part of the collectors; what is not theirs is there in any case.
    fn collect_part(&mut self, query: &Query, page: &mut Page) -> Result<(), BadQuery> {
        self.collectors.collect_part(query, page)?;
        if let Some(hooks) = &self.hooks {
            hooks.collect(page);
        }
        Ok(())
    }
}

impl Service for Agent {
    type Config = AgentConfig;

    fn reload(&mut self, config: AgentConfig) -> Result<(), Fault> {
        if Fixed::of(&config) != self.fixed {
            return Err("[hooks] and [state] need a restart to change".into());
        }
        self.collectors = new_collectors(config);
        Ok(())
    }
}

fn new_collectors(config: AgentConfig) -> Collectors {
    Collectors::new(&Host::real(config.path), &config.collectors, &config.collector)
}
