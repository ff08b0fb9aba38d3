//! The clock: kept by something, and close to what it should be. MUNGE refuses credentials of clocks that differ
//! by minutes; how far the nodes' clocks are apart is for the drainer to see.

use crate::health::check::{Check, Code, Entry, Finding};

pub(super) const ENTRY: Entry = Entry {
    name: "time_sync",
    about: "what adjtimex(2) says of the clock: synchronized, and by how much it may be wrong",
    codes: &[
        Code {
            code: "unsynchronized",
            means: "nothing keeps the clock",
            clear: "systemctl status chrony systemd-timesyncd",
        },
        Code {
            code: "error",
            means: "the clock may be wrong by more than a second",
            clear: "chronyc tracking",
        },
    ],
    compares: false,
    fails_after: 2,
    heals_after: 1,
    make: |_| Box::new(TimeSync { read: edctl_sys::timex::read }),
};

const MOST_ERROR_MICROS: i64 = 1_000_000;

struct TimeSync {
    read: fn() -> std::io::Result<edctl_sys::timex::Timex>,
}

impl Check for TimeSync {
    fn look(&mut self) -> Finding {
        let timex = match (self.read)() {
            Ok(timex) => timex,
            Err(error) => return Finding::unknown(format!("adjtimex: {error}")),
        };
        let error = timex.max_error;
        let said = format!("the clock is at most {:.3} s wrong", error as f64 / 1e6);
        if timex.state == edctl_sys::timex::NOT_SYNCHRONIZED {
            Finding::warn("unsynchronized", "nothing keeps the clock")
        } else if error > MOST_ERROR_MICROS {
            Finding::warn("error", said)
        } else {
            Finding::pass(said)
        }
    }
}

#[cfg(test)]
mod tests {
    use edctl_health::Outcome;

    use super::*;

    fn look(read: fn() -> std::io::Result<edctl_sys::timex::Timex>) -> (Outcome, &'static str) {
        let finding = TimeSync { read }.look();
        (finding.outcome, finding.code)
    }

    fn timex(state: i32, max_error: i64) -> std::io::Result<edctl_sys::timex::Timex> {
        edctl_sys::timex::read().map(|timex| edctl_sys::timex::Timex { state, max_error, ..timex })
    }

    #[test]
    fn a_clock_that_nothing_keeps_and_one_that_is_far_off() {
        assert_eq!(look(|| timex(0, 2_000)), (Outcome::Pass, ""));
        assert_eq!(look(|| timex(5, 16_000_000)), (Outcome::Warn, "unsynchronized"));
        assert_eq!(look(|| timex(0, 16_000_000)), (Outcome::Warn, "error"));
        let refused = || Err(std::io::Error::from_raw_os_error(1));
        assert_eq!(look(refused).0, Outcome::Unknown);
    }
}
