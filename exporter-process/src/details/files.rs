//! What single files of a process say, as proc(5) describes them.

use crate::stat::number;

/// `status`: swap, and the main thread's context switches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// Absent for a process without memory of its own, such as a zombie.
    pub(crate) swapped_bytes: Option<u64>,
    /// Voluntary and not; absent where the kernel says nothing.
    pub(crate) switches: Option<(u64, u64)>,
    /// The effective user.
    pub(crate) uid: Option<u32>,
}

/// Reads `status`; what it does not say is absent.
pub(crate) fn parse_status(content: &[u8]) -> Status {
    let swap_kib = field(content, b"VmSwap:").and_then(number);
    let voluntary = field(content, b"voluntary_ctxt_switches:").and_then(number);
    let nonvoluntary = field(content, b"nonvoluntary_ctxt_switches:").and_then(number);
    Status {
        swapped_bytes: swap_kib.and_then(|kib| kib.checked_mul(1024)),
        switches: voluntary.zip(nonvoluntary),
        uid: nth_field(content, b"Uid:", 1).and_then(number).and_then(|uid| uid.try_into().ok()),
    }
}

/// Reads `io`: bytes that were read from and written to storage.
pub(crate) fn parse_io(content: &[u8]) -> Option<(u64, u64)> {
    let value = |name: &[u8]| field(content, name).and_then(number);
    Some((value(b"read_bytes:")?, value(b"write_bytes:")?))
}

/// Reads the soft limit of open files from `limits`; `None` where there is none or no such line.
pub(crate) fn parse_max_open_files(content: &[u8]) -> Option<u64> {
    let line = content.split(|b| *b == b'\n').find(|line| line.starts_with(b"Max open files"))?;
    number(words(&line["Max open files".len()..]).next()?)
}

/// Reads `wchan`: where in the kernel the process sleeps; `None` when it does not.
pub(crate) fn parse_wchan(content: &[u8]) -> Option<&str> {
    let name = str::from_utf8(content).ok()?.trim();
    (!name.is_empty() && name != "0").then_some(name)
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
        let status =
            Status { swapped_bytes: Some(12_288), switches: Some((7, 3)), uid: Some(1001) };
        assert_eq!(parse_status(STATUS), status);
        let io = b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 512\n";
        assert_eq!(parse_io(io), Some((4096, 512)));
        let limits = b"Limit   Soft Limit   Hard Limit   Units\nMax open files            1024                 524288               files\n";
        assert_eq!(parse_max_open_files(limits), Some(1024));
        assert_eq!(parse_wchan(b"do_epoll_wait"), Some("do_epoll_wait"));
    }

    #[test]
    fn what_is_not_there_or_no_number_is_absent() {
        assert_eq!(parse_status(b""), Status::default());
        assert_eq!(parse_status(b"VmSwap:\t99999999999999999999 kB\n"), Status::default());
        assert_eq!(parse_status(b"voluntary_ctxt_switches:\t7\n").switches, None);
        assert_eq!(parse_io(b"read_bytes: 4096\n"), None);
        assert_eq!(parse_io(b"read_bytes: -1\nwrite_bytes: 5\n"), None);
        assert_eq!(parse_max_open_files(b"Max open files   unlimited  unlimited  files\n"), None);
        assert_eq!(parse_wchan(b"0"), None);
        assert_eq!(parse_wchan(b"\xff"), None);
    }
}
