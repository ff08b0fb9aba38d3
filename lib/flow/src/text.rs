//! Small helpers over logs, which may hold any bytes.

/// The longest part of a foreign line that a summary quotes.
const QUOTE_CHARS: usize = 160;

/// The lines of a log, as text, without what ends them.
pub(crate) fn lines(log: &[u8]) -> impl Iterator<Item = String> + '_ {
    log.split(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        String::from_utf8_lossy(line).into_owned()
    })
}

/// The lines that a newline ends. Figures are read from these alone: a last line that was cut may
/// hold half a number, which reads like a number.
pub(crate) fn whole_lines(log: &[u8]) -> impl Iterator<Item = String> + '_ {
    let end = log.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    lines(&log[..end])
}

/// A foreign line, fit to stand in a summary: printable and not too long.
pub(crate) fn quote(line: &str) -> String {
    let printable = line.trim().chars().map(|c| if c.is_control() { '?' } else { c });
    let mut quoted: String = printable.clone().take(QUOTE_CHARS).collect();
    if printable.count() > QUOTE_CHARS {
        quoted.push('…');
    }
    quoted
}

/// The last line that is not empty and not make's own.
pub(crate) fn last_words(log: &[u8]) -> Option<String> {
    let said = |line: &String| !line.trim().is_empty() && !line.starts_with("make");
    lines(log).filter(said).last().map(|line| quote(&line))
}

/// Whose fault it is that a stage gave up, with the line that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The design's.
    Design(String),
    /// The machine's, its tools' or its libraries'.
    Machine(String),
}

/// The first line that shows trouble of the machine and not of the design.
pub(crate) fn machine_trouble(log: &[u8]) -> Option<String> {
    lines(log).find(|line| is_trouble(line)).map(|line| quote(&line))
}

/// What programs print of trouble stands at a line's end, after a colon; in the quoted source of a design
/// it does not.
pub(crate) fn is_trouble(line: &str) -> bool {
    const ENDS: [&str; 9] = [
        ": No space left on device",
        ": Disk quota exceeded",
        ": Cannot allocate memory",
        ": Input/output error",
        ": Read-only file system",
        ": Stale file handle",
        ": Too many open files",
        ": Transport endpoint is not connected",
        ": cannot open shared object file: No such file or directory",
    ];
    const LICENCES: [&str; 5] = [
        "license checkout failed",
        "unable to checkout",
        "cannot connect to license server",
        "failed to obtain a license",
        "licensed number of users already reached",
    ];
    let line = line.trim_end();
    let lower = || line.to_ascii_lowercase();
    ENDS.iter().any(|end| line.ends_with(end))
        || is_missing_program(line)
        || LICENCES.iter().any(|words| lower().contains(words))
}

/// `sh: 1: abc: not found`, `/bin/bash: line 1: abc: command not found`, `make: abc: No such file or directory`
fn is_missing_program(line: &str) -> bool {
    let Some((program, _)) = line.split_once(": ") else { return false };
    let name = program.rsplit('/').next().unwrap_or(program);
    let of_shell = name.ends_with("sh") && line.ends_with("not found");
    let of_make = name.starts_with("make") && line.ends_with(": No such file or directory");
    of_shell || of_make
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_and_cleaned() {
        assert_eq!(quote("  a\u{1b}[31mb "), "a?[31mb");
        assert_eq!(quote(&"x".repeat(500)).chars().count(), QUOTE_CHARS + 1);
    }

    #[test]
    fn the_last_words_are_not_makes() {
        assert_eq!(last_words(b"a\nreason\n\nmake: *** Error 2\n"), Some("reason".to_owned()));
        assert_eq!(last_words(b"\n"), None);
    }

    #[test]
    fn a_full_disk_is_the_machines_trouble() {
        let log = b"%Error: cannot write x\ncc: error: No space left on device\n";
        assert!(machine_trouble(log).unwrap().contains("No space"));
        assert_eq!(machine_trouble(b"%Error: syntax error\n"), None);
    }

    #[test]
    fn a_tool_a_library_or_a_licence_that_is_not_there_is_the_machines_trouble() {
        for line in [
            "sh: 1: yosys-abc: not found",
            "/bin/bash: line 1: verilator: command not found",
            "make[1]: verilator: No such file or directory",
            "yosys: error while loading shared libraries: libtcl8.6.so: cannot open shared object file: \
             No such file or directory",
            "Error: License checkout failed: no more tokens",
        ] {
            assert!(is_trouble(line), "{line}");
        }
    }

    #[test]
    fn a_designs_own_words_are_no_trouble() {
        for line in [
            r#" 1231 |     $display("sh: 1: x: command not found");"#,
            "the queue has No space left on device, says the model",
            "%Error: t.v:3:5: Package not found",
            "MIT License, see LICENSE",
        ] {
            assert!(!is_trouble(line), "{line}");
        }
    }
}
