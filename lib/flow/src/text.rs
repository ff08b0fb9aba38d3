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

/// The first line that shows trouble of the machine and not of the design.
pub(crate) fn machine_trouble(log: &[u8]) -> Option<String> {
    const SIGNS: [&str; 7] = [
        "No space left on device",
        "Disk quota exceeded",
        "command not found",
        ": not found",
        "Cannot allocate memory",
        "Input/output error",
        "Read-only file system",
    ];
    lines(log).find(|line| SIGNS.iter().any(|sign| line.contains(sign))).map(|line| quote(&line))
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
}
