//! The forms of bcachefs's files.

use super::human_number;

/// A row of a table: its name, and its first two numbers.
pub(super) type Row = (String, [f64; 2]);

/// A line of columns' names, then `lz4:  1.5M  4.0M  64.0k` and so on; a row of fewer has nothing.
pub(super) fn parse_table(text: &str) -> Option<Vec<Row>> {
    let rows = text.lines().skip(1).map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (name, first) = words.next().zip(words.next())?;
        let second = words.next()?;
        Some((name.trim_end_matches(':').to_owned(), [first, second]))
    });
    let number = |text| human_number::parse(text);
    rows.flatten()
        .map(|(name, [first, second])| Some((name, [number(first)?, number(second)?])))
        .collect()
}

/// `btree_node_bad_magic  2  1700000000`: an error, how often, and when it was last.
pub(super) fn parse_errors(text: &str) -> Option<Vec<(String, u64)>> {
    let lines = text.lines().map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().zip(words.next())
    });
    lines.flatten().map(|(name, count)| Some((name.to_owned(), count.parse().ok()?))).collect()
}

/// A counter's value since the file system was made; since it was mounted stands before it.
pub(super) fn parse_counter(text: &str) -> Option<f64> {
    let made = text.lines().find_map(|line| line.strip_prefix("since filesystem creation:"))?;
    human_number::parse(made.trim())
}

/// `read:`, then lines such as `journal : 4096`, and the same of `write:`: the operation, the kind of
/// data, and the bytes.
pub(super) fn parse_io_done(text: &str) -> Option<Vec<(String, String, u64)>> {
    let mut done = Vec::new();
    let mut operation = None;
    for line in text.lines().map(str::trim) {
        match (line, operation) {
            ("read:" | "write:", _) => operation = line.strip_suffix(':'),
            (_, Some(operation)) => {
                let Some((kind, bytes)) = line.split_once(':') else { continue };
                let bytes = bytes.trim().parse().ok()?;
                done.push((operation.to_owned(), kind.trim().to_owned(), bytes));
            }
            _ => {}
        }
    }
    Some(done)
}

/// `read : 0` and so on, below the line that says that it is since the file system was made.
pub(super) fn parse_io_errors(text: &str) -> Option<Vec<(String, u64)>> {
    let begins = |line: &&str, what: &str| line.starts_with(what);
    let lines = text
        .lines()
        .skip_while(|line| !begins(line, "IO errors since filesystem creation"))
        .skip(1)
        .take_while(|line| !begins(line, "IO errors since "));
    let pairs = lines.filter_map(|line| line.split_once(':'));
    pairs.map(|(kind, count)| Some((kind.trim().to_owned(), count.trim().parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_skip_their_head_and_short_rows() {
        let text = "type    compressed    uncompressed    average extent size\n\
                    none    1.0k    2.0k    4.0k\nlz4:    0    17\nodd 5\n\n";
        let rows = [("none", [1024.0, 2048.0]), ("lz4", [0.0, 17.0])];
        assert_eq!(parse_table(text).unwrap(), rows.map(|(name, row)| (name.to_owned(), row)));
        assert_eq!(parse_table("head\nlz4 x 17\n"), None);
        assert_eq!(parse_table(""), Some(Vec::new()));
    }

    #[test]
    fn only_what_is_since_the_file_system_was_made() {
        let text = "since mount:               3\nsince filesystem creation:  1.5k\n";
        assert_eq!(parse_counter(text), Some(1536.0));
        assert_eq!(parse_counter("since mount: 3\n"), None);
        let text = "IO errors since filesystem creation\n  read :    7\n  write:  0\n\
                    IO errors since 8 y ago\n  read: 1\n";
        let errors = [("read".to_owned(), 7), ("write".to_owned(), 0)];
        assert_eq!(parse_io_errors(text).unwrap(), errors);
        assert_eq!(parse_io_errors("IO errors since filesystem creation\n read: x\n"), None);
    }

    #[test]
    fn reads_and_writes_by_what_they_were() {
        let done = parse_io_done("head: 1\nread:\n  sb : 4096\nwrite:\n  user: 5\n").unwrap();
        let expected = [("read", "sb", 4096), ("write", "user", 5)];
        assert_eq!(done, expected.map(|(op, kind, n)| (op.to_owned(), kind.to_owned(), n)));
        assert_eq!(parse_io_done("read:\n sb: many\n"), None);
        assert_eq!(parse_errors("a 5 1700000000\nb\n").unwrap(), [("a".to_owned(), 5)]);
        assert_eq!(parse_errors("a x\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "((read:|IO errors since filesystem creation|[a-z:0-9 .k]{0,20}|.{0,20})\n){0,6}") {
            let _ = (parse_table(&text), parse_errors(&text), parse_counter(&text));
            let _ = (parse_io_done(&text), parse_io_errors(&text));
        }
    }
}
