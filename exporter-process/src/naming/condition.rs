//! One condition of a rule.

use edctl_configtext::deserialize_with;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::eda;
use super::facts::Needs;
use super::pattern::{Glob, Pattern};
use super::process::{Process, base};

/// What a process must be. What is listed is a choice, except in [`Condition::Cmdline`].
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// It has one of these names.
    Comm(Vec<String>),
    /// It was started as one of these: `argv[0]`, or its last part where no `/` is given.
    Exe(Vec<String>),
    /// Its command line matches all of these.
    Cmdline(Vec<Pattern>),
    /// It runs as one of these users.
    User(Vec<UserChoice>),
    /// It is in a systemd unit of one of these names.
    Unit(Vec<Glob>),
    /// It belongs to a Slurm job, or to none.
    Job(bool),
    /// It is a program of one of these tools.
    Tool(Vec<ToolChoice>),
}

impl Condition {
    /// What of a process it looks at.
    pub(super) fn needs(&self) -> Needs {
        let none = Needs::default();
        match self {
            Self::Comm(_) => none,
            Self::Exe(_) | Self::Cmdline(_) => Needs { cmdline: true, ..none },
            Self::User(_) => Needs { user: true, ..none },
            Self::Unit(_) | Self::Job(_) => Needs { cgroup: true, ..none },
            // Only a model needs it; all other tools are known by name alone.
            Self::Tool(tools) => {
                Needs { exe: tools.iter().any(|tool| tool.takes(eda::MODEL)), ..none }
            }
        }
    }

    pub(super) fn holds(&self, process: &Process<'_>) -> bool {
        self.holds_if_known(process).unwrap_or(false)
    }

    /// What its regular expressions catch, by the groups' names.
    pub(super) fn captures<'a>(
        &'a self,
        process: &'a Process<'_>,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let patterns = match self {
            Self::Cmdline(patterns) => &patterns[..],
            _ => &[],
        };
        let line = process.command_line().unwrap_or_default();
        patterns.iter().flat_map(move |pattern| pattern.captures(line))
    }

    /// `None` when the fact that it asks for is unknown.
    fn holds_if_known(&self, process: &Process<'_>) -> Option<bool> {
        Some(match self {
            Self::Comm(names) => names.iter().any(|name| name.as_bytes() == process.facts.comm),
            Self::Exe(names) => {
                let started_as = process.first_argument()?;
                names.iter().any(|name| is_exe(name.as_bytes(), started_as))
            }
            Self::Cmdline(patterns) => {
                let line = process.command_line()?;
                patterns.iter().all(|pattern| pattern.matches(line))
            }
            Self::User(users) => {
                let uid = process.facts.uid?;
                users.iter().any(|user| match user {
                    UserChoice::Id(id) => *id == uid,
                    UserChoice::Name(name) => process.user_name().as_ref() == Some(name),
                })
            }
            Self::Unit(globs) => {
                let unit = process.placement()?.unit?;
                globs.iter().any(|glob| glob.matches(unit))
            }
            Self::Job(wanted) => process.placement()?.job.is_some() == *wanted,
            Self::Tool(tools) => {
                let tool = process.tool()?;
                tools.iter().any(|choice| choice.takes(tool))
            }
        })
    }
}

fn is_exe(name: &[u8], started_as: &[u8]) -> bool {
    if name.contains(&b'/') { name == started_as } else { name == base(started_as) }
}

/// A user by name or by number.
#[derive(Debug, Clone)]
pub(super) enum UserChoice {
    Name(String),
    Id(u32),
}

impl<'de> Deserialize<'de> for UserChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UserVisitor)
    }
}

struct UserVisitor;

impl Visitor<'_> for UserVisitor {
    type Value = UserChoice;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a user's name or number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<UserChoice, E> {
        Ok(text.parse().map_or_else(|_| UserChoice::Name(text.to_owned()), UserChoice::Id))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<UserChoice, E> {
        let id = u32::try_from(number);
        id.map(UserChoice::Id).map_err(|_| E::custom(format!("no user has the number {number}")))
    }
}

/// A tool by name, or any.
#[derive(Debug, Clone, Copy)]
pub(super) enum ToolChoice {
    Any,
    Named(&'static str),
}

impl ToolChoice {
    fn takes(self, tool: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(name) => name == tool,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        eda::names().find(|name| *name == text).map(Self::Named).ok_or_else(|| {
            let names: Vec<_> = eda::names().collect();
            format!("unknown tool {text:?}, expected \"*\" or one of {}", names.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, Self::parse)
    }
}
