//! The naming's part of the table `[groups]`, with the rules of `[[groups.rule]]`.

use std::path::PathBuf;

use edctl_configtext::deserialize_table_with;
use serde::{Deserialize, Deserializer};

use super::condition::{Condition, ToolChoice, UserChoice};
use super::pattern::{Glob, Pattern};
use super::rule::Rule;
use super::template::Template;

/// How processes get their groups' names.
#[derive(Debug, Clone)]
pub(crate) struct NamingConfig {
    /// A file of process-exporter's own (`--config.path` there).
    pub(crate) process_exporter_config: Option<PathBuf>,
    /// Whether a process that no rule takes is called by its tool or its name. Unset: only where
    /// there is no file of process-exporter's, which leaves such processes out.
    pub(crate) default: Option<bool>,
    /// Whether a process that gets no name joins its parent's group.
    pub(crate) children: bool,
    /// The rules, of which the first that takes a process names it.
    pub(crate) rules: Vec<TomlRule>,
}

impl Default for NamingConfig {
    fn default() -> Self {
        Self { process_exporter_config: None, default: None, children: true, rules: Vec::new() }
    }
}

/// A rule that was read from our own configuration.
#[derive(Debug, Clone)]
pub(crate) struct TomlRule(pub(super) Rule);

impl<'de> Deserialize<'de> for TomlRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_table_with(deserializer, RuleTable::into_rule)
    }
}

/// The table `[[groups.rule]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    name: Template,
    comm: Option<Vec<String>>,
    exe: Option<Vec<String>>,
    cmdline: Option<Vec<Pattern>>,
    user: Option<Vec<UserChoice>>,
    unit: Option<Vec<Glob>>,
    job: Option<bool>,
    tool: Option<Vec<ToolChoice>>,
}

impl RuleTable {
    fn into_rule(self) -> Result<TomlRule, String> {
        let conditions = [
            self.comm.map(Condition::Comm),
            self.exe.map(Condition::Exe),
            self.cmdline.map(Condition::Cmdline),
            self.user.map(Condition::User),
            self.unit.map(Condition::Unit),
            self.job.map(Condition::Job),
            self.tool.map(Condition::Tool),
        ];
        Rule::new(self.name, conditions).map(TomlRule).ok_or_else(|| {
            "no condition, expected at least one of `comm`, `exe`, `cmdline`, `user`, `unit`, \
             `job`, `tool`"
                .to_owned()
        })
    }
}
