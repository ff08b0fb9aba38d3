//! The files of /proc/net/rpc: lines of a word and numbers, one line for each part of NFS.

use std::collections::BTreeMap;

use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;
use crate::reading::number::Number;

/// More lines than any kernel writes.
const MAX_LINES: usize = 64;

/// A file's lines by their first word.
pub(super) struct RpcStats<'a> {
    text: Text<'a>,
    lines: BTreeMap<&'a str, Line<'a>>,
}

struct Line<'a> {
    number: usize,
    words: Vec<&'a str>,
}

/// The procedures of one version of NFS, in the kernel's order; `-` for one that is not shown.
pub(super) type Procedures = &'static str;

impl<'a> RpcStats<'a> {
    pub(super) fn parse(text: Text<'a>) -> Result<Self, CollectError> {
        let mut lines = BTreeMap::new();
        for (number, line) in text.lines().take(MAX_LINES) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some(name) => drop(lines.insert(name, Line { number, words: words.collect() })),
                None => text.leave_out(number, "expected a word"),
            }
        }
        if lines.is_empty() {
            return Err(text.wrong(1, "expected lines"));
        }
        Ok(Self { text, lines })
    }

    /// The first numbers of a line; none where this kernel has no such line.
    pub(super) fn numbers<const N: usize>(&self, name: &str) -> Option<[Option<u64>; N]> {
        let Line { number, words } = self.lines.get(name)?;
        let words: Option<[&str; N]> = words.first_chunk().copied();
        let words = self.text.known(*number, "expected more numbers", words)?;
        Some(words.map(|word| self.text.number(*number, Some(word))))
    }

    /// How often each procedure was called, as far as this kernel knows them: a line says first how
    /// many numbers follow.
    pub(super) fn calls(
        &self,
        name: &str,
        procedures: Procedures,
    ) -> Vec<(&'static str, Option<u64>)> {
        let Some(Line { number, words }) = self.lines.get(name) else { return Vec::new() };
        match words.split_first() {
            Some((count, calls)) if u64::take(count) == Some(calls.len() as u64) => procedures
                .split_ascii_whitespace()
                .zip(calls)
                .filter(|(procedure, _)| *procedure != "-")
                .map(|(procedure, calls)| (procedure, self.text.number(*number, Some(calls))))
                .collect(),
            _ => {
                self.text.leave_out(*number, "expected as many numbers as the first says");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    fn parsed(text: &str) -> RpcStats<'_> {
        RpcStats::parse(Text::of(text)).unwrap()
    }

    #[test]
    fn numbers_are_there_or_not() {
        let stats = parsed("net 1 2 3 4\n\nth 8 0 0.000 0.1\nrc 1 2\n");
        assert_eq!(stats.numbers("net"), Some([1, 2, 3, 4].map(Some)));
        assert_eq!(stats.numbers("th"), Some([8, 0].map(Some)));
        assert_eq!(stats.numbers::<3>("gone"), None);
        assert!(RpcStats::parse(Text::of("")).is_err());
    }

    #[test]
    fn an_odd_number_costs_no_other_and_a_short_line_only_itself() {
        let stats = parsed("th 8 0 0.000\nio 1 x -3\nrc 1 2\n");
        for (name, numbers, why) in [
            ("th", Some([Some(8), Some(0), None]), "test, line 1: expected a number"),
            ("io", Some([Some(1), None, None]), "test, line 2: expected a number (and 1 more)"),
            ("rc", None, "test, line 3: expected more numbers"),
        ] {
            let (found, left_out) = LeftOut::during(|| stats.numbers::<3>(name));
            assert_eq!((found, left_out.why().as_deref()), (numbers, Some(why)));
        }
    }

    #[test]
    fn calls_are_as_many_as_the_line_says() {
        let calls = |text: &str| parsed(text).calls("proc2", "A - C");
        assert_eq!(calls("proc2 3 5 6 7\n"), [("A", Some(5)), ("C", Some(7))]);
        assert_eq!(calls("proc2 3 -5 6 7\n"), [("A", None), ("C", Some(7))]);
        assert_eq!(calls("proc2 4 5 6 7 8\n").len(), 2);
        assert_eq!(calls("proc3 1 2\n"), []);
        for bad in ["proc2", "proc2 3 5 6", "proc2 3 5 6 7 8", "proc2 x", "proc2 -1"] {
            let (calls, left_out) = LeftOut::during(|| calls(bad));
            let why = "test, line 1: expected as many numbers as the first says";
            assert_eq!((calls, left_out.why().as_deref()), (vec![], Some(why)), "{bad}");
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
