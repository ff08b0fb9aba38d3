//! Generic resources as sinfo lists them: `gpu:a100:2(S:0-1),gpu:1g.5gb:3,license:no_consume:4K`, and
//! `gpu:(null):3` of those without a type.

use crate::lost::{Field, RowError};
use crate::rows::number;

/// Some of a node's generic resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gres<'a> {
    /// What it is: `gpu`, `mps`, ...
    pub name: &'a str,
    /// Its type, such as `a100` or, for a part of a GPU, `1g.5gb`.
    pub kind: Option<&'a str>,
    /// How many.
    pub count: Field<u64>,
}

/// All of a node's generic resources, as far as they can be read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct GresList<'a> {
    /// Those whose name and type can be told.
    pub known: Vec<Gres<'a>>,
    /// For each other one its name, which is empty where not even that can be told.
    pub unread: Vec<&'a str>,
}

impl<'a> GresList<'a> {
    /// Reads a list; it is empty where there are no resources.
    pub fn parse(text: &'a str) -> Self {
        let mut list = Self::default();
        if matches!(text, "" | "(null)" | "N/A") {
            return list;
        }
        let Some(parts) = split(text) else { return Self::unread(RowError::Gres) };
        for part in parts {
            match parse(part) {
                Ok(gres) => list.known.push(gres),
                Err(name) => list.unread.push(name),
            }
        }
        list
    }

    /// What is known where the list cannot be read, for whatever reason: nothing.
    pub(crate) fn unread(_: RowError) -> Self {
        Self { known: Vec::new(), unread: vec![""] }
    }

    /// Whether all of it could be read.
    ///
    /// # Errors
    /// [`RowError::Gres`] where it could not.
    pub fn check(&self) -> Result<(), RowError> {
        let is_whole = self.unread.is_empty() && self.known.iter().all(|gres| gres.count.is_ok());
        if is_whole { Ok(()) } else { Err(RowError::Gres) }
    }
}

/// Reads `name[:type][:no_consume][:count][(where)]`.
///
/// # Errors
/// Gives the name where the type cannot be told; it is empty where the name cannot be told either.
fn parse(text: &str) -> Result<Gres<'_>, &str> {
    let mut words = without_place(text).split(':').filter(|word| *word != "no_consume");
    let name = words.next().filter(|name| is_word(name)).ok_or("")?;
    let rest: Vec<&str> = words.collect();
    let (kind, count) = match rest[..] {
        [] => (None, Ok(1)),
        // Without a count there is one.
        [kind] if is_word(kind) && !is_like_a_count(kind) => (Some(kind), Ok(1)),
        [count] => (None, scaled(count)),
        [NO_TYPE, count] => (None, scaled(count)),
        [kind, count] if is_word(kind) => (Some(kind), scaled(count)),
        _ => return Err(name),
    };
    Ok(Gres { name, kind, count })
}

/// What Slurm prints for the type of a resource that has none.
const NO_TYPE: &str = "(null)";

/// The text without the `(S:0-1)` or `(IDX:0,2)` behind it.
fn without_place(text: &str) -> &str {
    match text.rfind('(') {
        Some(place) if text.ends_with(')') && !text[..place].ends_with(':') => &text[..place],
        _ => text,
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()[]=|\"'".contains(&b))
}

/// Whether a word stands where a count may, and not for a type such as `a100` or `1g.5gb`.
fn is_like_a_count(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    word.starts_with(['-', '+', '.'])
        || (word.len() <= digits.len() + 1
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.is_empty())
}

/// Splits at the commas that are not in brackets; nothing where brackets are left open.
fn split(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut depth, mut begin) = (0u32, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                parts.push(&text[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (depth == 0).then_some(parts)
}

/// A number that Slurm may have shortened by a power of 1024.
fn scaled(text: &str) -> Field<u64> {
    let power = match text.bytes().last() {
        Some(b'K' | b'k') => 1,
        Some(b'M' | b'm') => 2,
        Some(b'G' | b'g') => 3,
        Some(b'T' | b't') => 4,
        Some(b'P' | b'p') => 5,
        _ => 0,
    };
    let digits = if power == 0 { text } else { &text[..text.len() - 1] };
    let count = number(digits).ok().and_then(|count| count.checked_mul(1 << (10 * power)));
    count.ok_or(RowError::Gres)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, type and count.
    type Flat<'a> = (&'a str, &'a str, Option<u64>);

    fn list(text: &str) -> (Vec<Flat<'_>>, Vec<&str>) {
        let GresList { known, unread } = GresList::parse(text);
        let known = known.into_iter();
        let flat = known.map(|gres| (gres.name, gres.kind.unwrap_or("-"), gres.count.ok()));
        (flat.collect(), unread)
    }

    #[test]
    fn reads_what_is_there_and_what_is_used() {
        for (text, wanted) in [
            ("(null)", vec![]),
            ("", vec![]),
            ("gpu:2", vec![("gpu", "-", 2)]),
            ("gpu", vec![("gpu", "-", 1)]),
            ("gpu:a100", vec![("gpu", "a100", 1)]),
            ("gpu:(null):3", vec![("gpu", "-", 3)]),
            ("gpu:(null):3(S:0-1)", vec![("gpu", "-", 3)]),
            ("gpu:(null):0(IDX:N/A),mps:(null):0", vec![("gpu", "-", 0), ("mps", "-", 0)]),
            (
                "gpu:a100:2,gpu:1g.5gb:3,mps:a100:200",
                vec![("gpu", "a100", 2), ("gpu", "1g.5gb", 3), ("mps", "a100", 200)],
            ),
            (
                "gpu:a100:2(IDX:0,2),gpu:a100_1g.5gb:0(IDX:N/A)",
                vec![("gpu", "a100", 2), ("gpu", "a100_1g.5gb", 0)],
            ),
            ("gpu:tesla:4(S:0-1)", vec![("gpu", "tesla", 4)]),
            ("bandwidth:lustre:no_consume:4K", vec![("bandwidth", "lustre", 4096)]),
            ("gpu:0,mps:0", vec![("gpu", "-", 0), ("mps", "-", 0)]),
        ] {
            let wanted = wanted.into_iter().map(|(name, kind, count)| (name, kind, Some(count)));
            assert_eq!(list(text), (wanted.collect(), vec![]), "{text}");
            assert_eq!(GresList::parse(text).check(), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_count_that_cannot_be_read_leaves_name_and_type() {
        for (text, kind) in [
            ("gpu:-1", "-"),
            ("gpu:18446744073709551616", "-"),
            ("gpu:(null)", "-"),
            ("gpu:", "-"),
            ("gpu:(null):many", "-"),
            ("gpu:a100:-1", "a100"),
            ("gpu:a100:", "a100"),
            ("gpu:a100:16384P", "a100"),
            ("gpu:a100:(null)", "a100"),
        ] {
            assert_eq!(list(text), (vec![("gpu", kind, None)], vec![]), "{text}");
            assert_eq!(GresList::parse(text).check(), Err(RowError::Gres), "{text}");
        }
    }

    #[test]
    fn never_guesses() {
        for (text, unread) in [
            (",", vec!["", ""]),
            (":2", vec![""]),
            ("gpu::2", vec!["gpu"]),
            ("gpu:a100:b:2", vec!["gpu"]),
            ("gpu:2(IDX:0", vec![""]),
            ("gpu:2)IDX:0(", vec![""]),
            ("gpu:2(S:0)x", vec!["gpu"]),
            ("gpu:a b:2", vec!["gpu"]),
            ("g\u{fffd}u:2", vec![""]),
            ("gpu:-1:x:y", vec!["gpu"]),
            ("gpu:\"a\":2", vec!["gpu"]),
        ] {
            assert_eq!(list(text), (vec![], unread), "{text}");
            assert_eq!(GresList::parse(text).check(), Err(RowError::Gres), "{text}");
        }
        assert_eq!(list("gpu:2,mps:x:y:z"), (vec![("gpu", "-", Some(2))], vec!["mps"]));
    }
}
