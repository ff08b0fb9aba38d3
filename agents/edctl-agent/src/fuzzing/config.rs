//! The agent's configuration file.

use std::fs;
use std::path::Path;

use super::Parser;
use crate::config::AgentConfig;

pub(super) fn read(tree: &Path) -> Parser {
    let file = tree.join("agent.toml");
    Box::new(move |input| {
        fs::write(&file, input).expect("a tree that may be written");
        let read = edctl_daemon::load::<AgentConfig>(&file, true);
        let _shown = read.map_err(|error| error.to_string());
    })
}
