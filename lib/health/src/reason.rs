//! The reason of a drain as it stands in Slurm: `edctl:<class>:<check>:<code> <detail>`.

use std::fmt;

use crate::check::CheckState;
use crate::outcome::Class;

/// What each of our reasons begins with; no other is ever touched.
pub const MARK: &str = "edctl:";

/// Why a node is drained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Whose fault it is.
    pub class: Class,
    /// The check that fails.
    pub check: String,
    /// The check's stable code for what is wrong.
    pub code: String,
    /// What it saw.
    pub detail: String,
}

impl Reason {
    /// That of a check that fails.
    #[must_use]
    pub fn of(check: &CheckState) -> Self {
        Self {
            class: check.class,
            check: check.name.clone(),
            code: check.code.clone(),
            detail: check.detail.clone(),
        }
    }

    /// The cause without the detail, which may change from one look to the next.
    #[must_use]
    pub fn cause(&self) -> String {
        format!("{MARK}{}:{}:{}", self.class.as_str(), self.check, self.code)
    }

    /// The cause that a text of Slurm's names, where the text is one of ours.
    #[must_use]
    pub fn cause_of(text: &str) -> Option<&str> {
        let cause = text.split(' ').next()?;
        let mut parts = cause.strip_prefix(MARK)?.split(':');
        let is_ours = matches!(parts.next()?, "node" | "user" | "infra")
            && parts.next().is_some_and(|check| !check.is_empty())
            && parts.next().is_some_and(|code| !code.is_empty())
            && parts.next().is_none();
        is_ours.then_some(cause)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause(), self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_its_cause_and_others_are_not_ours() {
        let reason = Reason {
            class: Class::Node,
            check: "space".into(),
            code: "full".into(),
            detail: "/scratch: 1 % free".into(),
        };
        let text = reason.to_string();
        assert_eq!(text, "edctl:node:space:full /scratch: 1 % free");
        assert_eq!(Reason::cause_of(&text), Some("edctl:node:space:full"));
        for other in [
            "",
            "edctl:",
            "edctl:node",
            "edctl:node:space",
            "edctl:node::x",
            "edctl:node:a:b:c",
            "NHC: edctl:node:a:b",
            "edctl:admin:a:b",
            "Not responding",
            "edctl :node:a:b",
        ] {
            assert_eq!(Reason::cause_of(other), None, "{other:?}");
        }
    }
}
