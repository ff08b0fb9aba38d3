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

#[cfg(test)]
impl schemars::JsonSchema for TomlRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RuleTable::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RuleTable::json_schema(generator)
    }
}

/// How a user is written.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum NameOrNumber {
    Name(String),
    Number(u32),
}

/// The table `[[groups.rule]]`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RuleTable {
    #[cfg_attr(test, schemars(with = "String"))]
    name: Template,
    comm: Option<Vec<String>>,
    exe: Option<Vec<String>>,
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    cmdline: Option<Vec<Pattern>>,
    #[cfg_attr(test, schemars(with = "Option<Vec<NameOrNumber>>"))]
    user: Option<Vec<UserChoice>>,
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    unit: Option<Vec<Glob>>,
    job: Option<bool>,
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
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
