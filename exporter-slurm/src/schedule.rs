//! When to ask again.

use std::time::Duration;

use edctl_slurm::{Diag, Figure};

/// A command that answers runs for at most a tenth of the time, so that a slow slurmctld is asked less.
const SHARE_OF_TIME: u32 = 10;

/// After failures the interval doubles, this often at most: a cluster that comes back is seen soon.
const MOST_DOUBLINGS: u32 = 2;

/// How loaded slurmctld may be until it is asked less: its threads that serve requests, of which it has
/// at most 256, its requests to nodes that wait to be sent again, and how many times less then.
const LOADS: [(u64, u64, u32); 2] = [(128, 2000, 4), (64, 500, 2)];

/// How many times less slurmctld should be asked while it says this of itself.
pub(crate) fn slowdown(diag: &Diag) -> u32 {
    let figure = |figure| diag.figures.get(&figure).copied().unwrap_or(0);
    let (threads, queue) = (figure(Figure::ServerThreads), figure(Figure::AgentQueue));
    let reached = LOADS.iter().find(|load| threads >= load.0 || queue >= load.1);
    reached.map_or(1, |load| load.2)
}

/// The wait after a poll that took `took` and was the `failures`th failure in a row, where `jitter`
/// from 0 to 1 keeps several exporters out of step.
pub(crate) fn wait(interval: Duration, took: Duration, failures: u32, jitter: f64) -> Duration {
    let wait = match failures {
        // The time that a failure took tells of the deadline, not of slurmctld.
        0 => interval.max(took.saturating_mul(SHARE_OF_TIME)),
        _ => interval * 2u32.pow((failures - 1).min(MOST_DOUBLINGS)),
    };
    wait.mul_f64(0.95 + 0.1 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_for_the_slow_and_the_sick() {
        let secs = Duration::from_secs;
        for (took, failures, wanted) in [
            (secs(0), 0, 20),
            (secs(1), 0, 20),
            (secs(5), 0, 50),
            (secs(0), 1, 20),
            (secs(0), 2, 40),
            (secs(0), 3, 80),
            (secs(0), 1_000_000, 80),
            (secs(15), 1, 20),
        ] {
            assert_eq!(wait(secs(20), took, failures, 0.5), secs(wanted), "{took:?} {failures}");
        }
    }

    #[test]
    fn a_loaded_slurmctld_is_asked_less() {
        for (threads, queue, wanted) in [
            (3, 0, 1),
            (63, 499, 1),
            (64, 0, 2),
            (0, 500, 2),
            (128, 0, 4),
            (70, 2000, 4),
            (256, 100_000, 4),
        ] {
            let figures = [(Figure::ServerThreads, threads), (Figure::AgentQueue, queue)].into();
            let diag = Diag { figures, ..Diag::default() };
            assert_eq!(slowdown(&diag), wanted, "{threads} {queue}");
        }
        assert_eq!(slowdown(&Diag::default()), 1);
    }

    #[test]
    fn jitter_stays_within_a_twentieth() {
        let wait = |jitter| wait(Duration::from_secs(100), Duration::ZERO, 0, jitter);
        assert_eq!(wait(0.0), Duration::from_secs(95));
        assert_eq!(wait(1.0), Duration::from_secs(105));
        assert_eq!(wait(9.0), Duration::from_secs(105));
    }
}
