//! The agent as a daemon: its collectors and its hook server.

use std::sync::Arc;

use edctl_daemon::{Mode, Service};
use edctl_exposition::{BadQuery, Collect, Family, OwnPage, Page, Query};
use edctl_fault::Fault;
use edctl_nodemetrics::{Collectors, Host};

use crate::config::{AgentConfig, HooksConfig, StateConfig};
use crate::health::{self, Gate, Health};
use crate::hooks::{self, Hooks};
use crate::reports::Reports;

/// The running agent.
pub(crate) struct Agent {
    collectors: Collectors,
    reports: Reports,
    /// Absent for a single page.
    serving: Option<Serving>,
    fixed: Fixed,
}

/// What a single page needs not.
struct Serving {
    hooks: Hooks,
    health: Health,
    gate: Gate,
}

impl Serving {
    fn start(config: &AgentConfig, reports: Reports) -> Result<Self, Fault> {
        let boot_id = hooks::read_boot_id(&config.path.procfs)?;
        let health = Health::start(&config.health, &config.path, &boot_id)?;
        let gate = Gate::new(Arc::clone(health.board()), config.health.gate);
        let hooks = Hooks::start(config, boot_id, reports, &health, gate.clone())?;
        Ok(Self { hooks, health, gate })
    }

    fn collect(&self, page: &mut Page) {
        self.hooks.collect(page);
        health::collect(self.health.board(), page);
        page.add(
            Family::counter(
                "edctl_health_gate_refused_total",
                "Jobs that a prolog sent elsewhere because the node was unfit.",
            )
            .with(&[], self.gate.refused()),
        );
    }
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
        let serving = match mode {
            Mode::Serve => Some(Serving::start(&config, reports.clone())?),
            Mode::Once => None,
        };
        let fixed = Fixed::of(&config);
        let collectors = new_collectors(config);
        Ok(Self { collectors, reports, serving, fixed })
    }
}

impl Collect for Agent {
    fn collect(&mut self, page: &mut Page) {
        self.reports.replace(self.collectors.collect(page));
        if let Some(serving) = &self.serving {
            serving.collect(page);
        }
    }

    /// A part of the collectors; what is not theirs is there in any case.
    fn collect_part(&mut self, query: &Query, page: &mut Page) -> Result<(), BadQuery> {
        self.collectors.collect_part(query, page)?;
        if let Some(serving) = &self.serving {
            serving.collect(page);
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
        if let Some(serving) = &mut self.serving {
            serving.health.reload(&config.health)?;
            serving.gate.set_mode(config.health.gate);
        }
        self.collectors = new_collectors(config);
        Ok(())
    }

    fn pages(&self) -> Vec<OwnPage> {
        self.serving.iter().map(verdict_page).collect()
    }
}

/// The drainer asks for it with `?brake=on` or `?brake=off`, by which the gate knows of the brake.
fn verdict_page(serving: &Serving) -> OwnPage {
    let (board, gate) = (Arc::clone(serving.health.board()), serving.gate.clone());
    OwnPage {
        path: "/verdict",
        about: "whether the node is fit for jobs, and why not",
        json: Arc::new(move |query| {
            query.all("brake").for_each(|word| gate.hear(word));
            board.page(gate.refused_usec())
        }),
    }
}

fn new_collectors(config: AgentConfig) -> Collectors {
    Collectors::new(&Host::real(config.path), &config.collectors, &config.collector)
}
