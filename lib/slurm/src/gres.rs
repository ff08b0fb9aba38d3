//! Generic resources as sinfo lists them: `gpu:a100:2(S:0-1),gpu:1g.5gb:3,license:no_consume:4K`.

use crate::rows::{RowError, number};

/// Some of a node's generic resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gres<'a> {
    /// What it is: `gpu`, `mps`, ...
    pub name: &'a str,
    /// Its type, such as `a100` or, for a part of a GPU, `1g.5gb`.
    pub kind: Option<&'a str>,
    /// How many.
    pub count: u64,
}

impl<'a> Gres<'a> {
    /// Reads a list; nothing where there is none.
    ///
    /// # Errors
    /// `Gres` for what is no such list.
    pub fn parse_list(text: &'a str) -> Result<Vec<Self>, RowError> {
        match text {
            "" | "(null)" | "N/A" => Ok(Vec::new()),
            _ => split(text)?.into_iter().map(Self::parse).collect(),
        }
    }

    /// Reads `name[:type][:no_consume][:count][(where)]`.
    fn parse(text: &'a str) -> Result<Self, RowError> {
        let bare = match text.split_once('(') {
            Some((bare, place)) if place.find(')') == Some(place.len() - 1) => bare,
            Some(_) => return Err(RowError::Gres),
            None => text,
        };
        let mut words: Vec<&str> = bare.split(':').filter(|word| *word != "no_consume").collect();
        // Without a count there is one; a type does not begin like a number, but for a part of a GPU.
        let count = match words.last().map(|word| scaled(word)) {
            Some(Some(count)) => words.pop().map(|_| count),
            _ => None,
        };
        let (name, kind) = match words[..] {
            [name] => (name, None),
            [name, kind] => (name, Some(kind)),
            _ => return Err(RowError::Gres),
        };
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_graphic() && !b"()[]=|\"'".contains(&b))
        };
        if !is_word(name) || !kind.is_none_or(is_word) {
            return Err(RowError::Gres);
        }
        Ok(Self { name, kind, count: count.unwrap_or(1) })
    }
}

/// Splits at the commas that are not in brackets.
fn split(text: &str) -> Result<Vec<&str>, RowError> {
    let mut parts = Vec::new();
    let (mut depth, mut begin) = (0u32, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1).ok_or(RowError::Gres)?,
            b',' if depth == 0 => {
                parts.push(&text[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    if depth == 0 { Ok(parts) } else { Err(RowError::Gres) }
}

/// A number that Slurm may have shortened by a power of 1024.
fn scaled(text: &str) -> Option<u64> {
    let power = match text.bytes().last()? {
        b'K' | b'k' => 1,
        b'M' | b'm' => 2,
        b'G' | b'g' => 3,
        b'T' | b't' => 4,
        b'P' | b'p' => 5,
        _ => 0,
    };
    let digits = if power == 0 { text } else { &text[..text.len() - 1] };
    number(digits).ok()?.checked_mul(1 << (10 * power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<(&str, &str, u64)>, RowError> {
        let flat = |gres: Gres<'static>| (gres.name, gres.kind.unwrap_or("-"), gres.count);
        let text: &'static str = text.to_owned().leak();
        Gres::parse_list(text).map(|all| all.into_iter().map(flat).collect())
    }

    #[test]
    fn reads_what_is_there_and_what_is_used() {
        for (text, wanted) in [
            ("(null)", vec![]),
            ("", vec![]),
            ("gpu:2", vec![("gpu", "-", 2)]),
            ("gpu", vec![("gpu", "-", 1)]),
            ("gpu:a100", vec![("gpu", "a100", 1)]),
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
            assert_eq!(list(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn never_guesses() {
        for text in [
            ",",
            "gpu:2,",
            ":2",
            "gpu::2",
            "gpu:a100:b:2",
            "gpu:2(IDX:0",
            "gpu:2)IDX:0(",
            "gpu:2(S:0)x",
            "gpu:a b:2",
            "4",
            "gpu:-1:x:y",
            "gpu:\"a\":2",
        ] {
            assert_eq!(list(text), Err(RowError::Gres), "{text}");
        }
    }
}
