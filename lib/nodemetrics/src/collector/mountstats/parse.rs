//! /proc/self/mountstats: what each NFS mount has done, in some forty lines.
//!
//! The kernel prints times that went below zero, as of an operation that began before a step of the clock, as
//! 2^64 less something (`_print_rpc_iostats` of net/sunrpc/stats.c, `ktime_to_ms` as `%llu`).

use crate::reading::kernel_file::Text;
use crate::reading::mounts::unescape;

/// Numbers of a mount's line `events:`; newer kernels may have more.
pub(super) const EVENTS: usize = 27;
/// Numbers of its line `bytes:`.
pub(super) const BYTES: usize = 8;
/// Numbers of a line `xprt:` of TCP, the protocol of which most is known.
pub(super) const TRANSPORT: usize = 13;
/// Numbers of an operation that are shown.
pub(super) const OPERATION: usize = 8;

/// An NFS mount.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mount {
    pub(super) export: String,
    pub(super) mount_point: String,
    pub(super) age_secs: Option<u64>,
    /// In the kernel's order, as all numbers here; nothing for one that is left out.
    pub(super) bytes: Vec<Option<u64>>,
    pub(super) events: Vec<Option<u64>>,
    pub(super) transports: Vec<Transport>,
    pub(super) operations: Vec<(String, Vec<Option<u64>>)>,
}

/// One of a mount's ways to its server.
#[derive(Debug, PartialEq)]
pub(super) struct Transport {
    pub(super) protocol: String,
    /// In the order of TCP's; nothing where the protocol or the kernel has none.
    pub(super) numbers: [Option<u64>; TRANSPORT],
}

/// The NFS mounts that tell of themselves, in the file's order.
pub(super) fn parse(text: Text<'_>) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    let mut is_nfs = false;
    let mut is_operation = false;
    for (number, line) in text.lines() {
        let line_of = |words| Line { text, number, words };
        if line.starts_with("device ") {
            let mount = parse_device(line);
            is_nfs = mount.is_some();
            is_operation = false;
            mounts.extend(mount);
            continue;
        }
        let Some(mount) = mounts.last_mut().filter(|_| is_nfs) else { continue };
        let line = line.trim();
        if is_operation && !line.is_empty() {
            match line.split_once(':') {
                Some((name, rest)) => {
                    let numbers = line_of(rest).numbers(OPERATION);
                    mount.operations.push((name.to_owned(), numbers));
                }
                None => text.leave_out(number, "expected an operation"),
            }
        } else if line == "per-op statistics" {
            is_operation = true;
        } else if let Some((key, rest)) = line.split_once(':') {
            mount.take(key, line_of(rest));
        }
    }
    mounts
}

/// `device filer:/home mounted on /home with fstype nfs4 statvers=1.1`; nothing of another kind.
fn parse_device(line: &str) -> Option<Mount> {
    let (device, rest) = line.strip_prefix("device ")?.split_once(" mounted on ")?;
    let (mount_point, kind) = rest.split_once(" with fstype ")?;
    let (fs_type, version) = kind.split_once(' ')?;
    let is_nfs = matches!(fs_type, "nfs" | "nfs4") && version.starts_with("statvers=1.");
    let (export, mount_point) = (unescape(device)?, unescape(mount_point)?);
    is_nfs.then(|| Mount { export, mount_point, ..Mount::default() })
}

/// What stands behind a line's key.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: Text<'a>,
    number: usize,
    words: &'a str,
}

impl Line<'_> {
    /// All numbers; it is noted if there are fewer than so many.
    fn numbers(self, least: usize) -> Vec<Option<u64>> {
        let words = self.words.split_ascii_whitespace();
        let numbers: Vec<Option<u64>> =
            words.map(|word| self.text.number(self.number, Some(word))).collect();
        if numbers.len() < least {
            self.text.leave_out(self.number, "expected more numbers");
        }
        numbers
    }
}

impl Mount {
    /// Fields that are not shown are passed over.
    fn take(&mut self, key: &str, line: Line<'_>) {
        match key {
            "age" => self.age_secs = line.text.number(line.number, Some(line.words.trim())),
            "bytes" => self.bytes = line.numbers(BYTES),
            "events" => self.events = line.numbers(EVENTS),
            "xprt" => match parse_transport(line) {
                Some(transport) => self.transports.push(transport),
                None => line.text.leave_out(line.number, "expected a protocol and numbers"),
            },
            _ => {}
        }
    }
}

/// `tcp 832 1 1 0 11 6428 6428 0 12154 0 24 26 5726`; the last three came with version 1.1. UDP has no
/// connections, and what RDMA has beyond the tenth is its own.
fn parse_transport(line: Line<'_>) -> Option<Transport> {
    let (protocol, words) = line.words.trim().split_once(' ')?;
    let found = Line { words, ..line }.numbers(if protocol == "udp" { 7 } else { 10 });
    let place = |index: usize| match (protocol, index) {
        ("tcp", _) | ("udp", 0 | 1) | ("rdma", ..10) => found.get(index),
        ("udp", 5..) => found.get(index - 3),
        _ => None,
    };
    let numbers = std::array::from_fn(|index| place(index).copied().flatten());
    Some(Transport { protocol: protocol.to_owned(), numbers })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    pub(in super::super) const FILE: &str = "\
device proc mounted on /proc with fstype proc
device filer:/vol/tools mounted on /opt/with\\040blank with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2,proto=tcp
\tage:\t86411
\tcaps:\tcaps=0xfffbc0bf,wtmult=512
\tsec:\tflavor=1,pseudoflavor=1
\tevents:\t101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127
\tbytes:\t5001 5002 5003 5004 5005 5006 5007 5008
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
\txprt:\ttcp 701 0 2 3 44 905 906 7 1008 9 60 611 712
\txprt:\ttcp 702 0 1 0 45 95 96 0 18 0 2 0 0
\tper-op statistics
\t        NULL: 1 1 0 44 24 0 1 2 0
\t        READ: 31 32 1 4100 70001 15 2300 2345 4

device tmpfs mounted on /tmp with fstype tmpfs
";

    /// A mount of these lines, and whether something of them was left out.
    fn one(lines: &str) -> (Mount, bool) {
        let content = format!("device a:/b mounted on /c with fstype nfs statvers=1.1\n{lines}\n");
        let (mut mounts, left_out) = LeftOut::during(|| parse(Text::of(&content)));
        (mounts.remove(0), left_out.why().is_some())
    }

    #[test]
    fn a_mount_with_all_that_it_has_done() {
        let mounts = parse(Text::of(FILE));
        let [mount] = &mounts[..] else { panic!("{mounts:?}") };
        assert_eq!((&*mount.export, &*mount.mount_point), ("filer:/vol/tools", "/opt/with blank"));
        assert_eq!(mount.age_secs, Some(86_411));
        assert_eq!(mount.bytes[7], Some(5008));
        assert_eq!((mount.events.len(), mount.events[26]), (EVENTS, Some(127)));
        assert_eq!(mount.transports.len(), 2);
        assert_eq!(mount.transports[0].numbers[12], Some(712));
        let (name, numbers) = &mount.operations[1];
        let numbers: Vec<u64> = numbers.iter().copied().flatten().collect();
        assert_eq!(
            (name.as_str(), &numbers[..8]),
            ("READ", &[31, 32, 1, 4100, 70_001, 15, 2300, 2345][..])
        );
    }

    #[test]
    fn each_protocol_has_numbers_of_its_own() {
        let numbers = |line: &str| one(line).0.transports.remove(0).numbers;
        let old = numbers("\txprt:\ttcp 1 2 3 4 5 6 7 8 9 10");
        assert_eq!((old[9], old[10]), (Some(10), None));
        let udp = numbers("\txprt:\tudp 1 2 3 4 5 6 7 8 9 10");
        assert_eq!(&udp[..6], [Some(1), Some(2), None, None, None, Some(3)]);
        assert_eq!(udp[12], Some(10));
        let rdma = numbers(&format!("\txprt:\trdma {}", "1 ".repeat(28)));
        assert_eq!((rdma[9], rdma[10]), (Some(1), None));
        assert_eq!(numbers("\txprt:\tlocal 1 2 3 4 5 6 7 8 9 10"), [None; TRANSPORT]);
    }

    #[test]
    fn what_is_not_as_it_should_be_is_left_out_and_noted() {
        for bad in [
            "\tage:\tlong",
            "\tbytes:\t1 2 3",
            "\tbytes:\t1 2 3 4 5 6 7 -8",
            "\tevents:\tmany",
            "\txprt:\ttcp 1 2",
            "\txprt:\ttcp",
            "\tper-op statistics\n\tREAD: 1 2",
            "\tper-op statistics\n\tREAD",
        ] {
            assert!(one(bad).1, "{bad:?}");
        }
        let (mount, is_left_out) = one("\tbytes:\t1 2 x 4 5 6 7 8\n\tsome: thing\nelse");
        assert!(is_left_out);
        assert_eq!(mount.bytes, [1, 2, 0, 4, 5, 6, 7, 8].map(|n| Some(n).filter(|n| *n != 0)));
        for other in ["nfs statvers=2.0", "nfsd statvers=1.1", "nfs"] {
            let line = format!("device a:/b mounted on /c with fstype {other}\n\tage:\tlong\n");
            assert_eq!(parse(Text::of(&line)), []);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(\\t?(device|xprt:|age:|events:|per-op statistics)?.{0,40}\n){0,6}") {
            let _ = one(&content);
        }
    }
}
