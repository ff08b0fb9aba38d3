//! Text from a node as it may stand in one line of anything.

/// Longest detail of a finding, in bytes.
pub const MAX_DETAIL_BYTES: usize = 200;

/// The text in one line of printable characters, without what could end or quote a Slurm option's value, at
/// most `max_bytes` long.
#[must_use]
pub fn clean(text: &str, max_bytes: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(max_bytes));
    for c in text.chars() {
        let c = match c {
            '"' | '\'' | '`' | '\\' => '\'',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        if cleaned.len() + c.len_utf8() > max_bytes {
            break;
        }
        cleaned.push(c);
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_comes() {
        for (text, max, expected) in [
            ("/scratch is 97 % full", 64, "/scratch is 97 % full"),
            ("a\nb\u{1b}[2J", 64, "a\u{fffd}b\u{fffd}[2J"),
            ("\"$(reboot)\" `x` \\", 64, "'$(reboot)' 'x' '"),
            ("\u{e9}\u{e9}", 3, "\u{e9}"),
        ] {
            assert_eq!(clean(text, max), expected);
        }
    }
}
