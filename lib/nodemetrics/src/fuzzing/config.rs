//! The tables of the agent's configuration file that are about collectors.

use std::fs;
use std::path::Path;

use edctl_daemon::{Config, Invalid, Log, Paths, Web};
use serde::Deserialize;

use crate::frame::choice::Choice;
use crate::fuzzing::subject::Parser;
use crate::options::Options;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    web: Web,
    log: Log,
    path: Paths,
    collectors: Choice,
    collector: Options,
}

impl Config for File {
    fn web(&self) -> &Web {
        &self.web
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn validate(&self) -> Result<(), Invalid> {
        self.collectors.validate()?;
        self.collector.validate()
    }
}

pub(super) fn read(tree: &Path) -> Parser {
    let file = tree.join("agent.toml");
    Box::new(move |input| {
        fs::write(&file, input).expect("a tree that may be written");
        let read = edctl_daemon::load::<File>(&file, true);
        let _shown = read.map_err(|error| error.to_string());
    })
}
