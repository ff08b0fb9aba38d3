//! What of an answer could not be read: whole rows, and single values of rows that were taken.

use std::collections::BTreeMap;

/// Longest beginning of a row that is kept to be shown.
const MAX_SAMPLE_CHARS: usize = 200;

macro_rules! row_errors {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Why a row, or a value of it, could not be taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RowError { $($(#[$doc])* $name,)* }

        impl RowError {
            /// All reasons.
            pub const ALL: &[RowError] = &[$(Self::$name,)*];

            /// The reason as a metric's label says it.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

row_errors! {
    /// The row has too few fields, or its fields stand in the wrong places; the value is missing, or of another type.
    Fields = "fields",
    /// The text is no number, or the number is out of range.
    Number = "number",
    /// The state is no word.
    State = "state",
    /// The tasks of an array cannot be counted.
    Array = "array",
    /// The text is no list of generic resources.
    Gres = "gres",
    /// The name is empty or holds what a name must not.
    Name = "name",
    /// The text is no time, or one of another age.
    Time = "time",
    /// The line means nothing there.
    Unknown = "unknown",
    /// The line lacks the mark of rows: it follows a line break in a user's text.
    Stray = "stray",
    /// The row or the text is longer than any may be.
    TooLong = "too_long",
    /// The output ended within the line.
    Truncated = "truncated",
}

/// A value of a row: what Slurm says, or why that cannot be taken. Then what is made of the value is left out,
/// and what stands beside it is shown.
pub type Field<T> = Result<T, RowError>;

/// How many values of a row could not be taken, by reason.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut([u16; RowError::ALL.len()]);

impl LeftOut {
    /// Hands a value on, and counts it where it could not be taken.
    pub fn note<T>(&mut self, value: Field<T>) -> Field<T> {
        if let Err(error) = &value {
            let count = &mut self.0[*error as usize];
            *count = count.saturating_add(1);
        }
        value
    }

    /// The reasons that were met, and how often each was.
    pub fn iter(&self) -> impl Iterator<Item = (RowError, u64)> + '_ {
        let counts = RowError::ALL.iter().zip(self.0).filter(|(_, count)| *count > 0);
        counts.map(|(error, count)| (*error, u64::from(count)))
    }

    /// All values that could not be taken.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }
}

/// How often something was lost for a reason, and where that was first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Loss {
    count: u64,
    first: String,
}

/// What was lost for each reason.
type Losses = BTreeMap<RowError, Loss>;

/// How many rows of an answer were given up, and how many values were left out of the others, by reason.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rejected {
    rows: Losses,
    values: Losses,
}

impl Rejected {
    /// The reasons for which rows were given up, and how often each was met.
    pub fn iter(&self) -> impl Iterator<Item = (RowError, u64)> + '_ {
        counts(&self.rows)
    }

    /// The reasons for which values were left out, and how often each was met.
    pub fn values(&self) -> impl Iterator<Item = (RowError, u64)> + '_ {
        counts(&self.values)
    }

    /// All rows that were given up.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, rows)| rows).sum()
    }

    /// The beginning of the first row that was given up for the reason, safe to show.
    pub fn first_row(&self, error: RowError) -> Option<&str> {
        self.rows.get(&error).map(|loss| loss.first.as_str())
    }

    /// The beginning of the first row of which a value was left out for the reason, safe to show.
    pub fn first_value(&self, error: RowError) -> Option<&str> {
        self.values.get(&error).map(|loss| loss.first.as_str())
    }

    /// Counts those of another answer, too.
    pub fn add(&mut self, other: &Self) {
        for (all, more) in [(&mut self.rows, &other.rows), (&mut self.values, &other.values)] {
            for (error, loss) in more {
                note(all, *error, loss.count, || loss.first.clone());
            }
        }
    }

    /// Counts what became of a row that begins with `row`.
    pub(crate) fn note(&mut self, outcome: &Result<LeftOut, RowError>, row: &str) {
        let sample = || row.chars().take(MAX_SAMPLE_CHARS).flat_map(char::escape_debug).collect();
        match outcome {
            Ok(left_out) => {
                for (error, count) in left_out.iter() {
                    note(&mut self.values, error, count, sample);
                }
            }
            Err(error) => note(&mut self.rows, *error, 1, sample),
        }
    }
}

fn counts(losses: &Losses) -> impl Iterator<Item = (RowError, u64)> + '_ {
    losses.iter().map(|(error, loss)| (*error, loss.count))
}

fn note(losses: &mut Losses, error: RowError, count: u64, sample: impl FnOnce() -> String) {
    let loss = losses.entry(error).or_insert_with(|| Loss { count: 0, first: sample() });
    loss.count = loss.count.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_values_are_counted_apart_with_the_first_of_each_kind() {
        let mut left_out = LeftOut::default();
        assert_eq!(left_out.note(Ok(7)), Ok(7));
        for _ in 0..2 {
            assert_eq!(left_out.note::<u64>(Err(RowError::Number)), Err(RowError::Number));
        }
        let mut rejected = Rejected::default();
        rejected.note(&Ok(left_out), "w1\t|x");
        rejected.note(&Ok(left_out), "w2");
        rejected.note(&Err(RowError::Fields), "w3");
        let mut twice = rejected.clone();
        twice.add(&rejected);
        assert_eq!(rejected.values().collect::<Vec<_>>(), [(RowError::Number, 4)]);
        assert_eq!(twice.values().collect::<Vec<_>>(), [(RowError::Number, 8)]);
        assert_eq!((rejected.total(), twice.total(), left_out.total()), (1, 2, 2));
        assert_eq!(twice.first_value(RowError::Number), Some("w1\\t|x"));
        assert_eq!(twice.first_row(RowError::Fields), Some("w3"));
        assert_eq!(twice.first_row(RowError::Number), None);
    }
}
