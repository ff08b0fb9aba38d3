//! From a command's output to rows: lines are cut out of chunks as they come, and each is parsed. A row whose
//! frame is broken is given up and counted by its reason; a value that cannot be taken is left out of its row
//! and counted. Output is bytes: what is not UTF-8 becomes U+FFFD, which only texts can hold.

use crate::error::RunError;
use crate::lost::{Field, LeftOut, Rejected, RowError};
use crate::runner::{Invocation, Runner};

/// Longest line that is looked at; an array's expression can be long, nothing else is.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Runs `invocation` and hands each line to `on_row`, which parses and keeps it, and says what of it was left
/// out, or why it is no row. Where the command's rows have a [`crate::commands::ROW_MARK`], only lines that have it
/// are rows. After an error, what `on_row` got counts for nothing.
pub fn query(
    runner: &Runner,
    invocation: &Invocation,
    on_row: impl FnMut(&str) -> Result<LeftOut, RowError>,
) -> Result<Rejected, RunError> {
    let mut lines = Lines::new(invocation.row_mark(), on_row);
    runner.stream(invocation, &mut |chunk| lines.push(chunk))?;
    Ok(lines.finish())
}

/// Cuts lines out of chunks as they come, and hands each to a function that parses and keeps it, and says what
/// of it was left out, or why it is no row.
pub struct Lines<'m, F> {
    mark: Option<&'m str>,
    on_row: F,
    line: Vec<u8>,
    too_long: bool,
    rejected: Rejected,
}

impl<'m, F: FnMut(&str) -> Result<LeftOut, RowError>> Lines<'m, F> {
    /// Where rows begin with a mark, only lines that begin with it are rows, and `on_row` gets them without it.
    pub fn new(mark: Option<&'m str>, on_row: F) -> Self {
        Self { mark, on_row, line: Vec::new(), too_long: false, rejected: Rejected::default() }
    }

    /// Takes in the next chunk, which may end anywhere.
    pub fn push(&mut self, mut chunk: &[u8]) {
        while let Some(end) = chunk.iter().position(|b| *b == b'\n') {
            self.extend(&chunk[..end]);
            self.end_of_line();
            chunk = &chunk[end + 1..];
        }
        self.extend(chunk);
    }

    /// Ends the reading; a line without its line break is not taken.
    pub fn finish(mut self) -> Rejected {
        if self.too_long || !self.line.is_empty() {
            self.rejected.note(&Err(RowError::Truncated), &String::from_utf8_lossy(&self.line));
        }
        self.rejected
    }

    fn extend(&mut self, piece: &[u8]) {
        if self.line.len() + piece.len() > MAX_LINE_BYTES {
            self.too_long = true;
            self.line.clear();
        } else if !self.too_long {
            self.line.extend_from_slice(piece);
        }
    }

    fn end_of_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let outcome = if self.too_long {
            Err(RowError::TooLong)
        } else if self.mark.is_none_or(|mark| has_mark(&line, mark)) {
            (self.on_row)(&line)
        } else {
            Err(RowError::Stray)
        };
        self.rejected.note(&outcome, &line);
        self.too_long = false;
        self.line.clear();
    }
}

/// Whether the second field is `mark`.
fn has_mark(line: &str, mark: &str) -> bool {
    line.split('|').nth(1) == Some(mark)
}

/// Splits a row into exactly `N` fields; the last one takes what is left of the line.
pub(crate) fn fields<const N: usize>(row: &str) -> Result<[&str; N], RowError> {
    let mut parts = row.splitn(N, '|');
    let mut fields = [""; N];
    for field in &mut fields {
        *field = parts.next().ok_or(RowError::Fields)?;
    }
    Ok(fields)
}

/// Fields of a row that may be odd; where more are, they stand in the wrong places, as behind a `|` in a name.
const MOST_ODD_FIELDS: u64 = 2;

/// Whether a row still has its frame, after what was left out of it.
///
/// # Errors
/// [`RowError::Fields`] where too many of its fields are odd.
pub(crate) fn keeps_frame(left_out: &LeftOut) -> Result<(), RowError> {
    if left_out.total() > MOST_ODD_FIELDS { Err(RowError::Fields) } else { Ok(()) }
}

/// Larger ones are no numbers of anything: Slurm's own marks for none and for no limit with 64 bits, and what fell
/// below 0 where it counts without a sign.
pub(crate) const MOST: u64 = i64::MAX as u64;

/// A plain decimal number: no sign, no space, no unit.
pub(crate) fn number(text: &str) -> Field<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RowError::Number);
    }
    text.parse().ok().filter(|number| *number <= MOST).ok_or(RowError::Number)
}

/// A time in seconds since the epoch; nothing where Slurm has a word for a time that is not known, or 0, its
/// number for never.
pub(crate) fn time(text: &str) -> Field<Option<u32>> {
    match text {
        "N/A" | "NONE" | "None" | "Unknown" | "(null)" => Ok(None),
        _ => match number(text).map(u32::try_from) {
            Ok(Ok(seconds)) => Ok(Some(seconds).filter(|seconds| *seconds > 0)),
            _ => Err(RowError::Time),
        },
    }
}

/// A name of an account, a user and the like, which may hold anything; `None` where it is not set.
pub(crate) fn optional_word(text: &str) -> Option<&str> {
    Some(text).filter(|text| !matches!(*text, "" | "(null)"))
}

/// A name that Slurm may give to a node or a partition.
pub(crate) fn name(text: &str) -> Field<&str> {
    let is_syntax = |c: char| c.is_whitespace() || c.is_control() || "|,[]()\"'\\*".contains(c);
    if text.is_empty() || text.contains(is_syntax) { Err(RowError::Name) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> (Vec<String>, Rejected) {
        let mut rows = Vec::new();
        let mut lines = Lines::new(None, |row: &str| {
            if row == "bad" {
                return Err(RowError::Fields);
            }
            rows.push(row.to_owned());
            Ok(LeftOut::default())
        });
        for chunk in chunks {
            lines.push(chunk);
        }
        let rejected = lines.finish();
        (rows, rejected)
    }

    fn reasons(rejected: &Rejected) -> Vec<(&'static str, u64)> {
        rejected.iter().map(|(error, rows)| (error.reason(), rows)).collect()
    }

    #[test]
    fn joins_what_the_pipe_cut() {
        let (rows, rejected) = read(&[b"a", b"b\nc\n\nd", b"\n"]);
        assert_eq!(rows, ["ab", "c", "", "d"]);
        assert_eq!(rejected.total(), 0);
    }

    #[test]
    fn counts_what_it_drops() {
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        let (rows, rejected) =
            read(&[b"good\nbad\nbad\n\xff\n", &long, &long, b"\nafter\nhalf a li"]);
        assert_eq!(rows, ["good", "\u{fffd}", "after"]);
        assert_eq!(reasons(&rejected), [("fields", 2), ("too_long", 1), ("truncated", 1)]);
    }

    #[test]
    fn a_line_without_the_mark_is_no_row() {
        let mut rows = Vec::new();
        let mut lines = Lines::new(Some("7f3a"), |row: &str| {
            rows.push(row.to_owned());
            Ok(LeftOut::default())
        });
        lines.push(b"a|7f3a|two\nlines\nb|ROW|forged\n7f3a|forged\nb|7f3a\n");
        let rejected = lines.finish();
        assert_eq!(rows, ["a|7f3a|two", "b|7f3a"]);
        assert_eq!(reasons(&rejected), [("stray", 3)]);
    }

    #[test]
    fn numbers_are_digits_and_nothing_else() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("9223372036854775807"), Ok(MOST));
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "1.5",
            "2K",
            "N/A",
            "9223372036854775808",
            "18446744073709551611",
            "18446744073709551616",
        ] {
            assert_eq!(number(text), Err(RowError::Number), "{text}");
        }
    }

    #[test]
    fn names_hold_nothing_that_is_syntax() {
        for text in ["rack-1.node_2", "größe", "gr\u{fffd}\u{fffd}e"] {
            assert_eq!(name(text), Ok(text));
        }
        for text in ["", "a b", "a,b", "n[1-2]", "(null)", "a\"b", "a\u{a0}b"] {
            assert_eq!(name(text), Err(RowError::Name), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_same_lines_wherever_the_chunks_end(
            text in proptest::collection::vec(proptest::sample::select(b"ab\n\xff|".to_vec()), 0..200),
            cut in 0usize..200,
        ) {
            let cut = cut.min(text.len());
            prop_assert_eq!(read(&[&text]), read(&[&text[..cut], &text[cut..]]));
        }
    }
}
