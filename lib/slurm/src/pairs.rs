//! scontrol's `Key=Value` lines.

use crate::lost::{Field, RowError};
use crate::rows::name;

/// The value of a key: from its `=` to the next space. Of two, the first counts, since text that
/// people write comes late in the line.
pub(crate) fn value<'a>(line: &'a str, key: &str) -> Field<&'a str> {
    line.split(' ')
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        .ok_or(RowError::Fields)
}

/// The value of the line's first key, which names what the line is about.
pub(crate) fn first<'a>(line: &'a str, key: &str) -> Field<&'a str> {
    let word = line.split(' ').next().unwrap_or_default();
    name(word.strip_prefix(key).and_then(|rest| rest.strip_prefix('=')).ok_or(RowError::Fields)?)
}
