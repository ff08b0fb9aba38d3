//! Gives each process the name of its group.
//!
//! A scan asks [`Namer::needs`] once what the rules look at, reads that of each process into
//! [`Facts`], and asks [`Namer::name`]. The rules come from two files: `[[groups.rule]]` of our own
//! configuration (`settings.rs`), then process-exporter's `process_names` (`yaml.rs`). The first rule
//! that takes a process names it; after them comes the default: the tool of chip design that a
//! program belongs to (`eda.rs`), else its own name.

mod cgroup;
mod condition;
mod eda;
mod facts;
mod field;
mod go_syntax;
mod pattern;
mod process;
mod rule;
mod settings;
mod template;
mod text;
mod time;
mod users;
mod yaml;

use edctl_daemon::Invalid;

pub(crate) use self::facts::{Facts, Needs};
use self::process::Process;
use self::rule::Rule;
pub(crate) use self::settings::{NamingConfig, TomlRule};
use self::users::Users;

/// The rules, ready for use.
#[derive(Debug)]
pub(crate) struct Namer {
    rules: Vec<Rule>,
    has_default: bool,
    children_inherit: bool,
    users: Users,
}

impl Namer {
    /// Reads process-exporter's file, if one is named, and puts all rules in their order.
    ///
    /// # Errors
    /// Says where in that file what is wrong.
    pub(crate) fn compile(config: &NamingConfig) -> Result<Self, Invalid> {
        let mut rules: Vec<Rule> = config.rules.iter().map(|rule| rule.0.clone()).collect();
        if let Some(file) = &config.process_exporter_config {
            let entries = yaml::read(file)
                .map_err(|error| Invalid::new("groups.process_exporter_config", error))?;
            rules.extend(entries);
        }
        Ok(Self {
            rules,
            has_default: config.default.unwrap_or(config.process_exporter_config.is_none()),
            children_inherit: config.children,
            users: Users::default(),
        })
    }

    /// What the rules together look at. The default looks at nothing that costs a read.
    pub(crate) fn needs(&self) -> Needs {
        self.rules.iter().map(Rule::needs).fold(Needs::default(), Needs::and)
    }

    /// The process's group. `None`: no rule takes the process.
    pub(crate) fn name(&self, facts: &Facts<'_>) -> Option<String> {
        let process = Process::new(facts, &self.users);
        let name = self.rules.iter().find_map(|rule| rule.name(&process));
        let name = name.or_else(|| self.has_default.then(|| default_name(&process)))?;
        Some(text::printable(&name))
    }

    /// Whether a process that no rule takes joins its parent's group, as with process-exporter's
    /// `-children`.
    pub(crate) fn children_inherit(&self) -> bool {
        self.children_inherit
    }
}

fn default_name(process: &Process<'_>) -> Vec<u8> {
    process.tool().map_or(process.facts.comm, str::as_bytes).to_vec()
}

#[cfg(test)]
mod tests;
