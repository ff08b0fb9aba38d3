//! The files of /proc/net/rpc: lines of a word and numbers, one line for each part of NFS.

use std::collections::BTreeMap;

use super::CollectError;
use super::kernel_file::Text;

/// More lines than any kernel writes.
const MAX_LINES: usize = 64;

/// A file's lines by their first word.
pub(super) struct RpcStats<'a> {
    text: Text<'a>,
    lines: BTreeMap<&'a str, Line>,
}

struct Line {
    number: usize,
    /// The integers that follow the word, up to the first that is none: behind the number of
    /// threads there are fractions.
    values: Vec<u64>,
}

/// The procedures of one version of NFS, in the kernel's order; `-` for one that is not shown.
pub(super) type Procedures = &'static str;

impl<'a> RpcStats<'a> {
    pub(super) fn parse(text: Text<'a>) -> Result<Self, CollectError> {
        let mut lines = BTreeMap::new();
        for (number, line) in text.lines().take(MAX_LINES) {
            let mut words = line.split_ascii_whitespace();
            let name = words.next().ok_or_else(|| text.wrong(number, "expected a word"))?;
            let values = words.map_while(|word| word.parse().ok()).collect();
            lines.insert(name, Line { number, values });
        }
        if lines.is_empty() {
            return Err(text.wrong(1, "expected lines"));
        }
        Ok(Self { text, lines })
    }

    /// The first numbers of a line; none where this kernel has no such line.
    pub(super) fn numbers<const N: usize>(
        &self,
        name: &str,
    ) -> Result<Option<[u64; N]>, CollectError> {
        let Some(line) = self.lines.get(name) else { return Ok(None) };
        let numbers = line.values.first_chunk().copied();
        numbers.map(Some).ok_or_else(|| self.text.wrong(line.number, "expected more numbers"))
    }

    /// How often each procedure was called, as far as this kernel knows them: a line says first how
    /// many numbers follow.
    pub(super) fn calls(
        &self,
        name: &str,
        procedures: Procedures,
    ) -> Result<Vec<(&'static str, u64)>, CollectError> {
        let Some(line) = self.lines.get(name) else { return Ok(Vec::new()) };
        match line.values.split_first() {
            Some((count, calls)) if *count == calls.len() as u64 => {
                let calls = procedures.split_ascii_whitespace().zip(calls.iter().copied());
                Ok(calls.filter(|(procedure, _)| *procedure != "-").collect())
            }
            _ => Err(self.text.wrong(line.number, "expected as many numbers as the first says")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_there_or_not_or_wrong() {
        let stats = RpcStats::parse(Text::of("net 1 2 3 4\nth 8 0 0.000 0.1\nrc 1 2\n")).unwrap();
        assert_eq!(stats.numbers("net").unwrap(), Some([1, 2, 3, 4]));
        assert_eq!(stats.numbers("th").unwrap(), Some([8, 0]));
        assert_eq!(stats.numbers::<3>("gone").unwrap(), None);
        for (name, text) in [("rc", "rc 1 2\n"), ("th", "th 8 0 0.000\n"), ("io", "io 1 x 3\n")] {
            assert!(RpcStats::parse(Text::of(text)).unwrap().numbers::<3>(name).is_err());
        }
        assert!(RpcStats::parse(Text::of("")).is_err());
        assert!(RpcStats::parse(Text::of("net 1\n\n")).is_err());
    }

    #[test]
    fn calls_are_as_many_as_the_line_says() {
        let calls = |text: &str| {
            RpcStats::parse(Text::of(text)).and_then(|stats| stats.calls("proc2", "A - C"))
        };
        assert_eq!(calls("proc2 3 5 6 7\n").unwrap(), [("A", 5), ("C", 7)]);
        assert_eq!(calls("proc2 1 18446744073709551615\n").unwrap(), [("A", u64::MAX)]);
        assert_eq!(calls("proc2 4 5 6 7 8\n").unwrap().len(), 2);
        assert_eq!(calls("proc3 1 2\n").unwrap(), []);
        for bad in ["proc2", "proc2 3 5 6", "proc2 3 5 6 7 8", "proc2 1 -5", "proc2 x"] {
            assert!(calls(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(proc2|net|[a-z]{1,3})?[ 0-9\n]{0,60}.{0,60}") {
            if let Ok(stats) = RpcStats::parse(Text::of(&content)) {
                let _ = (stats.numbers::<4>("net"), stats.calls("proc2", "A B"));
            }
        }
    }
}
