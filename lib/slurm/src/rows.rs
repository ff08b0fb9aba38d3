//! From a command's output to rows: lines are cut out of chunks as they come, each is parsed
//! strictly, and each that does not parse is dropped and counted by its reason.

use std::collections::BTreeMap;
use std::str;

use crate::error::RunError;
use crate::runner::{Invocation, Runner};

/// Longest line that is looked at; an array's expression can be long, nothing else is.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Why a row was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowError {
    /// Not as many fields as the format string asked for.
    Fields,
    /// A number that is none, or out of range.
    Number,
    /// A state that is no word.
    State,
    /// An array expression that cannot be counted.
    Array,
    /// A list of generic resources that is none.
    Gres,
    /// An empty or forbidden name.
    Name,
    /// A time that is none, or of another age.
    Time,
    /// A line that means nothing there.
    Unknown,
    /// A line without the mark of rows: what follows a line break in a user's text.
    Stray,
    /// Not UTF-8.
    Encoding,
    /// Longer than any row may be.
    TooLong,
    /// The output ended within the line.
    Truncated,
}

impl RowError {
    /// All reasons.
    pub const ALL: [RowError; 12] = [
        Self::Fields,
        Self::Number,
        Self::State,
        Self::Array,
        Self::Gres,
        Self::Name,
        Self::Time,
        Self::Unknown,
        Self::Stray,
        Self::Encoding,
        Self::TooLong,
        Self::Truncated,
    ];

    /// The reason as a metric's label says it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Number => "number",
            Self::State => "state",
            Self::Array => "array",
            Self::Gres => "gres",
            Self::Name => "name",
            Self::Time => "time",
            Self::Unknown => "unknown",
            Self::Stray => "stray",
            Self::Encoding => "encoding",
            Self::TooLong => "too_long",
            Self::Truncated => "truncated",
        }
    }
}

/// How many rows were dropped, by reason.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rejected(BTreeMap<RowError, u64>);

impl Rejected {
    /// The reasons and how often each was met.
    pub fn iter(&self) -> impl Iterator<Item = (RowError, u64)> + '_ {
        self.0.iter().map(|(error, rows)| (*error, *rows))
    }

    /// All dropped rows.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Counts those of another command, too.
    pub fn add(&mut self, other: &Self) {
        for (error, rows) in other.iter() {
            *self.0.entry(error).or_default() += rows;
        }
    }

    pub(crate) fn note(&mut self, error: RowError) {
        *self.0.entry(error).or_default() += 1;
    }
}

/// Runs `invocation` and hands each line to `on_row`, which parses and keeps it or says why not.
/// Where the command's rows have a [`crate::commands::ROW_MARK`], only lines that have it are rows. After an error, what `on_row` got counts for nothing.
pub fn query(
    runner: &Runner,
    invocation: &Invocation,
    on_row: impl FnMut(&str) -> Result<(), RowError>,
) -> Result<Rejected, RunError> {
    let mut lines = Lines::new(invocation.row_mark(), on_row);
    runner.stream(invocation, &mut |chunk| lines.push(chunk))?;
    Ok(lines.finish())
}

/// Cuts lines out of chunks as they come, and hands each to a function that parses and keeps it or says why
/// not.
pub struct Lines<'m, F> {
    mark: Option<&'m str>,
    on_row: F,
    line: Vec<u8>,
    too_long: bool,
    rejected: Rejected,
}

impl<'m, F: FnMut(&str) -> Result<(), RowError>> Lines<'m, F> {
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

    /// Ends the reading; a line without an end is none.
    pub fn finish(mut self) -> Rejected {
        if self.too_long || !self.line.is_empty() {
            self.rejected.note(RowError::Truncated);
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
        let outcome = match str::from_utf8(&self.line) {
            _ if self.too_long => Err(RowError::TooLong),
            Ok(line) if self.mark.is_none_or(|mark| has_mark(line, mark)) => (self.on_row)(line),
            Ok(_) => Err(RowError::Stray),
            Err(_) => Err(RowError::Encoding),
        };
        if let Err(error) = outcome {
            self.rejected.note(error);
        }
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

/// A plain decimal number: no sign, no space, no unit.
pub(crate) fn number(text: &str) -> Result<u64, RowError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RowError::Number);
    }
    text.parse().map_err(|_| RowError::Number)
}

/// A time in seconds since the epoch; nothing where Slurm has a word for a time that is not known.
pub(crate) fn time(text: &str) -> Result<Option<u32>, RowError> {
    match text {
        "N/A" | "NONE" | "None" | "Unknown" => Ok(None),
        _ => match number(text).map(u32::try_from) {
            Ok(Ok(seconds @ 1..)) => Ok(Some(seconds)),
            _ => Err(RowError::Time),
        },
    }
}

/// A name of an account, a user and the like, which may hold whatever can be printed; nothing where
/// there is none.
pub(crate) fn optional_word(text: &str) -> Result<Option<&str>, RowError> {
    if text.chars().any(char::is_control) {
        return Err(RowError::Name);
    }
    Ok(Some(text).filter(|text| !matches!(*text, "" | "(null)")))
}

/// A name that Slurm may give to a node or a partition.
pub(crate) fn name(text: &str) -> Result<&str, RowError> {
    let is_name = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"|,[]()\"'\\*".contains(&b));
    if is_name { Ok(text) } else { Err(RowError::Name) }
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
            Ok(())
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
        assert_eq!(rows, ["good", "after"]);
        assert_eq!(
            reasons(&rejected),
            [("fields", 2), ("encoding", 1), ("too_long", 1), ("truncated", 1)]
        );
    }

    #[test]
    fn a_line_without_the_mark_is_no_row() {
        let mut rows = Vec::new();
        let mut lines = Lines::new(Some("7f3a"), |row: &str| {
            rows.push(row.to_owned());
            Ok(())
        });
        lines.push(b"a|7f3a|two\nlines\nb|ROW|forged\n7f3a|forged\nb|7f3a\n");
        let rejected = lines.finish();
        assert_eq!(rows, ["a|7f3a|two", "b|7f3a"]);
        assert_eq!(reasons(&rejected), [("stray", 3)]);
    }

    #[test]
    fn numbers_are_digits_and_nothing_else() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "-1", "+1", " 1", "1.5", "2K", "N/A", "18446744073709551616"] {
            assert_eq!(number(text), Err(RowError::Number), "{text}");
        }
    }

    #[test]
    fn names_hold_nothing_that_is_syntax() {
        assert_eq!(name("rack-1.node_2"), Ok("rack-1.node_2"));
        for text in ["", "a b", "a,b", "n[1-2]", "(null)", "a\"b", "ü"] {
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
