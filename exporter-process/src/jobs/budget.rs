//! How much CPU time the sampler may take: a tenth of one CPU, and some at once where it took less
//! before, so that the first job of many is looked at without delay.

use std::time::{Duration, Instant};

/// For each second of work, so many seconds of rest.
const REST: u32 = 9;
/// Rest that may be owed: some ten passes of a node with a few jobs.
const MOST_OWED: Duration = Duration::from_millis(100);

/// The rest that is owed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    owed: Duration,
    at: Instant,
}

impl Budget {
    pub(crate) fn new(now: Instant) -> Self {
        Self { owed: Duration::ZERO, at: now }
    }

    /// Notes that some CPU time was spent.
    pub(crate) fn spend(&mut self, spent: Duration, now: Instant) {
        self.owed = self.owed(now).saturating_add(spent.saturating_mul(REST));
        self.at = now;
    }

    /// When it may work again.
    pub(crate) fn earliest(&self, now: Instant) -> Instant {
        now + self.owed(now).saturating_sub(MOST_OWED)
    }

    fn owed(&self, now: Instant) -> Duration {
        self.owed.saturating_sub(now.saturating_duration_since(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_passes_at_once_and_then_a_tenth() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut budget = Budget::new(start);
        for _ in 0..11 {
            budget.spend(ms(1), start);
            assert_eq!(budget.earliest(start), start);
        }
        budget.spend(ms(1), start);
        assert_eq!(budget.earliest(start), start + ms(8));
        budget.spend(ms(1), start + ms(8));
        assert_eq!(budget.earliest(start + ms(8)), start + ms(17));
        let later = start + Duration::from_secs(9);
        assert_eq!(budget.earliest(later), later);
    }
}
