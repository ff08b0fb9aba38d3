//! The figures that `sta.tcl` prints, one line `EDCTL sta NAME VALUE` each, in nanoseconds.

use crate::text;

/// OpenSTA's slack where no path is timed is its infinity, printed as 1e+39.
const NO_PATH_NS: f64 = 1e9;

/// A timing report; what it does not say is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timing {
    /// The clock's period.
    pub period_ns: Option<f64>,
    /// Worst setup slack; may be positive.
    pub setup_ws_ns: Option<f64>,
    /// Worst negative setup slack; at most zero.
    pub setup_wns_ns: Option<f64>,
    /// The sum of all negative setup slacks; at most zero.
    pub setup_tns_ns: Option<f64>,
    /// Worst hold slack.
    pub hold_ws_ns: Option<f64>,
    /// The script ran to its end.
    pub finished: bool,
    /// The first error; OpenSTA prints it and returns 0.
    pub error: Option<String>,
}

impl Timing {
    /// Reads what OpenSTA printed.
    #[must_use]
    pub fn parse(report: &[u8]) -> Self {
        let mut timing = Self::default();
        for line in text::whole_lines(report) {
            if line.starts_with("Error") {
                timing.error.get_or_insert_with(|| text::quote(&line));
            } else if let Some(figure) = line.strip_prefix("EDCTL sta ") {
                timing.take(figure);
            }
        }
        timing
    }

    fn take(&mut self, figure: &str) {
        let Some((name, value)) = figure.split_once(' ') else { return };
        let number = value.parse().ok().filter(|value: &f64| value.abs() < NO_PATH_NS);
        match name {
            "period" => self.period_ns = number,
            "setup_ws" => self.setup_ws_ns = number,
            "setup_wns" => self.setup_wns_ns = number,
            "setup_tns" => self.setup_tns_ns = number,
            "hold_ws" => self.hold_ws_ns = number,
            "end" => self.finished = value == "finish",
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_real_report() {
        let timing = Timing::parse(include_bytes!("../tests/fixtures/synth/sta.txt"));
        assert_eq!(timing.period_ns, Some(20.0));
        assert!((timing.setup_ws_ns.unwrap() - 11.661).abs() < 0.001);
        assert_eq!((timing.setup_wns_ns, timing.setup_tns_ns), (Some(0.0), Some(0.0)));
        assert!(timing.hold_ws_ns.unwrap() > 0.0);
        assert!(timing.finished);
        assert_eq!(timing.error, None);
    }

    #[test]
    fn half_a_number_at_the_end_is_absent() {
        let timing = Timing::parse(b"EDCTL sta setup_ws 11.661\nEDCTL sta hold_ws 0.2");
        assert_eq!((timing.setup_ws_ns, timing.hold_ws_ns), (Some(11.661), None));
    }

    #[test]
    fn an_error_that_sta_returns_zero_for_is_seen() {
        let timing = Timing::parse(include_bytes!("../tests/fixtures/synth/sta-error.txt"));
        assert!(timing.error.unwrap().contains("set_outputdelay"));
    }

    #[test]
    fn what_is_no_number_is_absent() {
        let timing =
            Timing::parse(b"EDCTL sta setup_ws INF\nEDCTL sta setup_tns\nEDCTL sta end x\n");
        assert_eq!(timing, Timing::default());
        let no_path = b"EDCTL sta setup_ws 1.0000000433293989e+39\nEDCTL sta hold_ws nan\n";
        assert_eq!(Timing::parse(no_path), Timing::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(report in any::<Vec<u8>>()) {
            prop_assert!(!Timing::parse(&report).finished);
        }
    }
}
