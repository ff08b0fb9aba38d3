//! What every command is given.

use std::path::PathBuf;

use crate::config::Config;
use crate::executor::Queue;
use crate::flow_dir::FlowDir;
use crate::output::Output;
use crate::problem::Problem;
use crate::run::{Observer, Store};

/// Where a command works and where its words go.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The directory that the user named.
    pub(crate) dir: Option<PathBuf>,
    /// Where words go.
    pub(crate) output: Output,
}

/// A flow's directory with everything that commands need of it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) flow_dir: FlowDir,
    pub(crate) config: Config,
    pub(crate) store: Store,
}

impl Invocation {
    /// Finds the flow's directory and reads its configuration.
    pub(crate) fn desk(&self) -> Result<Desk, Problem> {
        let flow_dir = FlowDir::find(self.dir.as_deref())?;
        Ok(Desk { config: Config::load(&flow_dir)?, store: Store::of(&flow_dir), flow_dir })
    }
}

impl Desk {
    /// Something that finds out how runs stand.
    pub(crate) fn observer(&self) -> Observer {
        Observer::new(Queue::new(self.config.slurm_bin_dir()))
    }
}
