//! The log of picorv32's firmware test under Verilator: sub-tests, figures, and how it ended.

use std::collections::BTreeMap;

use crate::text;

/// What one line `<name>..<word>` of the firmware said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// `..OK`
    Ok,
    /// `..ERROR`
    Error,
}

/// How the testbench says that it ended, in its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The design called `$finish`.
    Finish,
    /// The design called `$stop`.
    Stop,
    /// The design did not end within the allowed cycles.
    Watchdog,
}

/// A log, read line by line; what it does not say is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// What each sub-test reported; of two reports the worse one stays.
    pub subtests: BTreeMap<String, Reported>,
    /// The names in the order of their first report.
    pub order: Vec<String>,
    /// The line `ALL TESTS PASSED.` is there.
    pub says_passed: bool,
    /// The first line that no passing run prints.
    pub fail_line: Option<String>,
    /// How the testbench ended, and after how many cycles.
    pub end: Option<(End, u64)>,
    /// Cycles that the firmware counted.
    pub cycles: Option<u64>,
    /// Instructions that the firmware counted.
    pub instructions: Option<u64>,
}

impl Log {
    /// Reads a log of any bytes.
    #[must_use]
    pub fn parse(log: &[u8]) -> Self {
        let mut parsed = Self::default();
        for line in text::whole_lines(log) {
            parsed.take(&line);
        }
        parsed
    }

    fn take(&mut self, line: &str) {
        if let Some((name, reported)) = parse_subtest(line) {
            self.report(name, reported);
        } else if line == "ALL TESTS PASSED." {
            self.says_passed = true;
        } else if is_fail_line(line) {
            self.fail_line.get_or_insert_with(|| text::quote(line));
        } else if let Some(rest) = line.strip_prefix("EDCTL sim ") {
            self.end = parse_end(rest);
        } else if let Some(rest) = line.strip_prefix("Cycle counter ") {
            self.cycles = parse_counter(rest);
        } else if let Some(rest) = line.strip_prefix("Instruction counter ") {
            self.instructions = parse_counter(rest);
        }
    }

    fn report(&mut self, name: &str, reported: Reported) {
        match self.subtests.get_mut(name) {
            None => {
                self.subtests.insert(name.to_owned(), reported);
                self.order.push(name.to_owned());
            }
            Some(before) if reported == Reported::Error => *before = reported,
            Some(_) => {}
        }
    }
}

/// `lui..OK`, `auipc..ERROR`: nothing else on the line.
fn parse_subtest(line: &str) -> Option<(&str, Reported)> {
    let (name, word) = line.split_once("..")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return None;
    }
    match word {
        "OK" => Some((name, Reported::Ok)),
        "ERROR" => Some((name, Reported::Error)),
        _ => None,
    }
}

fn is_fail_line(line: &str) -> bool {
    const BEGINNINGS: [&str; 4] = ["ERROR!", "TIMEOUT", "OUT-OF-BOUNDS", "%Error"];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

/// `end=finish cycles=461388`
fn parse_end(rest: &str) -> Option<(End, u64)> {
    let (end, cycles) = rest.strip_prefix("end=")?.split_once(" cycles=")?;
    let end = match end {
        "finish" => End::Finish,
        "stop" => End::Stop,
        "watchdog" => End::Watchdog,
        _ => return None,
    };
    Some((end, parse_number(cycles)?))
}

/// `......... 421202`: dots and blanks, then digits to the end of the line.
fn parse_counter(rest: &str) -> Option<u64> {
    parse_number(rest.trim_start_matches(['.', ' ']))
}

fn parse_number(digits: &str) -> Option<u64> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_real_passing_log() {
        let log = Log::parse(include_bytes!("../tests/fixtures/sim-passed.log"));
        assert_eq!(log.subtests.len(), 45);
        assert!(log.subtests.values().all(|r| *r == Reported::Ok));
        assert_eq!((log.order[0].as_str(), log.order[44].as_str()), ("lui", "simple"));
        assert!(log.says_passed);
        assert_eq!(log.fail_line, None);
        assert_eq!(log.end, Some((End::Finish, 461_388)));
        assert_eq!((log.cycles, log.instructions), (Some(421_202), Some(88_487)));
    }

    #[test]
    fn reads_a_real_failing_log() {
        let log = Log::parse(include_bytes!("../tests/fixtures/sim-failed.log"));
        assert_eq!(log.subtests["lui"], Reported::Ok);
        assert_eq!(log.subtests["auipc"], Reported::Error);
        assert!(!log.says_passed);
        assert_eq!(log.fail_line.as_deref(), Some("ERROR!"));
        assert_eq!(log.end, Some((End::Stop, 34_933)));
    }

    #[test]
    fn half_a_number_at_the_end_is_no_number() {
        let log = Log::parse(b"Cycle counter .. 421202\nInstruction counter .. 884");
        assert_eq!((log.cycles, log.instructions), (Some(421_202), None));
        assert_eq!(Log::parse(b"EDCTL sim end=finish cycles=46138").end, None);
    }

    #[test]
    fn only_whole_lines_of_the_exact_form_count() {
        for line in [
            "..OK",
            "lui..OKAY",
            "lui..OK ",
            " lui..OK",
            "LUI..OK",
            "lui...OK",
            "a b..OK",
            "lui..ok",
        ] {
            assert_eq!(parse_subtest(line), None, "{line:?}");
        }
        for line in ["end=finish", "end=done cycles=1", "end=stop cycles=-1", "end=stop cycles="] {
            assert_eq!(parse_end(line), None, "{line:?}");
        }
        assert_eq!(parse_counter("..... 12a"), None);
    }

    #[test]
    fn a_later_ok_does_not_hide_an_error() {
        let log = Log::parse(b"lui..ERROR\nlui..OK\n");
        assert_eq!(log.subtests["lui"], Reported::Error);
        assert_eq!(log.order, ["lui"]);
    }
}
