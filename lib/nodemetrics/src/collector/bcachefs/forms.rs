//! The forms of bcachefs's files.

use crate::reading::error::CollectError;
use crate::reading::human_number;
use crate::reading::kernel_file::Text;

/// A row of a table: its name, and its first two numbers.
pub(super) type Row = (String, [Option<f64>; 2]);

/// How often something was, or how many bytes.
type Count = Option<u64>;

/// A number as the kernel writes it for people.
fn human(text: Text<'_>, line: usize, word: &str) -> Option<f64> {
    text.known(line, "expected a number such as 1.5M", human_number::parse_count(word))
}

/// A file of one such number.
pub(super) fn parse_human(text: Text<'_>) -> Result<f64, CollectError> {
    let number = text.lines().next().and_then(|(_, line)| human_number::parse_count(line));
    number.ok_or_else(|| text.wrong(1, "expected a number such as 1.5M"))
}

/// A line of columns' names, then `lz4:  1.5M  4.0M  64.0k` and so on; a row of fewer has nothing.
pub(super) fn parse_table(text: Text<'_>) -> Result<Vec<Row>, CollectError> {
    let rows = text.lines().skip(1).filter_map(|(number, line)| {
        let mut words = line.split_ascii_whitespace();
        let (name, first, second) = (words.next()?, words.next()?, words.next()?);
        let numbers = [first, second].map(|word| human(text, number, word));
        Some((name.trim_end_matches(':').to_owned(), numbers))
    });
    Ok(rows.collect())
}

/// `btree_node_bad_magic  2  1700000000`: an error, how often, and when it was last.
pub(super) fn parse_errors(text: Text<'_>) -> Result<Vec<(String, Count)>, CollectError> {
    let errors = text.lines().filter_map(|(number, line)| {
        let mut words = line.split_ascii_whitespace();
        let (name, count) = words.next().zip(words.next())?;
        Some((name.to_owned(), text.number(number, Some(count))))
    });
    Ok(errors.collect())
}

/// A counter's value since the file system was made; since it was mounted stands before it.
pub(super) fn parse_counter(text: Text<'_>) -> Result<f64, CollectError> {
    let mut lines = text.lines().map(|(_, line)| line);
    let made = lines.find_map(|line| line.strip_prefix("since filesystem creation:"));
    let number = made.and_then(|number| human_number::parse_count(number.trim()));
    number.ok_or_else(|| text.wrong(1, "expected a number since the file system was made"))
}

/// `read:`, then lines such as `journal : 4096`, and the same of `write:`: the operation, the kind of
/// data, and the bytes.
pub(super) fn parse_io_done(text: Text<'_>) -> Result<Vec<(String, String, Count)>, CollectError> {
    let mut done = Vec::new();
    let mut operation = None;
    for (number, line) in text.lines() {
        let Some((kind, bytes)) = line.split_once(':') else { continue };
        let (kind, bytes) = (kind.trim(), bytes.trim());
        if bytes.is_empty() {
            let known = Some(kind).filter(|kind| matches!(*kind, "read" | "write"));
            operation = text.known(number, "expected reads or writes", known);
        } else if let Some(operation) = operation {
            let bytes = text.number(number, Some(bytes));
            done.push((operation.to_owned(), kind.to_owned(), bytes));
        }
    }
    Ok(done)
}

/// `read : 0` and so on, below the line that says that it is since the file system was made.
pub(super) fn parse_io_errors(text: Text<'_>) -> Result<Vec<(String, Count)>, CollectError> {
    let begins = |line: &str, what: &str| line.starts_with(what);
    let lines = text
        .lines()
        .skip_while(|(_, line)| !begins(line, "IO errors since filesystem creation"))
        .skip(1)
        .take_while(|(_, line)| !begins(line, "IO errors since "));
    let errors = lines.filter_map(|(number, line)| {
        let (kind, count) = line.split_once(':')?;
        Some((kind.trim().to_owned(), text.number(number, Some(count.trim()))))
    });
    Ok(errors.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    /// What a parser shows, and what it left out.
    fn parsed<T>(
        parse: fn(Text<'_>) -> Result<T, CollectError>,
        text: &str,
    ) -> (Option<T>, Option<String>) {
        let (parsed, left_out) = LeftOut::during(|| parse(Text::of(text)).ok());
        (parsed, left_out.why())
    }

    #[test]
    fn tables_skip_their_head_and_short_rows() {
        let text = "type    compressed    uncompressed    average extent size\n\
                    none    1.0k    2.0k    4.0k\nlz4:    0    17\nodd 5\n\n";
        let row = |name: &str, numbers| (name.to_owned(), numbers);
        let rows =
            vec![row("none", [Some(1024.0), Some(2048.0)]), row("lz4", [Some(0.0), Some(17.0)])];
        assert_eq!(parsed(parse_table, text), (Some(rows), None));
        let (rows, why) = parsed(parse_table, "head\nlz4 x 17\nzstd -1 18446744073709540830\n");
        assert_eq!(rows.unwrap(), [row("lz4", [None, Some(17.0)]), row("zstd", [None, None])]);
        assert_eq!(why.unwrap(), "test, line 2: expected a number such as 1.5M (and 2 more)");
        assert_eq!(parsed(parse_table, ""), (Some(Vec::new()), None));
    }

    #[test]
    fn only_what_is_since_the_file_system_was_made() {
        let text = "since mount:               3\nsince filesystem creation:  1.5k\n";
        assert_eq!(parsed(parse_counter, text), (Some(1536.0), None));
        for odd in ["since mount: 3\n", "since filesystem creation: -1\n"] {
            assert_eq!(parsed(parse_counter, odd), (None, None));
        }
        let text = "IO errors since filesystem creation\n  read :    7\n  write:  x\n  checksum: 0\n\
                    IO errors since 8 y ago\n  read: 1\n";
        let (errors, why) = parsed(parse_io_errors, text);
        let expected = [("read", Some(7)), ("write", None), ("checksum", Some(0))];
        assert_eq!(errors.unwrap(), expected.map(|(kind, count)| (kind.to_owned(), count)));
        assert_eq!(why.unwrap(), "test, line 3: expected a number");
    }

    #[test]
    fn reads_and_writes_by_what_they_were() {
        let text =
            "head: 1\nread:\n  sb : 4096\n odd\n  user: -1\nwrite:\n  user: 5\nother:\n user: 6\n";
        let (done, why) = parsed(parse_io_done, text);
        let expected =
            [("read", "sb", Some(4096)), ("read", "user", None), ("write", "user", Some(5))];
        let expected = expected.map(|(op, kind, n)| (op.to_owned(), kind.to_owned(), n));
        assert_eq!(done.unwrap(), expected);
        assert_eq!(why.unwrap(), "test, line 5: expected a number (and 1 more)");
        let (errors, why) = parsed(parse_errors, "a 5 1700000000\nb\nc x\n");
        let expected = [("a", Some(5)), ("c", None)];
        assert_eq!(errors.unwrap(), expected.map(|(kind, count)| (kind.to_owned(), count)));
        assert_eq!(why.unwrap(), "test, line 3: expected a number");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "((read:|IO errors since filesystem creation|[a-z:0-9 .k]{0,20}|.{0,20})\n){0,6}") {
            let text = Text::of(&text);
            let _ = (parse_table(text), parse_errors(text), parse_counter(text));
            let _ = (parse_io_done(text), parse_io_errors(text), parse_human(text));
        }
    }
}
