//! What a node's agent says of the node: the page `/verdict`.

use serde::{Deserialize, Serialize};

use crate::check::CheckState;
use crate::outcome::{Class, Outcome};
use crate::reason::Reason;
use crate::text::{MAX_DETAIL_BYTES, clean};

/// The version of the page; a field may be added without a new one.
pub const VERSION: u32 = 1;
/// No page is longer; what is longer is none.
pub const MAX_VERDICT_BYTES: usize = 256 << 10;
/// Longest name, code and identifier.
const MAX_WORD_BYTES: usize = 64;
/// No node has more checks.
const MOST_CHECKS: usize = 256;

/// What follows for the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// Jobs can run, as far as the checks see.
    Fit,
    /// Jobs can run, and something needs a person: a warning, or a failure that is not the node's.
    Degraded,
    /// A check of the node's own fails: no job should start.
    Unfit,
    /// No check that counts could find anything out.
    Unknown,
}

impl Fitness {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fit, Self::Degraded, Self::Unfit, Self::Unknown];

    /// The word in JSON, labels and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Degraded => "degraded",
            Self::Unfit => "unfit",
            Self::Unknown => "unknown",
        }
    }

    /// What follows from the checks. Those in shadow count for nothing.
    #[must_use]
    pub fn of<'a>(checks: impl IntoIterator<Item = &'a CheckState>) -> Self {
        let mut worst = Self::Unknown;
        for check in checks.into_iter().filter(|check| !check.shadow) {
            let one = match (check.state, check.class) {
                (Outcome::Fail, Class::Node) => return Self::Unfit,
                (Outcome::Fail | Outcome::Warn, _) => Self::Degraded,
                (Outcome::Pass, _) => Self::Fit,
                (Outcome::Unknown | Outcome::NotApplicable, _) => continue,
            };
            if worst != Self::Degraded {
                worst = one;
            }
        }
        worst
    }
}

/// A node's health at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The version of this form.
    pub v: u32,
    /// The node's own name for itself.
    pub node: String,
    /// The agent's version.
    pub version: String,
    /// The present boot.
    pub boot_id: String,
    /// A digest of the machine's id: two nodes that have the same are copies of one image.
    #[serde(default)]
    pub machine: String,
    /// What follows from the checks.
    pub verdict: Fitness,
    /// Since when, in microseconds since 1970.
    pub since_usec: u64,
    /// When the checks ran last, in microseconds since 1970.
    pub time_usec: u64,
    /// How long ago that was, by the node's monotonic clock, when this page was written; in seconds.
    pub age_secs: f64,
    /// How far apart the rounds of checks are, in seconds.
    pub period_secs: u64,
    /// When a prolog last refused a job here, in microseconds since 1970: the drain that Slurm made of it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_usec: Option<u64>,
    /// The checks, by name.
    pub checks: Vec<CheckState>,
}

/// A page that is no verdict.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is too long.
    #[error("{0} bytes are too many for a verdict")]
    TooLong(usize),
    /// It is not the JSON that is expected.
    #[error("it is no verdict: {0}")]
    Malformed(String),
    /// It is of a version that this release does not know.
    #[error("verdicts of version {0} are not known")]
    Version(u32),
}

impl Verdict {
    /// Reads a page. Text is made valid for reasons and labels, and cut; what follows from the checks is
    /// found anew, so that no page can say it differently.
    ///
    /// # Errors
    /// Says why the page is none.
    pub fn decode(page: &[u8]) -> Result<Self, DecodeError> {
        if page.len() > MAX_VERDICT_BYTES {
            return Err(DecodeError::TooLong(page.len()));
        }
        let malformed = |error: serde_json::Error| DecodeError::Malformed(error.to_string());
        let mut verdict: Self = serde_json::from_slice(page).map_err(malformed)?;
        if verdict.v != VERSION {
            return Err(DecodeError::Version(verdict.v));
        }
        if !verdict.age_secs.is_finite() || verdict.age_secs < 0.0 {
            return Err(DecodeError::Malformed("its age is no age".to_owned()));
        }
        verdict.checks.truncate(MOST_CHECKS);
        for text in
            [&mut verdict.node, &mut verdict.version, &mut verdict.boot_id, &mut verdict.machine]
        {
            *text = clean(text, MAX_WORD_BYTES);
        }
        for check in &mut verdict.checks {
            check.name = word(&check.name);
            check.code = word(&check.code);
            check.detail = clean(&check.detail, MAX_DETAIL_BYTES);
        }
        verdict.verdict = Fitness::of(&verdict.checks);
        Ok(verdict)
    }

    /// Whether it is too old to follow: three rounds have gone by without one.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.age_secs > (self.period_secs.max(1) * 3) as f64
    }

    /// Why no job should start here; nothing where one may.
    #[must_use]
    pub fn unfit(&self) -> Option<Reason> {
        self.checks.iter().find(|check| check.is_unfit()).map(Reason::of)
    }
}

/// A name as it may stand between the colons of a reason.
fn word(text: &str) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.chars().filter(is_allowed).take(MAX_WORD_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(state: Outcome, class: Class, shadow: bool) -> CheckState {
        CheckState {
            name: "c".into(),
            class,
            state,
            outcome: state,
            code: "x".into(),
            detail: String::new(),
            since_usec: 1,
            shadow,
        }
    }

    fn verdict(checks: Vec<CheckState>) -> Verdict {
        Verdict {
            v: VERSION,
            node: "w1".into(),
            version: "0".into(),
            boot_id: "b".into(),
            machine: "m".into(),
            verdict: Fitness::of(&checks),
            since_usec: 1,
            time_usec: 2,
            age_secs: 0.5,
            period_secs: 30,
            refused_usec: None,
            checks,
        }
    }

    #[test]
    fn what_follows_from_checks() {
        use Class::{Infra, Node, User};
        use Outcome::{Fail, NotApplicable, Pass, Unknown, Warn};
        for (checks, expected) in [
            (vec![], Fitness::Unknown),
            (vec![(Unknown, Node, false), (NotApplicable, Node, false)], Fitness::Unknown),
            (vec![(Pass, Node, false), (Unknown, Node, false)], Fitness::Fit),
            (
                vec![(Pass, Node, false), (Warn, Node, false), (Pass, Node, false)],
                Fitness::Degraded,
            ),
            (vec![(Pass, Node, false), (Fail, Infra, false)], Fitness::Degraded),
            (vec![(Fail, User, false)], Fitness::Degraded),
            (vec![(Warn, Node, false), (Fail, Node, false)], Fitness::Unfit),
            (vec![(Pass, Node, false), (Fail, Node, true)], Fitness::Fit),
        ] {
            let checks: Vec<_> = checks.into_iter().map(|(s, c, sh)| check(s, c, sh)).collect();
            assert_eq!(Fitness::of(&checks), expected, "{checks:?}");
            assert_eq!(verdict(checks).unfit().is_some(), expected == Fitness::Unfit);
        }
    }

    #[test]
    fn a_page_cannot_say_what_its_checks_do_not() {
        let mut lying = verdict(vec![check(Outcome::Pass, Class::Node, false)]);
        lying.verdict = Fitness::Unfit;
        lying.checks[0].name = "a:b c\n".into();
        lying.checks[0].detail = "\"; scontrol shutdown\n".into();
        let read = Verdict::decode(&serde_json::to_vec(&lying).unwrap()).unwrap();
        assert_eq!((read.verdict, &*read.checks[0].name), (Fitness::Fit, "abc"));
        assert_eq!(read.checks[0].detail, "'; scontrol shutdown\u{fffd}");
    }

    #[test]
    fn what_is_no_verdict_is_refused() {
        let page = serde_json::to_string(&verdict(vec![])).unwrap();
        for bad in [
            String::new(),
            "{}".into(),
            page.replace("\"v\":1", "\"v\":2"),
            page.replace("0.5", "-1"),
            page.replace("\"unknown\"", "\"dead\""),
            " ".repeat(MAX_VERDICT_BYTES + 1),
        ] {
            assert!(Verdict::decode(bad.as_bytes()).is_err(), "{bad:.80}");
        }
        let later = page.replacen('{', "{\"new\":[1],", 1);
        assert!(Verdict::decode(later.as_bytes()).is_ok());
    }

    #[test]
    fn three_rounds_missed_are_too_old() {
        let mut old = verdict(vec![]);
        for (age, expected) in [(0.0, false), (90.0, false), (90.5, true)] {
            old.age_secs = age;
            assert_eq!(old.is_stale(), expected, "{age}");
        }
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(page in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Verdict::decode(&page);
        }
    }
}
