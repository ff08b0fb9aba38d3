//! How many requests are answered: a bucket of `burst` tokens that gains one each `interval`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One bucket for all clients.
pub(crate) struct RateLimit {
    interval: Duration,
    /// How long an empty bucket takes to have all but one of its tokens.
    allowance: Duration,
    /// When the bucket is full again.
    full_at: Mutex<Instant>,
}

impl RateLimit {
    /// A full bucket of at least one token.
    pub(super) fn new(interval: Duration, burst: u32, now: Instant) -> Self {
        let allowance = interval.saturating_mul(burst.saturating_sub(1));
        Self { interval, allowance, full_at: Mutex::new(now) }
    }

    /// Takes a token, if there is one.
    pub(crate) fn allows(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let lacking = full_at.saturating_duration_since(now);
        if lacking > self.allowance {
            return false;
        }
        *full_at = now.checked_add(lacking.saturating_add(self.interval)).unwrap_or(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_each_interval() {
        let start = Instant::now();
        let at = |secs: f64| start + Duration::from_secs_f64(secs);
        let limit = RateLimit::new(Duration::from_secs(10), 3, start);
        for (secs, allowed) in [
            (0.0, true),
            (0.0, true),
            (0.1, true),
            (0.1, false),
            (9.9, false),
            (10.0, true),
            (10.1, false),
            (100.0, true),
            (100.0, true),
            (100.0, true),
            (100.0, false),
        ] {
            assert_eq!(limit.allows(at(secs)), allowed, "{secs}");
        }
    }

    #[test]
    fn what_is_refused_costs_no_token() {
        let start = Instant::now();
        let limit = RateLimit::new(Duration::from_secs(1), 1, start);
        assert!(limit.allows(start));
        for millis in 0..1000 {
            assert!(!limit.allows(start + Duration::from_millis(millis)));
        }
        assert!(limit.allows(start + Duration::from_secs(1)));
    }
}
