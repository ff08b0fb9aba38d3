//! The shapes that the kernel's files have. `Err` is what makes no sense.

/// What is there and is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One number.
pub(crate) fn number(text: &str) -> Result<u64, Malformed> {
    text.trim().parse().map_err(|_| Malformed)
}

/// A limit: `max`, or v1's largest number of whole pages, is none.
pub(crate) fn limit(text: &str) -> Result<Option<u64>, Malformed> {
    /// Above every memory there is, and below every kernel's word for "no limit".
    const NO_LIMIT: u64 = 1 << 62;
    if text.trim() == "max" {
        return Ok(None);
    }
    number(text).map(|limit| (limit < NO_LIMIT).then_some(limit))
}

/// The number behind a key at the start of a line; `None` where the kernel has no such key.
pub(crate) fn keyed(text: &str, key: &str) -> Result<Option<u64>, Malformed> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    value.map(number).transpose()
}

/// How many CPUs a list such as `0-3,8` names; `None` where it is empty.
pub(crate) fn cpus(text: &str) -> Result<Option<u64>, Malformed> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut cpus = 0u64;
    for range in text.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (number(first)?, number(last)?);
        let count = last.checked_sub(first).and_then(|span| span.checked_add(1));
        cpus = count.and_then(|count| cpus.checked_add(count)).ok_or(Malformed)?;
    }
    Ok(Some(cpus))
}

/// The total of one line of a pressure file, in microseconds; `kind` is `some` or `full`. `None`
/// where the kernel has no such line.
pub(crate) fn pressure_usec(text: &str, kind: &str) -> Result<Option<u64>, Malformed> {
    let Some(line) = text.lines().find(|line| line.split(' ').next() == Some(kind)) else {
        return Ok(None);
    };
    let total = line.split(' ').find_map(|word| word.strip_prefix("total="));
    number(total.ok_or(Malformed)?).map(Some)
}

/// The sum of a key over the devices of `io.stat`: `8:0 rbytes=1 wbytes=2 ...`.
pub(crate) fn io_stat(text: &str, key: &str) -> Result<u64, Malformed> {
    let values = text.split_whitespace().filter_map(|word| word.split_once('='));
    values
        .filter(|(name, _)| *name == key)
        .try_fold(0u64, |sum, (_, value)| sum.checked_add(number(value)?).ok_or(Malformed))
}

/// The sum of an operation over the devices of v1's blkio files: `8:0 Read 123`.
pub(crate) fn blkio(text: &str, operation: &str) -> Result<u64, Malformed> {
    let mut sum = 0u64;
    for line in text.lines() {
        let mut words = line.split(' ');
        if let (Some(_device), Some(name), Some(value)) = (words.next(), words.next(), words.next())
            && name == operation
        {
            sum = sum.checked_add(number(value)?).ok_or(Malformed)?;
        }
    }
    Ok(sum)
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
            assert_eq!(number(text), expected, "{text:?}");
        }
        for (text, expected) in [
            ("max\n", Ok(None)),
            ("9223372036854771712\n", Ok(None)),
            ("2147483648\n", Ok(Some(1 << 31))),
            ("-1\n", Err(Malformed)),
        ] {
            assert_eq!(limit(text), expected, "{text:?}");
        }
    }

    #[test]
    fn keys_are_whole_words() {
        let text = "anon_thp 1\nanon 2\nfile -3\n";
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
            assert_eq!(cpus(text), expected, "{text:?}");
        }
    }

    #[test]
    fn pressure_by_kind() {
        let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00\n";
        assert_eq!(pressure_usec(text, "some"), Ok(Some(2_500_000)));
        assert_eq!(pressure_usec(text, "full"), Err(Malformed));
        assert_eq!(pressure_usec("some total=1\n", "full"), Ok(None));
    }

    #[test]
    fn bytes_over_all_devices() {
        let text = "8:0 rbytes=10 wbytes=1 rios=2 wios=1\n259:0 rbytes=5 wbytes=0 rios=1 wios=0\n";
        assert_eq!((io_stat(text, "rbytes"), io_stat(text, "rios")), (Ok(15), Ok(3)));
        assert_eq!(io_stat("", "rbytes"), Ok(0));
        assert_eq!(io_stat("8:0 rbytes=-1", "rbytes"), Err(Malformed));

        let text = "8:0 Read 10\n8:0 Write 3\n8:0 Total 13\n8:16 Read 5\nTotal 18\n";
        assert_eq!((blkio(text, "Read"), blkio(text, "Write")), (Ok(15), Ok(3)));
        assert_eq!(
            (blkio("Total 0\n", "Read"), blkio("8:0 Read x", "Read")),
            (Ok(0), Err(Malformed))
        );
    }
}
