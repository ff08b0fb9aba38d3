//! The shapes that the kernel's files have. `Err` is what makes no sense. Bytes, not text: no number
//! needs the rest of its file to be UTF-8.

use crate::number::number;
use crate::values::Limit;

/// What is there and is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One number, with a line's end perhaps.
pub(crate) fn count(text: &[u8]) -> Result<u64, Malformed> {
    number(text.trim_ascii()).ok_or(Malformed)
}

/// A limit; `None` for `max`, or v1's largest number of whole pages, which mean no limit.
pub(crate) fn limit(text: &[u8]) -> Result<Limit, Malformed> {
    /// Above every memory there is, and below every kernel's word for "no limit", of which one is
    /// 2^64 - 1.
    const NO_LIMIT: u64 = 1 << 62;
    let text = text.trim_ascii();
    if text == b"max" || text == b"18446744073709551615" {
        return Ok(Limit::None);
    }
    let limit = count(text)?;
    Ok(if limit < NO_LIMIT { Limit::At(limit) } else { Limit::None })
}

/// The number behind a key at the start of a line; `None` where the kernel has no such key.
pub(crate) fn keyed(text: &[u8], key: &str) -> Result<Option<u64>, Malformed> {
    let value = lines(text).find_map(|line| line.strip_prefix(key.as_bytes())?.strip_prefix(b" "));
    value.map(count).transpose()
}

/// How many CPUs a list such as `0-3,8` names; `None` where it is empty.
pub(crate) fn cpus(text: &[u8]) -> Result<Option<u64>, Malformed> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    let mut cpus = 0u64;
    for range in text.split(|b| *b == b',') {
        let mut ends = range.splitn(2, |b| *b == b'-').map(count);
        let first = ends.next().unwrap_or(Err(Malformed))?;
        let last = ends.next().unwrap_or(Ok(first))?;
        let span = last.checked_sub(first).and_then(|span| span.checked_add(1));
        cpus = span.and_then(|span| cpus.checked_add(span)).ok_or(Malformed)?;
    }
    Ok(Some(cpus))
}

/// The total of one line of a pressure file, in microseconds; `kind` is `some` or `full`. `None`
/// where the kernel has no such line.
pub(crate) fn pressure_usec(text: &[u8], kind: &str) -> Result<Option<u64>, Malformed> {
    let Some(line) = lines(text).find(|line| words(line).next() == Some(kind.as_bytes())) else {
        return Ok(None);
    };
    let total = words(line).find_map(|word| word.strip_prefix(b"total="));
    count(total.ok_or(Malformed)?).map(Some)
}

/// The sum of a key over the devices of `io.stat`: `8:0 rbytes=1 wbytes=2 ...`.
pub(crate) fn io_stat(text: &[u8], key: &str) -> Result<u64, Malformed> {
    let value = |word: &[u8]| word.strip_prefix(key.as_bytes())?.strip_prefix(b"=").map(count);
    sum(lines(text).flat_map(words).filter_map(value))
}

/// The sum of an operation over the devices of v1's blkio files: `8:0 Read 123`.
pub(crate) fn blkio(text: &[u8], operation: &str) -> Result<u64, Malformed> {
    sum(lines(text).filter_map(|line| {
        let mut words = line.split(|b| *b == b' ');
        let (_device, name, value) = (words.next()?, words.next()?, words.next()?);
        (name == operation.as_bytes()).then(|| count(value))
    }))
}

fn sum(mut values: impl Iterator<Item = Result<u64, Malformed>>) -> Result<u64, Malformed> {
    values.try_fold(0u64, |sum, value| sum.checked_add(value?).ok_or(Malformed))
}

/// The lines of a file.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n')
}

/// What stands between the blanks of a line.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_limits() {
        for (text, expected) in [
            ("17\n", Ok(17)),
            ("-1\n", Err(Malformed)),
            ("", Err(Malformed)),
            ("x", Err(Malformed)),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text:?}");
        }
        for (text, expected) in [
            ("max\n", Ok(Limit::None)),
            ("9223372036854771712\n", Ok(Limit::None)),
            ("18446744073709551615\n", Ok(Limit::None)),
            ("18446744073709551611\n", Err(Malformed)),
            ("2147483648\n", Ok(Limit::At(1 << 31))),
            ("-1\n", Err(Malformed)),
        ] {
            assert_eq!(limit(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn keys_are_whole_words() {
        let text = b"anon_thp 1\n\xfc\nanon 2\nfile -3\n";
        assert_eq!(keyed(text, "anon"), Ok(Some(2)));
        assert_eq!(keyed(text, "file"), Err(Malformed));
        assert_eq!(keyed(text, "shmem"), Ok(None));
    }

    #[test]
    fn lists_of_cpus() {
        for (text, expected) in [
            ("0-3,8\n", Ok(Some(5))),
            ("7", Ok(Some(1))),
            ("\n", Ok(None)),
            ("3-1", Err(Malformed)),
            ("0-18446744073709551615", Err(Malformed)),
            ("a", Err(Malformed)),
            ("1,,2", Err(Malformed)),
        ] {
            assert_eq!(cpus(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn pressure_by_kind() {
        let text = b"some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00\n";
        assert_eq!(pressure_usec(text, "some"), Ok(Some(2_500_000)));
        assert_eq!(pressure_usec(text, "full"), Err(Malformed));
        assert_eq!(pressure_usec(b"some total=1\n", "full"), Ok(None));
    }

    #[test]
    fn bytes_over_all_devices() {
        let text = b"8:0 rbytes=10 wbytes=1 rios=2 wios=1\n259:0 rbytes=5 wbytes=0 rios=1 wios=0\n";
        assert_eq!((io_stat(text, "rbytes"), io_stat(text, "rios")), (Ok(15), Ok(3)));
        assert_eq!(io_stat(b"", "rbytes"), Ok(0));
        assert_eq!(io_stat(b"8:0 rbytes=-1", "rbytes"), Err(Malformed));

        let text = b"8:0 Read 10\n8:0 Write 3\n8:0 Total 13\n8:16 Read 5\nTotal 18\n";
        assert_eq!((blkio(text, "Read"), blkio(text, "Write")), (Ok(15), Ok(3)));
        assert_eq!(
            (blkio(b"Total 0\n", "Read"), blkio(b"8:0 Read x", "Read")),
            (Ok(0), Err(Malformed))
        );
    }
}
