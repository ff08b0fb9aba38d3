//! What a check is, what the table says of it, and what it finds.

use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_health::{Class, MAX_DETAIL_BYTES, Outcome, clean};

use super::expected::Expected;

/// Looks at one part of the node's health.
pub(crate) trait Check: Send {
    /// Looks once. What may block is asked by a thread that may be lost, so this ends within seconds.
    fn look(&mut self) -> Finding;
}

/// A row of the table of checks.
pub(crate) struct Entry {
    /// The name in the configuration, in reasons and in labels.
    pub(crate) name: &'static str,
    /// What it looks at, for people.
    pub(crate) about: &'static str,
    /// What can be wrong.
    pub(crate) codes: &'static [Code],
    /// Whether it compares the node with what the inventory names.
    pub(crate) compares: bool,
    /// So many looks in a row have to fail before it counts.
    pub(crate) fails_after: u32,
    /// So many looks in a row have to be good before it counts as healed.
    pub(crate) heals_after: u32,
    /// Makes one.
    pub(crate) make: fn(&Ground) -> Box<dyn Check>,
}

/// One thing that can be wrong.
pub(crate) struct Code {
    /// The stable word in reasons.
    pub(crate) code: &'static str,
    /// What it means.
    pub(crate) means: &'static str,
    /// How to clear it.
    pub(crate) clear: &'static str,
}

/// What checks look at.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The roots.
    pub(crate) paths: Paths,
    /// How the node should be.
    pub(crate) expected: Arc<Expected>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    pub(crate) class: Class,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Finding {
    pub(crate) fn pass(detail: impl AsRef<str>) -> Self {
        Self::new(Outcome::Pass, "", detail.as_ref())
    }

    /// There is nothing of the kind here.
    pub(crate) fn not_applicable(why: &str) -> Self {
        Self::new(Outcome::NotApplicable, "", why)
    }

    pub(crate) fn unknown(why: impl std::fmt::Display) -> Self {
        Self::new(Outcome::Unknown, "", &why.to_string())
    }

    pub(crate) fn warn(code: &'static str, detail: impl AsRef<str>) -> Self {
        Self::new(Outcome::Warn, code, detail.as_ref())
    }

    pub(crate) fn fail(code: &'static str, detail: impl AsRef<str>) -> Self {
        Self::new(Outcome::Fail, code, detail.as_ref())
    }

    /// The same as another's fault than the node's.
    pub(crate) fn of(self, class: Class) -> Self {
        Self { class, ..self }
    }

    fn new(outcome: Outcome, code: &'static str, detail: &str) -> Self {
        Self { outcome, class: Class::Node, code, detail: clean(detail, MAX_DETAIL_BYTES) }
    }

    /// Of several things of one kind: the worst, the node's own before others', with how many more are as bad.
    pub(crate) fn worst(findings: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut worst: Option<Self> = None;
        let mut more = 0;
        for finding in findings {
            let rank = |one: &Self| (one.outcome, one.class == Class::Node);
            match &worst {
                Some(known) if rank(known) == rank(&finding) => more += 1,
                Some(known) if rank(known) > rank(&finding) => {}
                _ => (worst, more) = (Some(finding), 0),
            }
        }
        let mut worst = worst?;
        if more > 0 && worst.outcome >= Outcome::Warn {
            worst.detail = clean(&format!("{} (and {more} more)", worst.detail), MAX_DETAIL_BYTES);
        }
        Some(worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_is_told_with_how_many_there_are() {
        let infra = Finding::fail("hangs", "/home").of(Class::Infra);
        let node = |place| Finding::fail("missing", place);
        assert_eq!(Finding::worst([]), None);
        let worst = Finding::worst([Finding::pass("a"), infra.clone(), Finding::warn("w", "b")]);
        assert_eq!(worst, Some(infra.clone()));
        let worst = Finding::worst([infra, node("/a"), Finding::pass(""), node("/b")]).unwrap();
        assert_eq!((worst.class, &*worst.detail), (Class::Node, "/a (and 1 more)"));
    }
}
