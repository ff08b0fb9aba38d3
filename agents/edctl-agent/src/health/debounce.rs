//! Hysteresis: how a check stands after several looks. One odd look drains nobody, and one good look heals
//! nothing; a look that could not see anything changes nothing that is bad.

use edctl_health::Outcome;

use super::check::{Entry, Finding};

/// So many looks in a row that see nothing make unknown what was well; what fails stays so.
const LOOKS_UNTIL_UNKNOWN: u32 = 3;

/// How a check stands.
#[derive(Debug)]
pub(crate) struct Debounce {
    /// What counts, with the evidence of the look that made it so, or of the last of the same kind.
    counts: Finding,
    /// Since when, in microseconds since 1970.
    pub(crate) since_usec: u64,
    /// What the last look found.
    pub(crate) last: Outcome,
    /// How many looks in a row have contradicted what counts.
    against: u32,
    /// How many looks in a row could see nothing.
    blind: u32,
    /// How often what counts has changed between failing and not.
    pub(crate) flips: u64,
}

impl Debounce {
    /// Of a check that has not looked yet.
    pub(crate) fn new(now_usec: u64) -> Self {
        Self {
            counts: Finding::unknown("it has not looked yet"),
            since_usec: now_usec,
            last: Outcome::Unknown,
            against: 0,
            blind: 0,
            flips: 0,
        }
    }

    /// What counts.
    pub(crate) fn counts(&self) -> &Finding {
        &self.counts
    }

    /// Takes what a look found.
    pub(crate) fn take(&mut self, found: Finding, entry: &Entry, now_usec: u64) {
        self.last = found.outcome;
        let was_failing = self.counts.outcome == Outcome::Fail;
        let is_failing = found.outcome == Outcome::Fail;
        if found.outcome == Outcome::Unknown {
            self.blind += 1;
            if self.blind >= LOOKS_UNTIL_UNKNOWN && !was_failing {
                self.set(found, now_usec);
            }
            return;
        }
        self.blind = 0;
        if was_failing == is_failing {
            self.against = 0;
            return self.set(found, now_usec);
        }
        self.against += 1;
        let needed = if is_failing { entry.fails_after } else { entry.heals_after };
        if self.against >= needed {
            self.against = 0;
            self.flips += 1;
            self.set(found, now_usec);
        }
    }

    fn set(&mut self, found: Finding, now_usec: u64) {
        if self.counts.outcome != found.outcome || self.counts.code != found.code {
            self.since_usec = now_usec;
        }
        self.counts = found;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::checks::CHECKS;

    fn entry(name: &str) -> &'static Entry {
        CHECKS.iter().find(|entry| entry.name == name).unwrap()
    }

    fn finding(outcome: Outcome) -> Finding {
        match outcome {
            Outcome::Fail => Finding::fail("broken", "it"),
            Outcome::Warn => Finding::warn("odd", "it"),
            Outcome::Pass => Finding::pass("fine"),
            Outcome::Unknown => Finding::unknown("dark"),
            Outcome::NotApplicable => Finding::not_applicable("none"),
        }
    }

    fn run(outcomes: &[Outcome]) -> Vec<Outcome> {
        let steal = entry("steal");
        assert_eq!((steal.fails_after, steal.heals_after), (3, 3), "what this test counts with");
        let mut debounce = Debounce::new(0);
        let take = |outcome: &Outcome| {
            debounce.take(finding(*outcome), steal, 1);
            debounce.counts().outcome
        };
        outcomes.iter().map(take).collect()
    }

    #[test]
    fn three_looks_fail_it_and_three_heal_it() {
        use Outcome::{Fail, Pass, Unknown, Warn};
        let cases: [(&[Outcome], &[Outcome]); 5] = [
            (&[Pass, Fail, Fail, Pass, Fail], &[Pass, Pass, Pass, Pass, Pass]),
            (&[Fail, Fail, Fail], &[Unknown, Unknown, Fail]),
            (
                &[Fail, Fail, Fail, Unknown, Pass, Pass, Fail, Pass, Pass, Warn],
                &[Unknown, Unknown, Fail, Fail, Fail, Fail, Fail, Fail, Fail, Warn],
            ),
            (&[Pass, Fail, Unknown, Fail, Unknown, Fail], &[Pass, Pass, Pass, Pass, Pass, Fail]),
            (
                &[Warn, Pass, Unknown, Warn, Unknown, Unknown, Unknown, Pass],
                &[Warn, Pass, Pass, Warn, Warn, Warn, Unknown, Pass],
            ),
        ];
        for (outcomes, expected) in cases {
            assert_eq!(run(outcomes), expected, "{outcomes:?}");
        }
    }

    proptest! {
        #[test]
        fn unknown_neither_fails_nor_heals(outcomes in proptest::collection::vec(0usize..5, 0..60)) {
            let entry = entry("steal");
            let mut debounce = Debounce::new(0);
            for outcome in outcomes.into_iter().map(|index| Outcome::ALL[index]) {
                let before = debounce.counts().outcome == Outcome::Fail;
                debounce.take(finding(outcome), entry, 1);
                let after = debounce.counts().outcome == Outcome::Fail;
                prop_assert!(outcome != Outcome::Unknown || before == after);
                prop_assert!(!after || before || outcome == Outcome::Fail);
            }
        }
    }
}
