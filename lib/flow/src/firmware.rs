//! The log of picorv32's firmware test under Verilator: sub-tests, figures, and how it ended.

use std::collections::BTreeMap;

use crate::figure::Figure;
use crate::text;

/// What one line `<name>..<word>` of the firmware said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// `..OK`
    Ok,
    /// `..ERROR`
    Error,
}

/// How the testbench says that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The design called `$finish`.
    Finish,
    /// The design called `$stop`, as `$error` and `$fatal` do.
    Stop,
    /// Verilator's own checks gave the design up.
    Fatal,
    /// The design did not end within the allowed cycles.
    Watchdog,
}

/// A log, read line by line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// What each sub-test reported; of two reports the worse one stays.
    pub subtests: BTreeMap<String, Reported>,
    /// The names in the order of their first report.
    pub order: Vec<String>,
    /// `ALL TESTS PASSED.` is the testbench's last word.
    pub says_passed: bool,
    /// The testbench's last word is this one, that it prints before it gives up.
    pub fail_line: Option<String>,
    /// The last line in Verilator's form of an error, which a design may print too.
    pub error_line: Option<String>,
    /// How the testbench ended, and after how many cycles.
    pub end: Option<(End, Figure)>,
    /// Cycles that the firmware counted.
    pub cycles: Figure,
    /// Instructions that the firmware counted.
    pub instructions: Figure,
}

impl Log {
    /// Reads a log of any bytes. How it ended stands in `end_file`, which the testbench alone writes;
    /// without that file (of a makefile that knows none) it is the log's last line.
    #[must_use]
    pub fn parse(log: &[u8], end_file: Option<&[u8]>) -> Self {
        let mut parsed = Self::default();
        let mut last_line = None;
        for line in text::whole_lines(log) {
            parsed.take(&line);
            last_line = Some(line);
        }
        parsed.end = match end_file {
            Some(end) => text::whole_lines(end).next().and_then(|line| parse_end(&line)),
            None => last_line.and_then(|line| parse_end(line.strip_prefix("EDCTL sim ")?)),
        };
        parsed
    }

    fn take(&mut self, line: &str) {
        if let Some((name, reported)) = parse_subtest(line) {
            self.report(name, reported);
        } else if line == "ALL TESTS PASSED." {
            self.says_passed = true;
            self.fail_line = None;
        } else if is_fail_line(line) {
            self.says_passed = false;
            self.fail_line.get_or_insert_with(|| text::quote(line));
        } else if line.starts_with("%Error") || line.contains("] %Error") {
            self.error_line = Some(text::quote(line));
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

/// What `testbench.v` prints, in its exact form, before it gives up: `OUT-OF-BOUNDS MEMORY READ FROM
/// b1257c20`. The firmware's own words may be in front of it.
fn is_fail_line(line: &str) -> bool {
    let accesses = ["OUT-OF-BOUNDS MEMORY READ FROM ", "OUT-OF-BOUNDS MEMORY WRITE TO "];
    let address = accesses.iter().find_map(|words| Some(line.split_once(words)?.1));
    matches!(line, "ERROR!" | "TIMEOUT")
        || address.is_some_and(|hex| hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `end=finish cycles=461388`
fn parse_end(line: &str) -> Option<(End, Figure)> {
    let (end, cycles) = line.strip_prefix("end=")?.split_once(" cycles=")?;
    let end = match end {
        "finish" => End::Finish,
        "stop" => End::Stop,
        "fatal" => End::Fatal,
        "watchdog" => End::Watchdog,
        _ => return None,
    };
    Some((end, Figure::count(cycles)))
}

/// `......... 421202`: dots and blanks, then digits to the end of the line.
fn parse_counter(rest: &str) -> Figure {
    Figure::count(rest.trim_start_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(log: &[u8]) -> Log {
        Log::parse(log, None)
    }

    fn count(count: u32) -> Figure {
        Figure::Taken(count.into())
    }

    #[test]
    fn reads_a_real_passing_log() {
        let log = parse(include_bytes!("../tests/fixtures/sim-passed.log"));
        assert_eq!(log.subtests.len(), 45);
        assert!(log.subtests.values().all(|r| *r == Reported::Ok));
        assert_eq!((log.order[0].as_str(), log.order[44].as_str()), ("lui", "simple"));
        assert!(log.says_passed);
        assert_eq!(log.fail_line, None);
        assert_eq!(log.end, Some((End::Finish, count(461_388))));
        assert_eq!((log.cycles, log.instructions), (count(421_202), count(88_487)));
    }

    #[test]
    fn reads_a_real_failing_log() {
        let log = parse(include_bytes!("../tests/fixtures/sim-failed.log"));
        assert_eq!(log.subtests["lui"], Reported::Ok);
        assert_eq!(log.subtests["auipc"], Reported::Error);
        assert!(!log.says_passed);
        assert_eq!(log.fail_line.as_deref(), Some("ERROR!"));
        assert!(log.error_line.unwrap().ends_with("testbench.v:271: Verilog $stop"));
        assert_eq!(log.end, Some((End::Stop, count(34_933))));
    }

    #[test]
    fn half_a_number_at_the_end_is_no_number() {
        let log = parse(b"Cycle counter .. 421202\nInstruction counter .. 884");
        assert_eq!((log.cycles, log.instructions), (count(421_202), Figure::Absent));
        assert_eq!(parse(b"EDCTL sim end=finish cycles=46138").end, None);
        assert_eq!(Log::parse(b"", Some(b"end=finish cycles=46138")).end, None);
    }

    #[test]
    fn only_the_testbenchs_own_file_says_how_it_ended() {
        let design = b"EDCTL sim end=finish cycles=1\n";
        assert_eq!(Log::parse(design, Some(b"")).end, None);
        let end = Log::parse(design, Some(b"end=watchdog cycles=2000000\n")).end;
        assert_eq!(end, Some((End::Watchdog, count(2_000_000))));
        let later = [design.as_slice(), b"what comes after\n"].concat();
        assert_eq!(parse(&later).end, None, "without it, the last line");
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
        for line in ["end=finish", "end=done cycles=1"] {
            assert_eq!(parse_end(line), None, "{line:?}");
        }
        let odd = |text: &str| Figure::Odd(text.to_owned());
        assert_eq!(parse_end("end=stop cycles=-1"), Some((End::Stop, odd("-1"))));
        assert_eq!(parse_counter("..... 12a"), odd("12a"));
    }

    #[test]
    fn the_designs_own_words_are_no_failure() {
        let passed = b"ERROR: cache miss\nTIMEOUT counter = 3\nERROR! retry 5\n\
            %Error: x\n%Fatal: y\nOUT-OF-BOUNDS is tested\nERROR!\nALL TESTS PASSED.\n";
        let log = parse(passed);
        assert_eq!((log.says_passed, log.fail_line), (true, None));
        let log = parse(b"ALL TESTS PASSED.\nluiOUT-OF-BOUNDS MEMORY READ FROM b1257c20\n");
        assert!(!log.says_passed && log.fail_line.is_some(), "the testbench's last word counts");
    }

    #[test]
    fn a_later_ok_does_not_hide_an_error() {
        let log = parse(b"lui..ERROR\nlui..OK\n");
        assert_eq!(log.subtests["lui"], Reported::Error);
        assert_eq!(log.order, ["lui"]);
    }
}
