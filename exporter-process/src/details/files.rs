//! What single files of a process say, as proc(5) describes them.

use std::borrow::Cow;

use edctl_jobcgroup::number;

/// What is there and makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Two counters that stand beside each other; one that makes no sense or is not there is absent.
pub(crate) type Pair = [Option<u64>; 2];

/// `status`: swap, and the main thread's context switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// Absent for a process without memory of its own, such as a zombie.
    pub(crate) swapped_bytes: Result<Option<u64>, Malformed>,
    /// Voluntary and not.
    pub(crate) switches: Pair,
    /// The effective user.
    pub(crate) uid: Result<Option<u32>, Malformed>,
}

/// Reads `status`.
pub(crate) fn parse_status(content: &[u8]) -> Status {
    let swapped_kib = field(content, b"VmSwap:").map(number);
    let uid = nth_field(content, b"Uid:", 1).map(|uid| u32::try_from(number(uid)?).ok());
    Status {
        swapped_bytes: sound(swapped_kib.map(|kib| kib?.checked_mul(1024))),
        switches: [b"voluntary_ctxt_switches:".as_slice(), b"nonvoluntary_ctxt_switches:"]
            .map(|name| field(content, name).and_then(number)),
        uid: sound(uid),
    }
}

/// Reads `io`: bytes that were read from and written to storage.
pub(crate) fn parse_io(content: &[u8]) -> Pair {
    [b"read_bytes:".as_slice(), b"write_bytes:"].map(|name| field(content, name).and_then(number))
}

/// Reads the soft limit of open files from `limits`; `None` where there is no limit or no such line.
pub(crate) fn parse_max_open_files(content: &[u8]) -> Result<Option<u64>, Malformed> {
    match field(content, b"Max open files") {
        Some(b"unlimited") => Ok(None),
        limit => sound(limit.map(number)),
    }
}

/// Reads `wchan`: where in the kernel the process sleeps; `None` when it does not. Invalid UTF-8
/// becomes U+FFFD.
pub(crate) fn parse_wchan(content: &[u8]) -> Option<Cow<'_, str>> {
    let name = content.trim_ascii();
    (!name.is_empty() && name != b"0").then(|| String::from_utf8_lossy(name))
}

fn sound<T>(value: Option<Option<T>>) -> Result<Option<T>, Malformed> {
    value.map(|value| value.ok_or(Malformed)).transpose()
}

fn field<'a>(content: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    nth_field(content, name, 0)
}

/// The nth word behind a name at the beginning of a line.
fn nth_field<'a>(content: &'a [u8], name: &[u8], n: usize) -> Option<&'a [u8]> {
    let line = content.split(|b| *b == b'\n').find(|line| line.starts_with(name))?;
    words(&line[name.len()..]).nth(n)
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &[u8] =
        b"Name:\tsh\nUmask:\t0022\nUid:\t1000\t1001\t1002\t1003\nVmSwap:\t      12 kB\n\
        Threads:\t1\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";

    #[test]
    fn reads_what_the_kernel_writes() {
        let status = Status {
            swapped_bytes: Ok(Some(12_288)),
            switches: [Some(7), Some(3)],
            uid: Ok(Some(1001)),
        };
        assert_eq!(parse_status(STATUS), status);
        let io = b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 512\n";
        assert_eq!(parse_io(io), [Some(4096), Some(512)]);
        let limits = b"Limit   Soft Limit   Hard Limit   Units\nMax open files            1024                 524288               files\n";
        assert_eq!(parse_max_open_files(limits), Ok(Some(1024)));
        assert_eq!(parse_wchan(b"do_epoll_wait").as_deref(), Some("do_epoll_wait"));
    }

    #[test]
    fn what_is_not_there_is_absent() {
        let nothing = Status { swapped_bytes: Ok(None), switches: [None, None], uid: Ok(None) };
        assert_eq!(parse_status(b""), nothing);
        assert_eq!(parse_io(b"read_bytes: 4096\n"), [Some(4096), None]);
        let unlimited = b"Max open files   unlimited  unlimited  files\n";
        assert_eq!(parse_max_open_files(unlimited), Ok(None));
        assert_eq!(parse_max_open_files(b""), Ok(None));
        assert_eq!(parse_wchan(b"0"), None);
    }

    #[test]
    fn what_makes_no_sense_costs_itself_only() {
        let status = parse_status(STATUS);
        let with = |from: &str, to: &[u8]| {
            let at =
                STATUS.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
            parse_status(&[&STATUS[..at], to, &STATUS[at + from.len()..]].concat())
        };
        for odd in [&b"-1"[..], b"18446744073709551611", b"x", b"1\xfc"] {
            let swapped_bytes = Err(Malformed);
            assert_eq!(with("12 kB", odd), Status { swapped_bytes, ..status }, "{odd:?}");
            assert_eq!(with("1001", odd), Status { uid: Err(Malformed), ..status });
            assert_eq!(with("7\n", odd).swapped_bytes, status.swapped_bytes);
        }
        assert_eq!(with("7\n", b"-7\n"), Status { switches: [None, Some(3)], ..status });
        assert_eq!(with("sh\n", b"s\xfc\n"), status);
        assert_eq!(parse_io(b"read_bytes: -1\nwrite_bytes: 5\n"), [None, Some(5)]);
        let limits = b"Max open files   -1  unlimited  files\n";
        assert_eq!(parse_max_open_files(limits), Err(Malformed));
        assert_eq!(parse_wchan(b"do_\xfc").as_deref(), Some("do_\u{fffd}"));
    }
}
