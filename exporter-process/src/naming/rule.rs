//! A rule: what a process must be, and the name that it then has.

use super::condition::Condition;
use super::facts::Needs;
use super::field::Matches;
use super::process::Process;
use super::template::Template;

/// Names the processes that fulfil all its conditions.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    name: Template,
    conditions: Vec<Condition>,
}

impl Rule {
    /// `None` without any condition: such a rule would take every process.
    pub(super) fn new(
        name: Template,
        conditions: impl IntoIterator<Item = Option<Condition>>,
    ) -> Option<Self> {
        let conditions: Vec<Condition> = conditions.into_iter().flatten().collect();
        (!conditions.is_empty()).then_some(Self { name, conditions })
    }

    pub(super) fn needs(&self) -> Needs {
        self.conditions.iter().map(Condition::needs).fold(self.name.needs(), Needs::and)
    }

    /// The process's name; `None` when the rule does not take it.
    pub(super) fn name(&self, process: &Process<'_>) -> Option<Vec<u8>> {
        if !self.conditions.iter().all(|condition| condition.holds(process)) {
            return None;
        }
        let mut matches = Matches::new();
        if self.name.has_matches() {
            matches.extend(self.conditions.iter().flat_map(|c| c.captures(process)));
        }
        self.name.render(process, &matches)
    }
}
