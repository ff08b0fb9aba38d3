//! The figures that `sta.tcl` prints, one line `EDCTL sta NAME VALUE` each, in nanoseconds: the script
//! sets that unit, whatever the library's is.

use crate::figure::Figure;
use crate::text;

/// OpenSTA's slack where no path is timed is its infinity, printed as 1e+39 or INF.
const NO_PATH_NS: f64 = 1e9;

/// A timing report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timing {
    /// The clock's period.
    pub period_ns: Figure,
    /// Worst setup slack; may be positive.
    pub setup_ws_ns: Figure,
    /// Worst negative setup slack; at most zero.
    pub setup_wns_ns: Figure,
    /// The sum of all negative setup slacks; at most zero.
    pub setup_tns_ns: Figure,
    /// Worst hold slack.
    pub hold_ws_ns: Figure,
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
            if is_error(&line) {
                timing.error.get_or_insert_with(|| text::quote(&line));
            } else if let Some(figure) = line.strip_prefix("EDCTL sta ") {
                timing.take(figure);
            }
        }
        timing
    }

    fn take(&mut self, figure: &str) {
        let (name, value) = figure.split_once(' ').unwrap_or((figure, ""));
        let any = |value| Figure::number(value, |value| value.abs() < NO_PATH_NS);
        let negative = |value| Figure::number(value, |value| -NO_PATH_NS < value && value <= 0.0);
        match name {
            "period" => {
                self.period_ns = Figure::number(value, |value| 0.0 < value && value < NO_PATH_NS);
            }
            "setup_ws" => self.setup_ws_ns = any(value),
            "setup_wns" => self.setup_wns_ns = negative(value),
            "setup_tns" => self.setup_tns_ns = negative(value),
            "hold_ws" => self.hold_ws_ns = any(value),
            "end" => self.finished = value == "finish",
            _ => {}
        }
    }
}

/// `Error: sta.tcl line 4, ...`, in newer releases with a number before the colon or in brackets. A name
/// of the design that begins like that has no blank behind it.
fn is_error(line: &str) -> bool {
    line.starts_with("Error: ") || line.starts_with("Error ") || line.starts_with("[ERROR ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_real_report() {
        let timing = Timing::parse(include_bytes!("../tests/fixtures/synth/sta.txt"));
        assert_eq!(timing.period_ns, Figure::Taken(20.0));
        assert!((timing.setup_ws_ns.value().unwrap() - 11.661).abs() < 0.001);
        assert_eq!(
            (timing.setup_wns_ns, timing.setup_tns_ns),
            (Figure::Taken(0.0), Figure::Taken(0.0))
        );
        assert!(timing.hold_ws_ns.value().unwrap() > 0.0);
        assert!(timing.finished);
        assert_eq!(timing.error, None);
    }

    #[test]
    fn half_a_number_at_the_end_is_absent() {
        let timing = Timing::parse(b"EDCTL sta setup_ws 11.661\nEDCTL sta hold_ws 0.2");
        assert_eq!(
            (timing.setup_ws_ns, timing.hold_ws_ns),
            (Figure::Taken(11.661), Figure::Absent)
        );
    }

    #[test]
    fn an_error_that_sta_returns_zero_for_is_seen() {
        let timing = Timing::parse(include_bytes!("../tests/fixtures/synth/sta-error.txt"));
        assert!(timing.error.unwrap().contains("set_outputdelay"));
        for line in ["Error 100: x.lib line 4, syntax error", "[ERROR STA-0123] no such port"] {
            assert!(is_error(line), "{line}");
        }
    }

    #[test]
    fn a_name_of_the_design_is_no_error() {
        for line in ["Error_reg/CK (DFFX1)", "Errors[3] (out)", "Startpoint: Error_reg"] {
            assert!(!is_error(line), "{line}");
        }
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let odd = |text: &str| Figure::Odd(text.to_owned());
        let timing =
            Timing::parse(b"EDCTL sta setup_ws INF\nEDCTL sta setup_tns\nEDCTL sta end x\n");
        let expected =
            Timing { setup_ws_ns: odd("INF"), setup_tns_ns: odd(""), ..Timing::default() };
        assert_eq!(timing, expected);
        let no_path = "1.0000000433293989e+39";
        let timing = Timing::parse(format!("EDCTL sta setup_ws {no_path}\n").as_bytes());
        assert_eq!(timing.setup_ws_ns, odd(no_path));
        for line in ["period 0", "period -20", "setup_tns 3.5", "hold_ws nan"] {
            let timing = Timing::parse(format!("EDCTL sta {line}\n").as_bytes());
            let figures = [timing.period_ns, timing.setup_tns_ns, timing.hold_ws_ns];
            assert!(figures.iter().any(|figure| matches!(figure, Figure::Odd(_))), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(report in any::<Vec<u8>>()) {
            prop_assert!(!Timing::parse(&report).finished);
        }
    }
}
